"""What was approved in a month stays approved in that month, whatever becomes of the loans."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

from httpx import AsyncClient
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.lending.applications.models import CustomerApplication
from lc_workflow.lending.approvals.models import ApplicationDecision
from lc_workflow.lending.workflow.jobs import EXPIRE_APPROVALS
from lc_workflow.lending.workflow.models import Move
from lc_workflow.platform.jobs import Workplace
from tests.conftest import Person, SignIn
from tests.lending.steps import URL, Take
from tests.moments import NOON

V1 = "/api/v1"
OCTOBER = {"date_from": "2026-10-01", "date_to": "2026-10-31"}
NOVEMBER = {"date_from": "2026-11-01", "date_to": "2026-11-30"}
ToReview = Callable[..., Awaitable[dict[str, Any]]]


async def _approved(client: AsyncClient, manager: Person, period: dict[str, str]) -> tuple[Any, Any]:
    """The loans of a period by currency, and their approvals by approver."""
    read = [
        (await client.get(f"{V1}/figures/{name}", params=period, headers=manager.headers)).json()["rows"]
        for name in ("currencies", "exceptions")
    ]
    return read[0], read[1]


async def _happened(session: AsyncSession, loan: dict[str, Any], *, days_ago: int) -> None:
    """Let a loan have been approved some days ago."""
    loan_id, then = UUID(loan["id"]), NOON - timedelta(days=days_ago)
    for row in (Move, ApplicationDecision):
        await session.execute(update(row).where(row.application_id == loan_id).values(at=then))
    await session.execute(update(CustomerApplication).where(CustomerApplication.id == loan_id).values(approved_at=then))
    await session.commit()


async def test_a_closed_month_keeps_what_was_approved_in_it(
    client: AsyncClient,
    session: AsyncSession,
    workplace: Workplace,
    officer: Person,
    teller: Person,
    manager: Person,
    sign_in: SignIn,
    to_review: ToReview,
    take: Take,
) -> None:
    unused = await to_review(officer, teller, currency="KHR", requested_amount=8_000_000)
    undone = await to_review(officer, teller, id_number="010234599", account_id="00012399")
    assert (await take(manager, unused, "approve")).status_code == 200
    assert (await take(manager, undone, "approve", approved_amount=900)).status_code == 200
    await _happened(session, unused, days_ago=35)
    await _happened(session, undone, days_ago=27)
    as_it_was = await _approved(client, manager, OCTOBER)
    assert [(row["currency"], row["loans"], row["amount"]) for row in as_it_was[0]] == [
        ("KHR", 1, 8_000_000),
        ("USD", 1, 900),
    ]
    assert [row["approvals"] for row in as_it_was[1]] == [2]

    await EXPIRE_APPROVALS.do(workplace, {})
    assert (await take(officer, unused, "reopen", reason="The customer came after all")).status_code == 200
    changed = {"currency": "USD", "requested_amount": 1000}
    assert (await client.put(f"{URL}/{unused['id']}", json=changed, headers=officer.headers)).status_code == 200
    assert (await take(manager, undone, "undo_approval", reason="The wrong amount")).status_code == 200
    rate, admin = {"category": "lending", "key": "khr_per_usd", "value": 3900}, await sign_in("admin")
    assert (await client.post(f"{V1}/settings", json=rate, headers=admin.headers)).status_code == 201
    assert await _approved(client, manager, OCTOBER) == as_it_was
    assert await _approved(client, manager, NOVEMBER) == ([], [])

    assert (await take(manager, undone, "approve", approved_amount=700)).status_code == 200
    assert await _approved(client, manager, OCTOBER) == as_it_was
    loans, approvers = await _approved(client, manager, NOVEMBER)
    assert [(row["currency"], row["loans"], row["amount"]) for row in loans] == [("USD", 1, 700)]
    assert [row["approvals"] for row in approvers] == [1]


async def test_an_approval_that_was_undone_in_its_month_counts_once_when_it_is_given_again(
    client: AsyncClient, officer: Person, teller: Person, manager: Person, to_review: ToReview, take: Take
) -> None:
    loan = await to_review(officer, teller)
    for amount in (900, 800):
        assert (await take(manager, loan, "approve", approved_amount=amount)).status_code == 200
        [row], [approver] = await _approved(client, manager, NOVEMBER)
        assert (row["loans"], row["amount"], approver["approvals"]) == (1, amount, 1)
        assert (await take(manager, loan, "undo_approval", reason="The wrong amount")).status_code == 200
        assert await _approved(client, manager, NOVEMBER) == ([], [])
