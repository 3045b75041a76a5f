"""Counting applications, each table with one statement over indexed columns."""

from collections.abc import Awaitable, Callable, Sequence
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Float,
    Integer,
    Numeric,
    Select,
    String,
    case,
    cast,
    exists,
    func,
    literal_column,
    select,
    true,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute, aliased

from lc_workflow.identity.users.models import User
from lc_workflow.insight.figures.access import counted_for
from lc_workflow.insight.figures.schemas import Figure, Period, Table
from lc_workflow.kernel.dates import begin_of, end_of
from lc_workflow.kernel.money import Currency
from lc_workflow.kernel.principal import Principal
from lc_workflow.lending.applications.models import CustomerApplication
from lc_workflow.lending.approvals.models import ApplicationDecision
from lc_workflow.lending.disbursement.models import DisbursementRequest
from lc_workflow.lending.matrices.service import MatrixService
from lc_workflow.lending.rules.deliberation import AGREEING
from lc_workflow.lending.rules.disbursement import DisbursementStatus
from lc_workflow.lending.rules.stages import Action, Stage
from lc_workflow.lending.tasks.models import Task
from lc_workflow.lending.workflow.models import Move
from lc_workflow.organization.branches.models import Branch
from lc_workflow.organization.departments.models import Department

HOUR: Final = 3_600

MOST_REASONS: Final = 200
"""The most rows of a list of free texts."""

FUNNEL: Final = (
    Stage.USER_COMPLETED,
    Stage.TELLER_PROCESSING,
    Stage.MANAGER_REVIEW,
    Stage.APPROVED,
    Stage.DISBURSED,
    Stage.RETURNED,
    Stage.REJECTED,
    Stage.WITHDRAWN,
    Stage.EXPIRED,
)
"""The stages of the funnel after the draft: first those on the way to the loan, then the others."""


class Figures:
    """Reads the figures of a period, within what the person may count."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session
        self._tables: dict[Figure, Callable[[Period, Principal], Awaitable[Table]]] = {
            Figure.STATES: self.states,
            Figure.FUNNEL: self.funnel,
            Figure.TURNAROUND: self.turnaround,
            Figure.RETURNS: self.returns,
            Figure.EXCEPTIONS: self.exceptions,
            Figure.CURRENCIES: self.currencies,
            Figure.DISBURSED: self.disbursed,
            Figure.SLA: self.sla,
            Figure.BRANCHES: self.branches,
            Figure.DEPARTMENTS: self.departments,
            Figure.USERS: self.users,
        }

    async def table(self, figure: Figure, period: Period, principal: Principal) -> Table:
        """Count one table."""
        return await self._tables[figure](period, principal)

    async def states(self, period: Period, principal: Principal) -> Table:
        """Where the applications drafted in the period stand now."""
        stage = CustomerApplication.workflow_status
        counted = select(stage, func.count()).where(*_drafted(period, principal)).group_by(stage)
        found: dict[Stage, int] = dict((await self._session.execute(counted)).all())
        total = sum(found.values())
        return Table(
            ("stage", "applications", "percent"),
            [(stage, found[stage], _percent(found[stage], total)) for stage in Stage if stage in found],
            label=0,
            drawn=1,
        )

    async def funnel(self, period: Period, principal: Principal) -> Table:
        """Of the applications drafted in the period: how many have reached each stage so far, each counted once."""
        row = CustomerApplication
        came = [func.count(row.id.distinct()).filter(Move.target == stage) for stage in FUNNEL]
        counts = (
            await self._session.execute(
                select(func.count(row.id.distinct()), *came)
                .select_from(row)
                .outerjoin(Move, Move.application_id == row.id)
                .where(*_drafted(period, principal))
            )
        ).one()
        drafted = counts[0]
        return Table(
            ("stage", "applications", "percent_of_drafted"),
            [
                (stage, count, _percent(count, drafted))
                for stage, count in zip((Stage.PO_CREATED, *FUNNEL), counts, strict=True)
            ],
            label=0,
            drawn=1,
        )

    async def turnaround(self, period: Period, principal: Principal) -> Table:
        """How many hours applications stood at stages they left in the period: the median and the 90th percentile."""
        before, row = aliased(Move), CustomerApplication
        entered = func.coalesce(
            select(before.at)
            .where(before.application_id == Move.application_id, before.number < Move.number)
            .order_by(before.number.desc())
            .limit(1)
            .scalar_subquery(),
            row.created_at,
        )
        hours = cast(func.extract("epoch", Move.at - entered), Float) / HOUR
        rows = await self._session.execute(
            select(Move.source, func.count(), _part(0.5, hours), _part(0.9, hours), func.max(hours))
            .join(row, row.id == Move.application_id)
            .where(*_within(Move.at, period, principal))
            .group_by(Move.source)
        )
        return Table(
            ("stage", "left", "hours_p50", "hours_p90", "hours_most"),
            [(stage, count, *(round(part, 2) for part in parts)) for stage, count, *parts in sorted(rows, key=_course)],
            label=0,
            drawn=2,
        )

    async def returns(self, period: Period, principal: Principal) -> Table:
        """How often applications were returned in the period, from which stage and for which reason."""
        reason = func.coalesce(func.nullif(func.trim(Move.reason), ""), "(no reason)")
        rows = await self._session.execute(
            select(reason, Move.source, func.count())
            .join(CustomerApplication, CustomerApplication.id == Move.application_id)
            .where(*_within(Move.at, period, principal), Move.action == Action.RETURN)
            .group_by(reason, Move.source)
            .order_by(func.count().desc(), reason, Move.source)
            .limit(MOST_REASONS)
        )
        return Table(("reason", "stage", "returns"), [tuple(row) for row in rows], label=0, drawn=2)

    async def exceptions(self, period: Period, principal: Principal) -> Table:
        """Who approved how many loans in the period, and how many of them with policy exceptions.

        A counter-offer counts as agreeing, on its terms. Decisions void at the end of the period are left out; those
        voided later still count.
        """
        row = ApplicationDecision
        made = cast(row.snapshot["path"]["exceptions"].astext, Integer) > 0
        name = _name(User)
        rows = await self._session.execute(
            select(name, func.count(), func.count().filter(made))
            .select_from(row)
            .join(User, User.id == row.actor_id)
            .join(CustomerApplication, CustomerApplication.id == row.application_id)
            .where(
                *_within(row.at, period, principal),
                row.decision.in_(AGREEING),
                row.voided_at.is_(None) | (row.voided_at >= end_of(period.last)),
            )
            .group_by(User.id)
            .order_by(func.count().filter(made).desc(), name)
        )
        return Table(
            ("approver", "approvals", "exceptions", "percent"),
            [(person, all_, some, _percent(some, all_)) for person, all_, some in rows],
            label=0,
            drawn=2,
        )

    async def currencies(self, period: Period, principal: Principal) -> Table:
        """The shares of currencies in the loans approved in the period, by number and by value in dollars.

        Each loan counts with the terms and the rate of its decision; those decided in the old service have no rate, and
        use that of the period's last day.
        """
        of_the_day = await MatrixService(self._session).khr_per_usd(at=begin_of(period.last))
        loan = _approvals(period, principal).subquery()
        rate = func.coalesce(loan.c.khr_per_usd, of_the_day)
        usd = case((loan.c.currency == Currency.KHR, loan.c.amount / rate), else_=loan.c.amount)
        rows = await self._session.execute(
            select(loan.c.currency, func.count(), func.sum(loan.c.amount), func.sum(usd))
            .group_by(loan.c.currency)
            .order_by(loan.c.currency)
        )
        worth = rows.all()
        loans, dollars = sum(count for _, count, _, _ in worth), sum(usd for *_, usd in worth)
        return Table(
            ("currency", "loans", "percent_of_loans", "amount", "amount_in_usd", "percent_of_amount"),
            [
                (Currency(currency), count, _percent(count, loans), total, round(usd, 2), _percent(usd, dollars))
                for currency, count, total, usd in worth
            ],
            label=0,
            drawn=2,
        )

    async def disbursed(self, period: Period, principal: Principal) -> Table:
        """How much was paid out in the period: payments confirmed in it, by currency.

        `amount` is what the borrowers were paid, `principal` what they were lent, before the fees kept back.
        """
        row = DisbursementRequest
        rows = await self._session.execute(
            select(row.currency, func.count(), func.sum(row.amount), func.sum(row.amount + row.deducted_fees))
            .join(CustomerApplication, CustomerApplication.id == row.application_id)
            .where(*_within(row.closed_at, period, principal), row.status == DisbursementStatus.CONFIRMED)
            .group_by(row.currency)
            .order_by(row.currency)
        )
        columns = ("currency", "loans", "amount", "principal")
        return Table(columns, [tuple(one) for one in rows], label=0, drawn=1)

    async def sla(self, period: Period, principal: Principal) -> Table:
        """Of the tasks with a deadline closed in the period: how many in time, at each stage."""
        in_time = func.count().filter(Task.closed_at <= Task.due_at)
        rows = await self._session.execute(
            select(Task.stage, func.count(), in_time)
            .join(CustomerApplication, CustomerApplication.id == Task.application_id)
            .where(*_within(Task.closed_at, period, principal), Task.due_at.is_not(None))
            .group_by(Task.stage)
        )
        return Table(
            ("stage", "closed", "in_time", "late", "percent_in_time"),
            [
                (stage, count, good, count - good, _percent(good, count))
                for stage, count, good in sorted(rows, key=_course)
            ],
            label=0,
            drawn=4,
        )

    async def branches(self, period: Period, principal: Principal) -> Table:
        """Count the applications drafted in the period by branch."""
        return await self._by("branch", Branch.id, Branch.name, period, principal)

    async def departments(self, period: Period, principal: Principal) -> Table:
        """Count the applications drafted in the period by the department of whoever drafted them."""
        return await self._by("department", Department.id, Department.name, period, principal)

    async def users(self, period: Period, principal: Principal) -> Table:
        """Count the applications drafted in the period by whoever drafted them."""
        return await self._by("user", User.id, _name(User), period, principal)

    async def _by(
        self,
        noun: str,
        key: InstrumentedAttribute[Any],
        name: ColumnElement[Any] | InstrumentedAttribute[Any],
        period: Period,
        principal: Principal,
    ) -> Table:
        row = CustomerApplication
        hours = cast(func.extract("epoch", func.coalesce(row.approved_at, row.rejected_at) - row.submitted_at), Float)
        rows = await self._session.execute(
            select(
                key,
                func.coalesce(name, "(none)"),
                func.count(),
                func.count(row.submitted_at),
                *(func.count().filter(row.workflow_status.in_(stages)) for stages in _OUTCOMES.values()),
                *(
                    func.coalesce(
                        func.sum(row.approved_amount).filter(
                            row.currency == currency, row.workflow_status.in_(_OUTCOMES["approved"])
                        ),
                        0,
                    )
                    for currency in (Currency.USD, Currency.KHR)
                ),
                _part(0.5, hours / HOUR),
            )
            .select_from(row)
            .outerjoin(Branch, Branch.id == row.branch_id)
            .outerjoin(User, User.id == row.user_id)
            .outerjoin(Department, Department.id == User.department_id)
            .where(*_drafted(period, principal))
            .group_by(key, name)
            .order_by(func.count().desc(), name)
        )
        return Table(
            (f"{noun}_id", noun, "drafted", "submitted", *_OUTCOMES, "approved_usd", "approved_khr", "hours_p50"),
            [(*one, None if half is None else round(half, 2)) for *one, half in rows],
            label=1,
            drawn=2,
        )


_OUTCOMES: Final = {
    "approved": (Stage.APPROVED, Stage.DISBURSED),
    "rejected": (Stage.REJECTED,),
    "withdrawn": (Stage.WITHDRAWN, Stage.EXPIRED),
}


_STAGES: Final = tuple(Stage)


def _drafted(period: Period, principal: Principal) -> list[ColumnElement[bool]]:
    return _within(CustomerApplication.created_at, period, principal)


def _within(moment: InstrumentedAttribute[Any], period: Period, principal: Principal) -> list[ColumnElement[bool]]:
    """Narrow to what happened in the period to applications the person may count."""
    where = [counted_for(principal), moment >= begin_of(period.first), moment < end_of(period.last)]
    if period.branch_id is not None:
        where.append(CustomerApplication.branch_id == period.branch_id)
    return where


def _approvals(period: Period, principal: Principal) -> Select[*tuple[Any, ...]]:
    """Select the approvals of the period as they were decided then; later events do not change the past.

    One undone before the period ended does not count.
    """
    row, decision, undoing = CustomerApplication, ApplicationDecision, aliased(Move)
    undone = exists().where(
        undoing.application_id == Move.application_id,
        undoing.cycle == Move.cycle,
        undoing.number > Move.number,
        undoing.action == Action.UNDO_APPROVAL,
        undoing.at < end_of(period.last),
    )
    decided = (
        select(
            decision.amount,
            decision.snapshot["terms"]["currency"].astext.label("currency"),
            cast(decision.snapshot["khr_per_usd"].astext, Numeric).label("khr_per_usd"),
        )
        .where(
            decision.application_id == Move.application_id,
            decision.cycle == Move.cycle,
            decision.at <= Move.at,
            decision.decision.in_(AGREEING),
        )
        .order_by(decision.number.desc())
        .limit(1)
        .lateral()
    )
    return (
        select(
            func.coalesce(decided.c.currency, cast(row.currency, String)).label("currency"),
            func.coalesce(decided.c.amount, row.approved_amount, row.requested_amount, 0).label("amount"),
            decided.c.khr_per_usd,
        )
        .select_from(Move)
        .join(row, row.id == Move.application_id)
        .outerjoin(decided, true())
        .where(*_within(Move.at, period, principal), Move.target == Stage.APPROVED, ~undone)
    )


def _course(row: Sequence[Any]) -> int:
    """Sort rows that begin with a stage in the order of stages, not of letters."""
    return _STAGES.index(row[0])


def _part(part: float, value: ColumnElement[Any]) -> ColumnElement[Any]:
    return func.percentile_cont(literal_column(str(part))).within_group(value)


def _name(person: type[User]) -> ColumnElement[str]:
    return func.concat_ws(" ", person.first_name, person.last_name)


def _percent(part: float | Decimal, whole: float | Decimal) -> float:
    return round(100 * float(part) / float(whole), 2) if whole else 0.0
