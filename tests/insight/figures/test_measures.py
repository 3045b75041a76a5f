"""What figures measure beside counting: hours, deadlines kept, money paid out, exceptions granted, reasons."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from httpx import AsyncClient
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.kernel.money import Currency
from lc_workflow.lending.applications.models import CustomerApplication
from lc_workflow.lending.approvals.models import ApplicationDecision
from lc_workflow.lending.disbursement.models import DisbursementRequest
from lc_workflow.lending.rules.disbursement import DisbursementStatus
from lc_workflow.lending.rules.stages import Action, Stage
from lc_workflow.lending.tasks.models import Task
from lc_workflow.lending.workflow.models import Move
from lc_workflow.organization.branches.models import Branch
from tests.conftest import Person
from tests.lending.factories import an_application
from tests.lending.steps import Take
from tests.moments import NOON

Read = Callable[[str], Awaitable[list[list[Any]]]]


@pytest.fixture
def read(client: AsyncClient, manager: Person) -> Read:
    """The rows of a table as the manager reads them."""

    async def read(figure: str) -> list[list[Any]]:
        answer = await client.get(f"/api/v1/figures/{figure}", headers=manager.headers)
        assert answer.status_code == 200, answer.text
        return [list(row.values()) for row in answer.json()["rows"]]

    return read


@pytest.fixture
def loans(session: AsyncSession, officer: Person, branch: Branch) -> Callable[[int], Awaitable[Sequence[Any]]]:
    """Loans of the branch that were written down half a day ago."""

    async def loans(how_many: int) -> Sequence[CustomerApplication]:
        begun = {"branch_id": branch.id, "created_at": ago(10)}
        session.add_all(made := [an_application(officer.user.id, **begun) for _ in range(how_many)])
        await session.flush()
        return made

    return loans


def ago(hours: float) -> datetime:
    return NOON - timedelta(hours=hours)


async def test_how_long_applications_stand_at_a_stage_is_measured_from_their_own_last_step(
    session: AsyncSession, officer: Person, loans: Any, read: Read
) -> None:
    first, second = await loans(2)
    for loan, source, target, hours in (
        (first, Stage.PO_CREATED, Stage.USER_COMPLETED, 8),
        (second, Stage.PO_CREATED, Stage.USER_COMPLETED, 6),
        (first, Stage.USER_COMPLETED, Stage.TELLER_PROCESSING, 5),
        (first, Stage.TELLER_PROCESSING, Stage.MANAGER_REVIEW, 3.877),
        (second, Stage.USER_COMPLETED, Stage.TELLER_PROCESSING, 1),
    ):
        step = {"action": Action.START, "source": source, "target": target, "at": ago(hours), "cycle": 1}
        session.add(Move(application_id=loan.id, actor_id=officer.user.id, **step))
        await session.flush()
    await session.commit()
    assert await read("turnaround") == [
        ["PO_CREATED", 2, 3, 3.8, 4],
        ["USER_COMPLETED", 2, 4, 4.8, 5],
        ["TELLER_PROCESSING", 1, 1.12, 1.12, 1.12],
    ]


async def test_why_applications_come_back_is_listed_by_how_often(
    session: AsyncSession, officer: Person, loans: Any, read: Read
) -> None:
    (loan,) = await loans(1)
    said = ["No photo", "No payslip", "No photo ", " ", "A stamp is missing"]
    session.add_all(
        Move(
            application_id=loan.id,
            actor_id=officer.user.id,
            action=action,
            source=Stage.TELLER_PROCESSING,
            target=Stage.RETURNED,
            reason=reason,
            at=NOON,
            cycle=1,
        )
        for action, reason in [*((Action.RETURN, reason) for reason in said), (Action.REJECT, "No income")]
    )
    await session.commit()
    assert await read("returns") == [
        ["No photo", "TELLER_PROCESSING", 2],
        ["(no reason)", "TELLER_PROCESSING", 1],
        ["A stamp is missing", "TELLER_PROCESSING", 1],
        ["No payslip", "TELLER_PROCESSING", 1],
    ]


async def test_work_that_is_done_at_its_deadline_is_in_time(
    session: AsyncSession, branch: Branch, loans: Any, read: Read
) -> None:
    (loan,) = await loans(1)
    session.add_all(
        Task(
            application_id=loan.id,
            branch_id=branch.id,
            stage=Stage.TELLER_PROCESSING,
            cycle=1,
            opened_at=ago(10),
            excluded=[],
            due_at=due_at,
            closed_at=closed_at,
        )
        for due_at, closed_at in (
            (ago(2), ago(3)),
            (ago(2), ago(2)),
            (ago(2), ago(1)),
            (None, ago(1)),  # no clock ran
            (ago(24 * 400), ago(24 * 400)),  # long ago
        )
    )
    await session.commit()
    assert await read("sla") == [["TELLER_PROCESSING", 3, 2, 1, 66.67]]


async def test_what_was_paid_out_is_confirmed_and_of_the_period(
    session: AsyncSession, officer: Person, loans: Any, read: Read
) -> None:
    paid = DisbursementStatus.CONFIRMED
    ways = [
        (paid, Currency.USD, 980, 20, 1),
        (paid, Currency.USD, 500, 0, 2),
        (paid, Currency.KHR, 4_000_000, 0, 1),
        (DisbursementStatus.FAILED, Currency.USD, 700, 0, 1),
        (paid, Currency.USD, 900, 0, 24 * 400),
    ]
    session.add_all(
        DisbursementRequest(
            application_id=loan.id,
            cycle=1,
            status=status,
            amount=Decimal(amount),
            deducted_fees=Decimal(fees),
            currency=currency,
            account_id="1",
            requested_by=officer.user.id,
            requested_at=ago(hours),
            closed_at=ago(hours),
        )
        for loan, (status, currency, amount, fees, hours) in zip(await loans(len(ways)), ways, strict=True)
    )
    await session.commit()
    assert await read("disbursed") == [["KHR", 1, 4_000_000, 4_000_000], ["USD", 2, 1480, 1500]]


async def test_riel_and_dollars_are_compared_by_the_rate_of_each_decision(
    session: AsyncSession, officer: Person, teller: Person, manager: Person, to_review: Any, take: Take, read: Read
) -> None:
    for number, (currency, amount) in enumerate((("USD", 500), ("KHR", 5_000_000), ("KHR", 2_000_000))):
        asked = {"currency": currency, "requested_amount": amount, "id_number": f"01023456{number}"}
        loan = await to_review(officer, teller, account_id=f"{number}", **asked)
        answer = await take(manager, loan, "approve", approved_amount=amount)
        assert answer.status_code == 200, answer.text
    rates = {"500": "4000", "5000000": "5000", "2000000": "4000"}
    for decision in await session.scalars(select(ApplicationDecision)):
        decision.snapshot = decision.snapshot | {"khr_per_usd": rates[decision.snapshot["terms"]["amount"]]}
    await session.commit()
    assert await read("currencies") == [["KHR", 2, 66.67, 7_000_000, 1500, 75], ["USD", 1, 33.33, 500, 500, 25]]


async def test_exceptions_are_counted_for_whoever_granted_them(
    session: AsyncSession, officer: Person, teller: Person, manager: Person, to_review: Any, take: Take, read: Read
) -> None:
    for number, exceptions in enumerate((0, 2)):
        loan = await to_review(officer, teller, id_number=f"01023456{number}", account_id=f"{number}")
        assert (await take(manager, loan, "approve", approved_amount=1000)).status_code == 200
        theirs = update(ApplicationDecision).where(ApplicationDecision.application_id == UUID(loan["id"]))
        await session.execute(theirs.values(snapshot={"path": {"exceptions": exceptions}}))
        await session.commit()
    assert await read("exceptions") == [["Chanthy Sok", 2, 1, 50]]
