"""Listing and counting applications, and answering what customers ask about their loans."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final, TypeAlias
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    CompoundSelect,
    Select,
    Uuid,
    any_,
    bindparam,
    func,
    literal,
    select,
    union,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from lc_workflow.documents.library.models import File
from lc_workflow.kernel.dates import begin_of, end_of
from lc_workflow.kernel.errors import Missing
from lc_workflow.kernel.money import Currency
from lc_workflow.kernel.principal import Principal
from lc_workflow.lending.applications.access import READ, tallies_visible_to, visible_to
from lc_workflow.lending.applications.models import ApplicationTally, Assignment, CustomerApplication
from lc_workflow.lending.applications.queries.sought import mentioned, page_of_sought, sought
from lc_workflow.lending.applications.queries.whole import whole
from lc_workflow.lending.applications.schemas import (
    ApplicationAnswer,
    ApplicationCard,
    StatsSummary,
    Sums,
)
from lc_workflow.lending.backing.models import Party
from lc_workflow.lending.customers.queries import CustomerQueries
from lc_workflow.lending.ports import LoanBook, Loans
from lc_workflow.lending.rules.stages import STATUS_OF, Stage, Status
from lc_workflow.lending.rules.terms import Priority
from lc_workflow.platform.db.reach import Reach, brought
from lc_workflow.platform.db.written import Written
from lc_workflow.platform.http.paging import (
    Columns,
    Key,
    Part,
    Window,
    part_brought,
    part_found,
    part_wanted,
    place_of,
)
from lc_workflow.platform.search import among


class ApplicationSortKey(StrEnum):
    """What a list of applications can be sorted by."""

    CREATED_AT = "created_at"
    UPDATED_AT = "updated_at"
    SUBMITTED_AT = "submitted_at"
    REQUESTED_AMOUNT = "requested_amount"
    FULL_NAME_LATIN = "full_name_latin"
    FULL_NAME_KHMER = "full_name_khmer"
    WORKFLOW_STATUS = "workflow_status"
    STATUS = "status"
    PRIORITY_LEVEL = "priority_level"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which applications a list is asked for; days are those of the branches, amounts in each one's currency."""

    search: str | None = None
    status: Status | None = None
    workflow_status: Stage | None = None
    amount_min: Decimal | None = None
    amount_max: Decimal | None = None
    date_from: date | None = None
    date_to: date | None = None
    officer_id: UUID | None = None
    branch_id: UUID | None = None
    priority_level: Priority | None = None
    sort_by: ApplicationSortKey = ApplicationSortKey.CREATED_AT
    descending: bool = True

    @property
    def is_tallied(self) -> bool:
        """Whether the tallies know how many these are: by stage and branch they do."""
        return replace(self, status=None, workflow_status=None, branch_id=None) == Wanted(
            sort_by=self.sort_by, descending=self.descending
        )

    @property
    def is_search(self) -> bool:
        """Whether they are only looked for, and put in the order in which they were drafted."""
        return bool(self.search) and self == Wanted(search=self.search, descending=self.descending)


_SORTED_AS: Final = {
    key: getattr(CustomerApplication, key) for key in ApplicationSortKey if key is not ApplicationSortKey.STATUS
} | {ApplicationSortKey.STATUS: CustomerApplication.workflow_status}

_Columns: TypeAlias = tuple[InstrumentedAttribute[Any], ...]

CARD: Final[_Columns] = tuple(
    getattr(CustomerApplication, name) for name in ApplicationCard.__struct_fields__ if name != "status"
)
"""The columns a card shows."""


class ApplicationQueries:
    """The applications a person may see, in lists and in figures."""

    def __init__(self, session: AsyncSession) -> None:
        """Open the queries on the request's session."""
        self.session = session

    async def page(self, wanted: Wanted, window: Window, *, principal: Principal) -> Part[ApplicationAnswer]:
        """List applications with their people and papers.

        Raises:
            BadCursor: The cursor is none of a list in this order.
        """
        part = await self._part(tuple(key.column for key in _order(wanted)), wanted, window, principal)
        return replace(part, rows=await whole(self.session, [row.id for row in part.rows]))

    async def one(self, application_id: UUID, *, principal: Principal) -> ApplicationAnswer:
        """Show an application with its people and papers.

        Raises:
            Missing: There is none, or the person may not see it.
        """
        found = await whole(self.session, [application_id])
        if not found or not principal.reaches(READ, owner_id=found[0].user_id, branch_id=found[0].branch_id):
            raise Missing("There is no such application, or it is not yours to see.")
        return found[0]

    async def cards(self, wanted: Wanted, window: Window, *, principal: Principal) -> Part[ApplicationCard]:
        """List applications as small cards: only the columns a card shows are read.

        Raises:
            BadCursor: The cursor is none of a list in this order.
        """
        part = await self._part(CARD, wanted, window, principal)
        fields = [column.key for column in CARD]
        cards = [
            ApplicationCard(**dict(zip(fields, row, strict=False)), status=STATUS_OF[row.workflow_status])
            for row in part.rows
        ]
        return replace(part, rows=cards)

    async def summary(self, wanted: Wanted, *, principal: Principal) -> StatsSummary:
        """Count applications and add up their amounts, in one statement."""
        row = CustomerApplication
        rows = await self.session.execute(
            select(
                row.workflow_status,
                row.priority_level,
                row.currency,
                func.count(),
                func.coalesce(func.sum(row.requested_amount), 0),
                func.coalesce(func.sum(row.approved_amount), 0),
            )
            .where(visible_to(principal), *conditions(wanted))
            .group_by(row.workflow_status, row.priority_level, row.currency)
        )
        stages, statuses = dict.fromkeys(Stage, 0), dict.fromkeys(Status, 0)
        priorities = dict.fromkeys(Priority, 0)
        sums: dict[Currency, list[Any]] = {}
        for stage, priority, currency, count, requested, approved in rows:
            stages[stage] += count
            statuses[STATUS_OF[stage]] += count
            priorities[priority] += count
            of_currency = sums.setdefault(currency, [0, Decimal(0), Decimal(0)])
            of_currency[0] += count
            of_currency[1] += requested
            of_currency[2] += approved
        return StatsSummary(
            total=sum(stages.values()),
            by_status=statuses,
            by_workflow_status=stages,
            by_priority=priorities,
            amounts=[Sums(currency, *of_currency) for currency, of_currency in sorted(sums.items())],
        )

    async def of_customer(
        self, customer_id: UUID, *, loan_book: LoanBook, principal: Principal
    ) -> list[ApplicationAnswer]:
        """List a person's applications, newest first; those of who was merged away are the taker's.

        Raises:
            Missing: There is no such customer, or the person may not see them.
        """
        present = await CustomerQueries(self.session, loan_book).present(customer_id, principal=principal)
        rows = await self.session.scalars(
            select(CustomerApplication.id)
            .where(visible_to(principal), CustomerApplication.customer_id == present)
            .order_by(CustomerApplication.created_at.desc(), CustomerApplication.id)
        )
        return await whole(self.session, rows.all())

    async def _part(self, columns: _Columns, wanted: Wanted, window: Window, principal: Principal) -> Part[Any]:
        """Read one page, and say how many the list has in all: as the page tells, as the tallies tell, or by counting.

        What most lists are asked for are stages and a branch, newest first: for these a statement is written once.
        """
        order = _order(wanted)
        if wanted.is_tallied and window.after is None:
            asked, in_branch = replace(wanted, branch_id=None), wanted.branch_id is not None
            reach, whose = Reach.of(principal, READ), brought(principal) | {"branch": wanted.branch_id}
            page = _written_page(columns, asked, reach, in_branch=in_branch)
            part = part_found(await page.rows(self.session, **whose, **place_of(window)), window, *order)
            if part.total is None:
                tallied = _written_tallies(asked, reach, in_branch=in_branch)
                part = replace(part, total=await tallied.value(self.session, **whose) or 0)
            return part
        if wanted.is_search and window.after is None:
            search = _written_search(columns, wanted.descending, Reach.of(principal, READ))
            whose = brought(principal) | sought(wanted.search or "")
            rows = await search.rows(self.session, **whose, **place_of(window))
        else:
            rows = (await self.session.execute(_one_page(wanted, window, principal, *columns))).all()
        part = part_found(rows, window, *order)
        if part.total is not None or window.after is not None:
            return part
        if wanted.search and rows:
            return replace(part, total=int(rows[0].total))
        return replace(part, total=await self.session.scalar(_counted(wanted, principal)) or 0)


@lru_cache(maxsize=512)
def _written_page(columns: _Columns, wanted: Wanted, reach: Reach, *, in_branch: bool) -> Written:
    """Write the page of a list for all who see as far; reader, branch and place in the list are brought."""
    asked = select(*columns).where(visible_to(reach.anybody), *conditions(wanted))
    if in_branch:
        asked = asked.where(CustomerApplication.branch_id == bindparam("branch", type_=Uuid))
    return Written(part_brought(asked, *_order(wanted)))


@lru_cache(maxsize=64)
def _written_search(columns: _Columns, descending: bool, reach: Reach) -> Written:  # noqa: FBT001 - a key of the cache
    """Write the page of what somebody looks for, for all who see as far."""
    return Written(page_of_sought(columns, reach, *_order(Wanted(descending=descending))))


@lru_cache(maxsize=512)
def _written_tallies(wanted: Wanted, reach: Reach, *, in_branch: bool) -> Written:
    """Write what the tallies say of such a list."""
    tally = ApplicationTally
    stages = {wanted.workflow_status} if wanted.workflow_status else {*Stage}
    if wanted.status is not None:
        stages &= _stages_of(wanted.status)
    seen = tallies_visible_to(reach.anybody)
    asked = select(func.sum(tally.applications)).where(seen, _one_of(tally.stage, stages))
    return Written(asked.where(tally.branch_id == bindparam("branch", type_=Uuid)) if in_branch else asked)


def _one_page(wanted: Wanted, window: Window, principal: Principal, *columns: InstrumentedAttribute[Any]) -> Columns:
    """Write the statement that reads one page of these columns, and one row more.

    What a search finds is gathered first and told how many it is: by the order of its rows PostgreSQL would else look
    for twenty, and where a branch has nobody of that name read every application.
    """
    asked = select(*columns)
    where = (visible_to(principal), *conditions(wanted))
    if wanted.search:
        matching = select(CustomerApplication.id).where(*where).cte("matching").prefix_with("MATERIALIZED")
        total = select(func.count()).select_from(matching).scalar_subquery()
        asked = asked.add_columns(total.label("total")).join(matching, matching.c.id == CustomerApplication.id)
    else:
        asked = asked.where(*where)
    return part_wanted(asked, window, *_order(wanted))


def _counted(wanted: Wanted, principal: Principal) -> Select[int]:
    return select(func.count()).select_from(CustomerApplication).where(visible_to(principal), *conditions(wanted))


class Loanbook:
    """Answers `lending.ports.LoanBook`."""

    def customers_reached(self, principal: Principal) -> CompoundSelect[UUID | None]:
        """Customers are seen by whoever sees an application of theirs, or one they stand behind."""
        borrowers = select(CustomerApplication.customer_id).where(
            visible_to(principal), CustomerApplication.customer_id.is_not(None)
        )
        parties = (
            select(Party.customer_id)
            .join(CustomerApplication, CustomerApplication.id == Party.application_id)
            .where(visible_to(principal), Party.customer_id.is_not(None))
        )
        return union(borrowers, parties)

    async def count(
        self, session: AsyncSession, customer_ids: Collection[UUID], principal: Principal
    ) -> Mapping[UUID, Loans]:
        """Count applications and their papers in one statement."""
        papers = (
            select(func.count())
            .select_from(File)
            .where(File.application_id == CustomerApplication.id, File.standing())
            .correlate(CustomerApplication)
            .scalar_subquery()
        )
        rows = await session.execute(
            select(CustomerApplication.customer_id, func.count(), func.sum(papers))
            .where(CustomerApplication.customer_id.in_(customer_ids), visible_to(principal))
            .group_by(CustomerApplication.customer_id)
        )
        return {customer_id: Loans(applications, int(files)) for customer_id, applications, files in rows}

    async def hand_over(self, session: AsyncSession, *, giver: UUID, taker: UUID) -> tuple[UUID, ...]:
        """Move the applications; whoever read one before reads it again, for it has a new version."""
        moved = await session.scalars(
            update(CustomerApplication)
            .where(CustomerApplication.customer_id == giver)
            .values(customer_id=taker, version=CustomerApplication.version + 1)
            .returning(CustomerApplication.id)
            .execution_options(synchronize_session=False)
        )
        applications = tuple(moved)
        guaranteed = await session.scalars(
            update(Party)
            .where(Party.customer_id == giver)
            .values(customer_id=taker)
            .returning(Party.application_id)
            .execution_options(synchronize_session=False)
        )
        return tuple(dict.fromkeys((*applications, *guaranteed)))


def conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    """Turn what was asked for into conditions."""
    row = CustomerApplication
    filters: tuple[tuple[Any, Callable[[Any], ColumnElement[bool]]], ...] = (
        (wanted.search, mentioned),
        (wanted.status, lambda word: _one_of(row.workflow_status, _stages_of(word))),
        (wanted.workflow_status, lambda stage: row.workflow_status == stage),
        (wanted.amount_min, lambda amount: row.requested_amount >= amount),
        (wanted.amount_max, lambda amount: row.requested_amount <= amount),
        (wanted.date_from, lambda day: row.created_at >= begin_of(day)),
        (wanted.date_to, lambda day: row.created_at < end_of(day)),
        (wanted.officer_id, _is_of_officer),
        (wanted.branch_id, lambda branch_id: row.branch_id == branch_id),
        (wanted.priority_level, lambda level: row.priority_level == level),
    )
    return [condition(value) for value, condition in filters if value is not None]


def _stages_of(word: Status) -> set[Stage]:
    """The stages that the web app knows by one word."""
    return {stage for stage, status in STATUS_OF.items() if status is word}


def _one_of(column: InstrumentedAttribute[Any], stages: Collection[Stage]) -> ColumnElement[bool]:
    return column == any_(literal(sorted(stages), ARRAY(column.type)))


def _is_of_officer(officer_id: UUID) -> ColumnElement[bool]:
    """An officer is an account that drafted it, or an employee who looks after it."""
    looked_after = select(Assignment.application_id).where(Assignment.employee_id == officer_id, Assignment.is_active)
    return (CustomerApplication.user_id == officer_id) | among(CustomerApplication.id, looked_after)


def _order(wanted: Wanted) -> tuple[Key, Key]:
    return Key(_SORTED_AS[wanted.sort_by], descending=wanted.descending), Key(CustomerApplication.id)
