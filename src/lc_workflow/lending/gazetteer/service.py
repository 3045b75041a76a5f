"""Looking places up, checking codes, and importing the public list."""

import csv
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final
from uuid import uuid4

from msgspec import ValidationError, convert
from sqlalchemy import exists, or_, select
from sqlalchemy.dialects.postgresql import insert

from lc_workflow.kernel.errors import Invalid
from lc_workflow.lending.events import GazetteerLoaded
from lc_workflow.lending.gazetteer.models import Place
from lc_workflow.lending.gazetteer.schemas import PlaceLine
from lc_workflow.lending.rules.gazetteer import LEVELS, Level, level_of, parent_of
from lc_workflow.platform.http.paging import Window
from lc_workflow.platform.search import contains
from lc_workflow.platform.service import Service

AT_ONCE: Final = 1_000
"""How many places go to the database in one statement; Cambodia has about sixteen thousand."""


class UnknownPlace(Invalid):
    """The gazetteer knows the places around this code, but not this one."""


class BadPlaceLine(Invalid):
    """A line of the list cannot be read; the sentence says which."""


class GazetteerService(Service[Place]):
    """The places of the country."""

    noun = "place"

    async def page(self, window: Window, *, parent: str | None, search: str | None) -> tuple[Sequence[Place], int]:
        """List the places within a place, by code; without one the provinces, or whatever is searched for.

        Raises:
            NoSuchCode: The place is named by what is no code.
        """
        if parent:
            level_of(parent)
        where = [Place.parent_code == parent] if parent else []
        if search:
            where.append(or_(contains(Place.name_en, search), contains(Place.name_km, search)))
        elif not parent:
            where.append(Place.level == Level.PROVINCE)
        return await self.page_of(window, *where, by=[Place.code])

    async def check(self, code: str) -> None:
        """Accept a code for an address: it must exist as far down as the gazetteer has been loaded.

        Raises:
            NoSuchCode: It is no code.
            UnknownPlace: Its neighbours are listed, and it is not.
        """
        level_of(code)
        lineage = [code[:digits] for digits in LEVELS if digits <= len(code)]
        known = set(await self.session.scalars(select(Place.code).where(Place.code.in_(lineage))))
        for unknown in (place for place in lineage if place not in known):
            parent = parent_of(unknown)
            neighbours = Place.parent_code == parent if parent else Place.level == Level.PROVINCE
            if await self.session.scalar(select(exists().where(neighbours))):
                raise UnknownPlace(f"The gazetteer knows no {level_of(unknown)} with the code {unknown}.")
            return  # if this level is not loaded, the levels below are not either

    async def load(self, lines: Iterable[str], *, at: datetime) -> int:
        """Import a list of places with the columns code, name_en and name_km; known codes get the new names.

        Returns how many places it names.

        Raises:
            BadPlaceLine: A line has no such columns, no such code, or lies in a place that nobody has named; or there
                is no line.
        """
        places = list(read_places(lines))
        if not places:
            raise BadPlaceLine("The list names no place; it needs the columns code, name_en and name_km.")
        rows = [
            {
                "id": uuid4(),
                "code": place.code,
                "parent_code": parent_of(place.code),
                "level": level_of(place.code),
                "name_en": place.name_en,
                "name_km": place.name_km,
            }
            for place in places
        ]
        async with self.transaction():
            named = {place.code for place in places} | set(await self.session.scalars(select(Place.code)))
            for row in rows:
                if row["parent_code"] and row["parent_code"] not in named:
                    raise BadPlaceLine(f"The place {row['code']} lies in {row['parent_code']}, which nobody has named.")
            statement = insert(Place)
            names = {name: statement.excluded[name] for name in ("name_en", "name_km")}
            for begin in range(0, len(rows), AT_ONCE):
                await self.session.execute(
                    statement.on_conflict_do_update(index_elements=[Place.code], set_=names),
                    rows[begin : begin + AT_ONCE],
                )
            self.announce(GazetteerLoaded(actor_id=None, at=at, places=len(rows)))
        return len(rows)


def read_places(lines: Iterable[str]) -> Iterable[PlaceLine]:
    """Read a list of places, one per line below a line of column names; other columns are ignored.

    Raises:
        BadPlaceLine: A line cannot be read; it says which, and why.
    """
    reader = csv.DictReader(lines)
    try:
        for row in reader:
            place = convert({name: (text or "").strip() for name, text in row.items() if name}, PlaceLine)
            level_of(place.code)
            yield place
    except csv.Error as wrong:  # of a line that is not counted yet
        raise BadPlaceLine(f"Line {reader.line_num + 1}: {wrong}") from wrong
    except (ValidationError, Invalid, AttributeError) as wrong:
        raise BadPlaceLine(f"Line {reader.line_num}: {wrong}") from wrong
