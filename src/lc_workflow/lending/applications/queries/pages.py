"""The pages of the busiest lists: one statement for each reach of readers, compiled once and kept.

Most lists are asked for by stage, branch or name, in the order of drafting. Such a page is found in an index alone, and
only the rows that are shown are read whole.
"""

from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from typing import Any, Final, TypeAlias

from sqlalchemy import Integer, Select, Uuid, bindparam, func, select, true, union
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from lc_workflow.kernel.principal import Principal
from lc_workflow.lending.applications.access import READ, names_visible_to, tallies_visible_to, visible_to
from lc_workflow.lending.applications.models import ApplicationName, ApplicationTally, CustomerApplication
from lc_workflow.lending.applications.queries.sought import SOUGHT, sought
from lc_workflow.lending.applications.queries.wanted import (
    ApplicationSortKey,
    Wanted,
    conditions,
    one_of,
    order_of,
    stages_of,
)
from lc_workflow.lending.rules.stages import Stage
from lc_workflow.platform.db.reach import Reach, brought
from lc_workflow.platform.db.written import Written
from lc_workflow.platform.http.long_lists import Columns, Key, Part, part_of
from lc_workflow.platform.http.paging import Window

_Shown: TypeAlias = tuple[Any, ...]

_MOST: Final = bindparam("most", type_=Integer)
"""One row more than are shown; it is not loaded in full, and only tells whether the list goes on."""

_OFFSET: Final = bindparam("offset", type_=Integer)


async def written_part(
    session: AsyncSession, shown: _Shown, wanted: Wanted, window: Window, *, principal: Principal
) -> Part[Any] | None:
    """Read a page with these columns; None if no statement is kept for such a list."""
    if window.after is not None or not (wanted.is_tallied or wanted.is_search):
        return None
    asked = replace(wanted, branch_id=None, search="" if wanted.is_search else None)
    reach, in_branch = Reach.of(principal, READ), wanted.branch_id is not None
    values = brought(principal) | {"branch": wanted.branch_id} | (sought(wanted.search) if wanted.search else {})
    page = _written_page(shown, asked, reach, in_branch=in_branch)
    rows = await page.rows(session, **values, most=window.size + 1, offset=window.offset, size=window.size)
    goes_on = bool(rows) and rows[0].met > window.size
    part = part_of(rows, window, *order_of(wanted), goes_on=goes_on)
    if goes_on:
        return replace(part, total=rows[0].total)
    if part.total is None:  # a page behind the last one
        counted = _written_count(asked, reach, in_branch=in_branch)
        return replace(part, total=await counted.value(session, **values) or 0)
    return part


@lru_cache(maxsize=512)
def _written_page(shown: _Shown, wanted: Wanted, reach: Reach, *, in_branch: bool) -> Written:
    """Build the statement of a page; reader, branch, search and cursor are its parameters."""
    found, order = _found(wanted, reach, in_branch=in_branch)
    is_search = wanted.search is not None
    found = found.add_columns(func.count().over().label("total")) if is_search else found
    page = _sorted(found, order).limit(_MOST).offset(_OFFSET).cte()
    total = page.c.total if is_search else _total(wanted, reach, in_branch=in_branch).label("total")
    met = select(func.count()).select_from(page).scalar_subquery().label("met")
    rows = select(*shown, total, met).join_from(CustomerApplication, page, page.c.id == CustomerApplication.id)
    return Written(_sorted(rows, order_of(wanted)).limit(bindparam("size", type_=Integer)))


@lru_cache(maxsize=512)
def _written_count(wanted: Wanted, reach: Reach, *, in_branch: bool) -> Written:
    """Build the statement that counts such a list."""
    if wanted.search is None:
        return Written(select(_total(wanted, reach, in_branch=in_branch)))
    found, _ = _found(wanted, reach, in_branch=in_branch)
    return Written(select(func.count()).select_from(found.subquery()))


def _found(wanted: Wanted, reach: Reach, *, in_branch: bool) -> tuple[Columns, tuple[Key, Key]]:
    """Select the ids and sort keys of the applications that a list has, and its order.

    A branch's applications stand in one index of names and a reader's own in another, each in the order of lists. Of
    each no more is read than the page may need; a search looks once through both.
    """
    order, row = order_of(wanted), CustomerApplication
    of_branch = bindparam("branch", type_=Uuid)
    ways = names_visible_to(reach.anybody)
    is_search, by_age = wanted.search is not None, wanted.sort_by is ApplicationSortKey.CREATED_AT
    if not is_search and (len(ways) == 1 or not by_age or wanted.workflow_status or wanted.status):
        found = select(row.id, order[0].column).where(visible_to(reach.anybody), *conditions(wanted))
        return (found.where(row.branch_id == of_branch) if in_branch else found), order
    in_order = Key(ApplicationName.created_at, descending=wanted.descending), Key(ApplicationName.id)
    met = []
    for number, way in enumerate(ways):
        named = select(ApplicationName.id, ApplicationName.created_at).where(way)
        named = named.where(ApplicationName.branch_id == of_branch) if in_branch else named
        new = (before.is_not(true()) for before in ways[:number])
        met.append(named.where(*new, SOUGHT) if is_search else _sorted(named, in_order).limit(_MOST + _OFFSET))
    name = aliased(ApplicationName, union(*met).subquery())
    return select(name.id, name.created_at), (Key(name.created_at, descending=wanted.descending), Key(name.id))


def _sorted(stmt: Columns, keys: Iterable[Key]) -> Columns:
    return stmt.order_by(*(key.order for key in keys))


def _total(wanted: Wanted, reach: Reach, *, in_branch: bool) -> Any:
    """Select the total of such a list from the tallies."""
    tally = ApplicationTally
    stages = {wanted.workflow_status} if wanted.workflow_status else {*Stage}
    if wanted.status is not None:
        stages &= stages_of(wanted.status)
    asked: Select[int] = select(func.sum(tally.applications)).where(
        tallies_visible_to(reach.anybody), one_of(tally.stage, stages)
    )
    if in_branch:
        asked = asked.where(tally.branch_id == bindparam("branch", type_=Uuid))
    return asked.scalar_subquery()
