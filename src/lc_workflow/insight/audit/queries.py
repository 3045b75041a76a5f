"""Reading the journal within what a person may see."""

from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing
from dataclasses import replace
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, String, cast, func, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute, aliased

from lc_workflow.identity.events import AboutUser
from lc_workflow.identity.users.models import User
from lc_workflow.insight.audit.access import EXPORT, reads_visible_to, visible_to
from lc_workflow.insight.audit.schemas import Actor, AuditFilter, EntryAnswer, PersonalReadAnswer, PersonalReadFilter
from lc_workflow.kernel.dates import begin_of, end_of
from lc_workflow.kernel.errors import Missing
from lc_workflow.kernel.principal import Principal
from lc_workflow.lending.applications.access import visible_to as applications_visible_to
from lc_workflow.lending.applications.models import CustomerApplication
from lc_workflow.platform.db.exact_json import write_json
from lc_workflow.platform.http.long_lists import Key, Part, cut
from lc_workflow.platform.http.paging import Window, read_page
from lc_workflow.platform.journal.chain import Seals, Verdict, verify
from lc_workflow.platform.journal.models import JournalAnchor, JournalEntry
from lc_workflow.platform.search import contains
from lc_workflow.platform.security.reads import PersonalRead

BATCH: Final = 500
"""Rows of an export that are read at a time."""

HOUSE: Final = UUID(int=0)
"""The name of the actor when nobody acts: what an installation begins with is planted by it."""

HEADER: Final = (
    "number", "at", "kind", "subject", "subject_id", "application_id", "actor", "on_behalf_of", "address",
    "session_id", "request_id", "reason", "facts", "changes", "hash",
)  # fmt: skip


_LATEST: Final = Key(JournalEntry.number, descending=True)
_LATEST_READ: Final = (Key(PersonalRead.at, descending=True), Key(PersonalRead.id))

_TARGET: Final = aliased(User)
PERSON: Final = (User.first_name, User.last_name, User.username, User.role)
"""The fields that name somebody in the record."""


class Audit:
    """Reads and verifies the journal."""

    def __init__(self, session: AsyncSession, seals: Seals) -> None:
        """Read on the request's session; `seals` tell which anchors are ours."""
        self._session = session
        self._seals = seals

    async def page(self, window: Window, wanted: AuditFilter, *, principal: Principal) -> Part[EntryAnswer]:
        """List entries, the newest first, each with who did it.

        Raises:
            BadCursor: The cursor is none of this list.
        """
        where = (visible_to(principal), *conditions(wanted))
        count = select(func.count()).select_from(JournalEntry).where(*where)
        part = await cut(self._session, _entries(*where), window, _LATEST, count=count)
        return replace(part, rows=[_shown(*row) for row in part.rows])

    async def rows(
        self, wanted: AuditFilter, *, principal: Principal, up_to: int
    ) -> AsyncGenerator[Sequence[object], None]:
        """Yield entries, oldest first, as rows under `HEADER`."""
        async with aclosing(self.entries(wanted, principal=principal, up_to=up_to)) as entries:
            async for entry in entries:
                yield _line(entry)

    async def entries(
        self, wanted: AuditFilter, *, principal: Principal, up_to: int
    ) -> AsyncGenerator[EntryAnswer, None]:
        """Yield entries up to a number, oldest first, in batches; the connection goes back in between."""
        where = (visible_to(principal, EXPORT), *conditions(wanted), JournalEntry.number <= up_to)
        reached = 0
        while True:
            found = (
                await self._session.execute(
                    _entries(*where, JournalEntry.number > reached).order_by(JournalEntry.number).limit(BATCH)
                )
            ).all()
            entries = [_shown(*row) for row in found]
            await self._session.rollback()
            for entry in entries:
                yield entry
            if len(entries) < BATCH:
                return
            reached = entries[-1].number

    async def personal_reads(
        self, window: Window, wanted: PersonalReadFilter, *, principal: Principal
    ) -> Part[PersonalReadAnswer]:
        """List who was shown whose numbers whole, the newest first.

        Raises:
            BadCursor: The cursor is none of this list.
        """
        where, theirs = (reads_visible_to(principal), *_read_conditions(wanted)), User.id == PersonalRead.reader_id
        part = await cut(
            self._session,
            select(PersonalRead, *PERSON).join(User, theirs).where(*where),
            window,
            *_LATEST_READ,
            count=select(func.count()).select_from(PersonalRead).join(User, theirs).where(*where),
        )
        return replace(part, rows=[_read(*row) for row in part.rows])

    async def verify(self) -> Verdict:
        """Check the whole journal."""
        return await verify(self._session, self._seals)

    async def verify_application(self, application_id: UUID, *, principal: Principal) -> Verdict:
        """Check what the journal says about one application.

        Raises:
            Missing: There is no such application, or the person may not see it.
        """
        await self.check_visible(application_id, principal=principal)
        return await verify(self._session, self._seals, thread_id=application_id)

    async def check_visible(self, application_id: UUID, *, principal: Principal) -> None:
        """Refuse those who may not see the application.

        Raises:
            Missing: There is no such application, or the person may not see it.
        """
        found = select(CustomerApplication.id).where(
            applications_visible_to(principal), CustomerApplication.id == application_id
        )
        if await self._session.scalar(found) is None:
            raise Missing.unseen("application")

    async def anchors(self, window: Window) -> tuple[Sequence[JournalAnchor], int]:
        """List the daily seals, the newest first, and how many there are."""
        rows, total = await read_page(self._session, select(JournalAnchor).order_by(JournalAnchor.day.desc()), window)
        return [anchor for (anchor,) in rows], total


def _entries(*where: ColumnElement[bool]) -> Select[JournalEntry, *tuple[Any, ...]]:
    """Select entries with who did it, and with whose account it was done to."""
    whose = (JournalEntry.subject == AboutUser.subject) & (_TARGET.id == JournalEntry.subject_id)
    return (
        select(JournalEntry, _called(_TARGET), *PERSON)
        .outerjoin(User, User.id == JournalEntry.actor_id)
        .outerjoin(_TARGET, whose)
        .where(*where)
    )


def _called(person: type[User]) -> ColumnElement[str]:
    return person.first_name + literal(" ") + person.last_name


def conditions(wanted: AuditFilter) -> Iterator[ColumnElement[bool]]:
    """Turn what was asked for into conditions."""
    if wanted.kinds is not None:
        yield JournalEntry.kind.in_(sorted(wanted.kinds))
    for name in ("subject", "subject_id", "application_id", "actor_id", "request_id"):
        if (value := getattr(wanted, name)) is not None:
            yield getattr(JournalEntry, name) == value
    yield from _between(JournalEntry.at, wanted.date_from, wanted.date_to)
    if wanted.search:
        people = select(User.id).where(contains(_called(User), wanted.search))
        yield or_(
            contains(cast(JournalEntry.facts, String), wanted.search),
            JournalEntry.actor_id.in_(people),
            (JournalEntry.subject == AboutUser.subject) & JournalEntry.subject_id.in_(people),
        )
    for fact, is_there in ((wanted.fact, True), (wanted.without, False)):
        if fact is not None:
            yield cast(JournalEntry.facts[fact], String).not_in(("[]", "false")) == is_there


def _read_conditions(wanted: PersonalReadFilter) -> Iterator[ColumnElement[bool]]:
    for name in ("reader_id", "subject", "subject_id"):
        if (value := getattr(wanted, name)) is not None:
            yield getattr(PersonalRead, name) == value
    yield from _between(PersonalRead.at, wanted.date_from, wanted.date_to)


def _between(
    at: InstrumentedAttribute[datetime], first: date | None, last: date | None
) -> Iterator[ColumnElement[bool]]:
    if first is not None:
        yield at >= begin_of(first)
    if last is not None:
        yield at < end_of(last)


def _shown(
    entry: JournalEntry,
    target: str | None,
    *person: str | None,
) -> EntryAnswer:
    actor = None
    if entry.actor_id is not None and entry.actor_id != HOUSE:
        actor = _actor(entry.actor_id, *person)
    return EntryAnswer(
        id=entry.id,
        number=entry.number,
        kind=entry.kind,
        subject=entry.subject,
        subject_id=entry.subject_id,
        subject_name=target,
        application_id=entry.application_id,
        actor=actor,
        on_behalf_of=entry.on_behalf_of,
        session_id=entry.session_id,
        address=entry.address,
        request_id=entry.request_id,
        at=entry.at,
        reason=entry.reason,
        facts=entry.facts,
        changes=entry.changes,
        thread_id=entry.thread_id,
        position=entry.position,
        hash=entry.hash.hex(),
    )


def _read(
    read: PersonalRead, first_name: str | None, last_name: str | None, username: str | None, role: str | None
) -> PersonalReadAnswer:
    return PersonalReadAnswer(
        id=read.id,
        reader=_actor(read.reader_id, first_name, last_name, username, role),
        subject=read.subject,
        subject_id=read.subject_id,
        how_many=read.how_many,
        at=read.at,
        session_id=read.session_id,
        address=read.address,
        request_id=read.request_id,
    )


def _actor(
    person_id: UUID, first_name: str | None, last_name: str | None, username: str | None, role: str | None
) -> Actor:
    return Actor(person_id, f"{first_name or ''} {last_name or ''}".strip(), username or "", role or "")


def _line(entry: EntryAnswer) -> tuple[object, ...]:
    return (
        entry.number,
        entry.at,
        entry.kind,
        entry.subject,
        entry.subject_id,
        entry.application_id,
        entry.actor.username if entry.actor else None,
        entry.on_behalf_of,
        entry.address,
        entry.session_id,
        entry.request_id,
        entry.reason,
        write_json(entry.facts) if entry.facts else None,
        write_json(entry.changes) if entry.changes else None,
        entry.hash,
    )
