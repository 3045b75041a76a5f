"""What applications are looked for by: parts of names in either script and of account ids, and whole numbers."""

from collections.abc import Callable
from typing import Any, Final

from sqlalchemy import ARRAY, BindParameter, ColumnElement, String, any_, bindparam, func, or_, select, union_all
from sqlalchemy.orm import aliased

from lc_workflow.lending.applications.access import names_visible_to
from lc_workflow.lending.applications.models import FOUND_BY, ApplicationName, CustomerApplication
from lc_workflow.lending.rules.matching import clean, scripts_of, with_ascii_digits
from lc_workflow.platform.db.reach import Reach
from lc_workflow.platform.http.paging import Columns, Key, part_brought
from lc_workflow.platform.search import LETTER_FOR, among, mentions, pattern
from lc_workflow.platform.security.columns import BLIND, blinds

_KINDS: Final = {"mentioned": String()} | {name: ARRAY(BLIND) for name in FOUND_BY}


def sought(written: str) -> dict[str, Any]:
    """Write what somebody looks for as a statement with `mentioned` is sent it.

    No number is looked for by the letters of Khmer.
    """
    wanted = clean(written)
    values: dict[str, Any] = {"mentioned": pattern(with_ascii_digits(wanted).translate(LETTER_FOR))}
    for name, as_found in FOUND_BY.items():
        key = None if "KHMER" in scripts_of(wanted) else as_found(wanted)
        values[name] = blinds(key, of=name)
    return values


def mentioned(written: str) -> ColumnElement[bool]:
    """Match the applications that somebody looks for, beside other conditions."""
    values = sought(written)
    named = select(ApplicationName.id).where(_is_sought(lambda name: bindparam(None, values[name], type_=_KINDS[name])))
    return CustomerApplication.id.in_(named)


def page_of_sought(columns: tuple[Any, ...], reach: Reach, moment: Key, last: Key) -> Columns:
    """Write the page of what somebody looks for, by when it was drafted, and how many they are in all.

    What is looked for, who asks and the place in the list are brought. Until the page is known only names are read,
    those of a branch from an index in which they stand together.
    """
    is_sought = _is_sought(lambda name: bindparam(name, type_=_KINDS[name]))
    found = union_all(
        *(
            select(ApplicationName.id, ApplicationName.created_at).where(way, is_sought)
            for way in names_visible_to(reach.anybody)
        )
    ).subquery()
    name = aliased(ApplicationName, found)
    order = Key(name.created_at, descending=moment.descending), Key(name.id)
    place = part_brought(select(name.id, func.count().over().label("total")), *order).subquery()
    return (
        select(*columns, place.c.total)
        .join(place, place.c.id == CustomerApplication.id)
        .order_by(moment.order, last.order)
    )


def _is_sought(brought: Callable[[str], BindParameter[Any]]) -> ColumnElement[bool]:
    row = CustomerApplication
    ways = (getattr(row, f"{name}_index") == any_(brought(name)) for name in FOUND_BY)
    return mentions(ApplicationName.words, brought("mentioned")) | among(
        ApplicationName.id, select(row.id).where(or_(*ways))
    )
