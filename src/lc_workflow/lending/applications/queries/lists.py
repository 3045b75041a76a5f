"""Listing and counting applications, and answering what customers ask about their loans."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final, TypeAlias
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Select,
    case,
    func,
    select,
    union,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from lc_workflow.documents.library.models import File
from lc_workflow.kernel.errors import Missing
from lc_workflow.kernel.money import Currency
from lc_workflow.kernel.principal import Principal
from lc_workflow.lending.applications.access import READ, visible_to
from lc_workflow.lending.applications.models import CustomerApplication
from lc_workflow.lending.applications.queries.pages import written_part
from lc_workflow.lending.applications.queries.sought import named_for
from lc_workflow.lending.applications.queries.wanted import Wanted, conditions, order_of
from lc_workflow.lending.applications.queries.whole import COLUMNS, answer_of, whole
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
from lc_workflow.platform.http.long_lists import Columns, Part, part_found, part_wanted
from lc_workflow.platform.http.paging import Window
from lc_workflow.platform.search import among

_Columns: TypeAlias = tuple[InstrumentedAttribute[Any], ...]

CARD: Final[_Columns] = tuple(
    getattr(CustomerApplication, name) for name in ApplicationCard.__struct_fields__ if name != "status"
)
"""The columns a card shows."""


class ApplicationQueries:
    """The applications a person may see, in lists and in figures."""

    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def page(self, wanted: Wanted, window: Window, *, principal: Principal) -> Part[ApplicationAnswer]:
        """List applications with their people and papers.

        Raises:
            BadCursor: The cursor is none of a list in this order.
        """
        part = await written_part(self.session, COLUMNS, wanted, window, principal=principal)
        if part is not None:
            return replace(part, rows=[answer_of(row) for row in part.rows])
        part = await self._part(tuple(key.column for key in order_of(wanted)), wanted, window, principal)
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
        part = await written_part(self.session, CARD, wanted, window, principal=principal)
        part = part or await self._part(CARD, wanted, window, principal)
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
            of_currency[2] += approved if STATUS_OF[stage] is Status.APPROVED else 0
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
        """List a customer's applications, newest first; a merged customer has those of whom they were merged into.

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
        """Read one page and the total of a list for which no statement is kept."""
        order = order_of(wanted)
        rows = (await self.session.execute(_one_page(wanted, window, principal, *columns))).all()
        part = part_found(rows, window, *order)
        if part.total is not None or window.after is not None:
            return part
        if wanted.search and rows:
            return replace(part, total=int(rows[0].total))
        return replace(part, total=await self.session.scalar(_counted(wanted, principal)) or 0)


def _one_page(wanted: Wanted, window: Window, principal: Principal, *columns: InstrumentedAttribute[Any]) -> Columns:
    """Build the statement that reads one page of these columns, and one row more.

    The names that a search finds are collected first, with their number. Otherwise PostgreSQL would walk through the
    list's order until it has twenty hits, and read every application of a branch that has nobody of that name.
    """
    order = order_of(wanted)
    if not wanted.search:
        asked = select(*columns).where(visible_to(principal), *conditions(wanted))
        return part_wanted(asked, window, *order)
    row, named = CustomerApplication, named_for(principal, wanted.search).subquery()
    found = select(row.id, func.count().over().label("total")).join(named, named.c.id == row.id)
    place = part_wanted(found.where(*conditions(replace(wanted, search=None))), window, *order).subquery()
    return select(*columns, place.c.total).join(place, place.c.id == row.id).order_by(*(key.order for key in order))


def _counted(wanted: Wanted, principal: Principal) -> Select[int]:
    return select(func.count()).select_from(CustomerApplication).where(visible_to(principal), *conditions(wanted))


class Loanbook:
    """Answers `lending.ports.LoanBook`."""

    def customers_reached(self, principal: Principal) -> CompoundSelect[UUID | None]:
        """Select the customers a person may see: those of an application they see, as borrower or behind it."""
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

    async def hold(self, session: AsyncSession, customer_id: UUID) -> frozenset[UUID]:
        """Lock the applications, always in one order; `key_share` lets papers and comments refer to them meanwhile."""
        found = select(CustomerApplication.id).where(_leads_to(customer_id)).order_by(CustomerApplication.id)
        return frozenset(await session.scalars(found.with_for_update(key_share=True)))

    async def of(self, session: AsyncSession, customer_id: UUID) -> frozenset[UUID]:
        """Find the applications without waiting for whoever works on them."""
        return frozenset(await session.scalars(select(CustomerApplication.id).where(_leads_to(customer_id))))

    async def hand_over(self, session: AsyncSession, *, giver: UUID, taker: UUID) -> tuple[UUID, ...]:
        """Give the applications to another customer; each gets a new version, so that whoever read one reads it again.

        An application that the customer only stands behind gets one too, because it shows their name.
        """
        borrowed = CustomerApplication.customer_id == giver
        moved = await session.scalars(
            update(CustomerApplication)
            .where(_leads_to(giver))
            .values(
                customer_id=case((borrowed, taker), else_=CustomerApplication.customer_id),
                version=CustomerApplication.version + 1,
            )
            .returning(CustomerApplication.id)
            .execution_options(synchronize_session=False)
        )
        applications = tuple(moved)
        await session.execute(
            update(Party)
            .where(Party.customer_id == giver)
            .values(customer_id=taker)
            .execution_options(synchronize_session=False)
        )
        return applications


def _leads_to(customer_id: UUID) -> ColumnElement[bool]:
    """Match the applications that a customer borrows with or stands in for."""
    stood_for = select(Party.application_id).where(Party.customer_id == customer_id)
    return (CustomerApplication.customer_id == customer_id) | among(CustomerApplication.id, stood_for)
