"""Paying a loan out, over HTTP and through both connectors."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from httpx import AsyncClient
from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.lending.applications.models import CustomerApplication
from lc_workflow.lending.customers.models import Account
from lc_workflow.lending.disbursement.jobs import HAND_OVER
from lc_workflow.lending.workflow.jobs import EXPIRE_APPROVALS
from lc_workflow.organization.branches.models import Branch
from lc_workflow.platform.jobs import Workplace
from lc_workflow.platform.payout.base import HandOverFailed
from lc_workflow.platform.watching.metrics import Called
from tests.conftest import Person, SignIn
from tests.figures import counting_calls
from tests.lending.disbursement.conftest import PAID, REQUESTS, Office, ToReview
from tests.lending.disbursement.payer import Payer
from tests.lending.steps import URL, WISH, Draft, Take
from tests.moments import NOON, standing_still


async def test_a_loan_is_asked_for_handed_over_and_confirmed_by_somebody_else(
    office: Office, session: AsyncSession, work_off: Callable[[], Awaitable[list[str]]], workplace: Workplace
) -> None:
    asked = await office.ask()
    assert (asked.status_code, asked.json()["status"], asked.json()["amount"]) == (200, "requested", 1200)
    assert (await office.ask("manager")).json()["id"] == asked.json()["id"]
    assert await work_off() == ["hand_over_disbursement"]
    handed = await office.shown()
    assert (handed["status"], handed["connector"], handed["attempts"]) == ("handed_over", "csv", 1)
    pieces = [piece async for piece in await workplace.store.get(handed["external_reference"])]
    lines = b"".join(pieces).decode("utf-8-sig").splitlines()
    assert lines[1] == f"{office.loan['id']},00012345,SOK CHANTHY,1200.00,USD,1200.00,0.00,{office.loan['id']}"
    confirmed = await office.close(handed, "confirm", **PAID)
    assert (confirmed.status_code, confirmed.json()["status"]) == (200, "confirmed"), confirmed.text
    assert confirmed.json()["closed_by"] == str(office.people["teller"].user.id)
    assert await office.stage() == "DISBURSED"
    again = await office.close(handed, "confirm", **PAID)
    assert (again.status_code, again.json()["code"]) == (422, "DisbursementOver")
    assert (await office.ask()).json()["status"] == "confirmed"
    page = await office.client.get(REQUESTS, params={"status": "confirmed"}, headers=office.people["teller"].headers)
    assert page.json()["total"] == 1
    elsewhere = await office.client.get(REQUESTS, headers=office.people["stranger"].headers)
    assert elsewhere.json()["total"] == 0


@pytest.mark.parametrize(
    ("account_id", "ordered"),
    [("+85512345678", "+85512345678"), ("-12 345", "-12 345"), ("=1+1", "'=1+1"), ("+1|calc", "'+1|calc")],
)
async def test_an_order_names_the_account_as_it_is_and_runs_nothing(
    office: Office,
    session: AsyncSession,
    work_off: Callable[[], Awaitable[list[str]]],
    workplace: Workplace,
    account_id: str,
    ordered: str,
) -> None:
    await session.execute(update(CustomerApplication).values(account_id=account_id))
    await session.commit()
    await office.ask()
    await work_off()
    key = (await office.shown())["external_reference"]
    order = b"".join([piece async for piece in await workplace.store.get(key)]).decode("utf-8-sig")
    assert order.splitlines()[1].split(",")[1] == ordered


@pytest.mark.parametrize(
    ("who", "change", "status", "code"),
    [
        ("manager", {}, 403, "SodRequester"),
        ("officer", {}, 403, "NotPermitted"),
        ("stranger", {}, 404, "Missing"),
        ("teller", {"amount": 1200.01}, 422, "AmountMismatch"),
        ("teller", {"currency": "KHR"}, 422, "AmountMismatch"),
        ("teller", {"paid_on": "2026-11-25"}, 422, "PaidInFuture"),
        ("teller", {"paid_on": "2026-11-23"}, 422, "PaidBeforeRequest"),
        ("teller", {"reference": ""}, 422, "InvalidInput"),
    ],
)
async def test_a_confirmation_that_cannot_be_is_refused(
    office: Office, who: str, change: dict[str, Any], status: int, code: str
) -> None:
    request = (await office.ask("manager")).json()
    refused = await office.close(request, "confirm", who, **{**PAID, **change})
    assert (refused.status_code, refused.json()["code"]) == (status, code), refused.text
    assert await office.stage() == "APPROVED"


async def test_what_was_paid_is_confirmed_though_the_law_changed_meanwhile(
    office: Office, session: AsyncSession, sign_in: SignIn
) -> None:
    await session.execute(update(CustomerApplication).values(approved_interest_rate=24))
    await session.commit()
    request = (await office.ask()).json()
    admin, at = await sign_in("admin"), "/api/v1/jurisdiction-profiles"
    profile = (await office.client.get(f"{at}?code=KH", headers=admin.headers)).json()["items"][0]
    await office.client.post(f"{at}/{profile['id']}/confirm", headers=admin.headers)
    await office.client.put(f"{at}/in-use", json={"code": "KH"}, headers=admin.headers)
    confirmed = await office.close(request, "confirm", **PAID)
    assert confirmed.status_code == 200, confirmed.text  # the money is gone; failing it would ask for it once more
    assert await office.stage() == "DISBURSED"


@pytest.mark.parametrize("wished_for", ["2027-01-31", None])
async def test_a_paid_loan_is_reckoned_from_the_day_it_was_paid(
    office: Office, session: AsyncSession, wished_for: str | None
) -> None:
    wished = date.fromisoformat(wished_for) if wished_for else None
    await session.execute(update(CustomerApplication).values(requested_disbursement_date=wished))
    await session.commit()
    its, manager = f"{URL}/{office.loan['id']}", office.people["manager"].headers
    request = (await office.ask()).json()
    assert (await office.close(request, "confirm", **PAID)).status_code == 200
    shown = (await office.client.get(its, headers=manager)).json()
    assert (shown["loan_start_date"], shown["requested_disbursement_date"]) == ("2026-11-24", wished_for)
    quoted = (await office.client.post(f"{its}/quote", headers=manager)).json()
    dossier = (await office.client.get(f"{its}/dossier", headers=manager)).json()["content"]
    for schedule in (quoted, dossier["schedule"]):
        dues = [row["due_on"] for row in schedule["installments"]]
        assert dues[:3] == ["2026-12-24", "2027-01-24", "2027-02-24"]


async def test_only_an_approved_loan_of_ones_branch_is_asked_for(office: Office, take: Take) -> None:
    assert (await office.ask("stranger")).status_code == 404
    await take(office.people["manager"], office.loan, "undo_approval", reason="The wrong amount")
    early = await office.ask()
    assert (early.status_code, early.json()["code"]) == (422, "NoSuchStep")


async def test_a_payment_that_failed_is_asked_for_again(office: Office, take: Take) -> None:
    request = (await office.ask()).json()
    stuck = await take(office.people["manager"], office.loan, "undo_approval", reason="Too late")
    assert (stuck.status_code, stuck.json()["code"]) == (422, "DisbursementUnderWay")
    assert (await office.close(request, "fail")).status_code == 422
    failed = await office.close(request, "fail", reason="The account is closed")
    assert (failed.json()["status"], failed.json()["failure_reason"]) == ("failed", "The account is closed")
    over = await office.close(request, "fail", reason="Again")
    assert (over.status_code, over.json()["code"]) == (422, "DisbursementOver")
    assert (await office.ask()).json()["id"] != request["id"]


async def test_what_was_asked_for_in_time_does_not_expire(
    office: Office, session: AsyncSession, workplace: Workplace
) -> None:
    request = (await office.ask()).json()
    long_ago = NOON - timedelta(days=40)
    await session.execute(
        update(CustomerApplication).values(approved_at=long_ago, disbursement_requested_at=NOON - timedelta(days=20))
    )
    await session.commit()
    await EXPIRE_APPROVALS.do(workplace, {})
    assert await office.stage() == "APPROVED"
    assert (await office.close(request, "fail", reason="Closed")).status_code == 200
    late = await office.ask()
    assert (late.status_code, late.json()["code"]) == (422, "ApprovalExpired")
    await EXPIRE_APPROVALS.do(workplace, {})
    assert await office.stage() == "EXPIRED"


async def test_a_payer_that_acts_and_answers_too_late_does_not_pay_twice(
    office: Office, payer: Payer, at_the_payer: Workplace
) -> None:
    payer.moods = ["silent", "broken", "ok"]
    request = (await office.ask()).json()
    for attempts in (1, 2):
        with (
            counting_calls(Called.PAYMENT) as counted,
            pytest.raises(HandOverFailed),
            standing_still() as payer.let_pass,
        ):
            await HAND_OVER.do(at_the_payer, {"request_id": request["id"]})
        assert counted == {"failed": 1}
        shown = await office.shown()
        assert (shown["status"], shown["attempts"]) == ("requested", attempts)
        assert shown["last_error"].startswith("The payment system")
    with counting_calls(Called.PAYMENT) as counted:
        for _ in range(2):  # a job that is done once more does nothing
            await HAND_OVER.do(at_the_payer, {"request_id": request["id"]})
    assert counted == {"taken": 1}
    shown = await office.shown()
    assert (shown["status"], shown["connector"], shown["last_error"]) == ("handed_over", "webhook", None)
    assert shown["external_reference"] == "PAY-1"
    assert len(payer.calls) == 3
    assert list(payer.paid) == [office.loan["id"]]
    order = payer.paid[office.loan["id"]]
    assert (order["amount"], order["currency"], order["account_id"]) == ("1200.00", "USD", "00012345")


@pytest.mark.parametrize(
    ("says", "reference"),
    [
        ('{"reference": "Zahlung über Bücher"}'.encode("latin-1"), None),
        (b'{"reference": "PAY\\u0000-1"}', "PAY-1"),
        (b'{"reference": "PAY-1", "more": ' + b"[" * 9_999 + b"]" * 9_999 + b"}", None),
        (b"<html>thank you</html>", None),
    ],
    ids=["in another encoding", "with a sign that no text has", "deep", "no JSON"],
)
async def test_a_payer_that_has_the_order_is_believed_whatever_else_it_says(
    office: Office, payer: Payer, at_the_payer: Workplace, says: bytes, reference: str | None
) -> None:
    payer.says = says
    request = (await office.ask()).json()
    await HAND_OVER.do(at_the_payer, {"request_id": request["id"]})
    shown = await office.shown()
    assert (shown["status"], shown["external_reference"]) == ("handed_over", reference)


@pytest.mark.parametrize(
    ("heads", "says", "reference"),
    [
        ("Content-Length: 1000\r\n", b'{"reference": "PAY-1"}', "PAY-1"),
        ("Content-Encoding: gzip\r\n", b'{"reference": "PAY-1"}', None),
        ("", b'{"reference": "PAY-1", "more": "' + b"x" * 1_000_000 + b'"}', None),
    ],
    ids=["cut short", "in no encoding", "longer than anybody reads"],
)
async def test_a_payer_that_has_the_order_is_believed_though_its_words_break_off(
    office: Office, payer: Payer, at_the_payer: Workplace, heads: str, says: bytes, reference: str | None
) -> None:
    payer.heads, payer.says = heads, says
    request = (await office.ask()).json()
    await HAND_OVER.do(at_the_payer, {"request_id": request["id"]})
    shown = await office.shown()
    assert (shown["status"], shown["external_reference"], shown["last_error"]) == ("handed_over", reference, None)


async def test_what_was_called_off_is_not_handed_over(office: Office, payer: Payer, at_the_payer: Workplace) -> None:
    request = (await office.ask()).json()
    await office.close(request, "fail", reason="The customer died")
    await HAND_OVER.do(at_the_payer, {"request_id": request["id"]})
    assert payer.calls == []


@pytest.mark.parametrize(
    ("verb", "body", "status"), [("fail", {"reason": "Nothing arrives"}, "failed"), ("confirm", PAID, "confirmed")]
)
async def test_what_arrived_while_it_was_being_closed_is_on_record(
    office: Office,
    payer: Payer,
    at_the_payer: Workplace,
    announced: Callable[[], Awaitable[Any]],
    verb: str,
    body: dict[str, Any],
    status: str,
) -> None:
    request = (await office.ask()).json()
    payer.meanwhile = lambda: office.close(request, verb, **body)
    await HAND_OVER.do(at_the_payer, {"request_id": request["id"]})
    shown = await office.shown()
    assert (shown["status"], shown["external_reference"]) == (status, "PAY-1")
    assert shown["handed_over_at"] is not None
    told = await announced()
    assert told.index("DisbursementHandedOver") > told.index(f"Disbursement{status.title()}")


async def test_a_request_that_is_rolled_back_leaves_no_job(office: Office, session: AsyncSession) -> None:
    waiting = text("SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'hand_over_disbursement'")
    await session.execute(
        update(CustomerApplication).where(CustomerApplication.id == UUID(office.loan["id"])).values(account_id=None)
    )
    await session.commit()
    refused = await office.ask()
    assert (refused.status_code, refused.json()["code"]) == (422, "TermsMissing")
    assert await session.scalar(waiting) == 0
    await session.execute(update(CustomerApplication).values(account_id="00012345"))
    await session.commit()
    await asyncio.gather(office.ask())
    assert await session.scalar(waiting) == 1
    assert await session.scalar(select(CustomerApplication.disbursement_requested_at)) == NOON


async def test_no_loan_is_paid_into_the_account_of_another_customer(
    office: Office, session: AsyncSession, draft: Draft, take: Take
) -> None:
    other = await draft(office.people["officer"], id_number="010234599", full_name_latin="KEO BOPHA")
    taken = update(Account).where(Account.account_id == "00012345").values(customer_id=UUID(other["customer_id"]))
    await session.execute(taken)
    await session.commit()
    refused = await office.ask()
    assert (refused.status_code, refused.json()["code"]) == (422, "AccountOfAnother"), refused.text
    undone = await take(office.people["manager"], office.loan, "undo_approval", reason="The wrong account")
    assert undone.status_code == 200, undone.text


async def test_no_payment_is_asked_for_that_nobody_else_may_confirm(
    client: AsyncClient, officer: Person, manager: Person, sign_in: SignIn, branch: Branch, to_review: ToReview,
    take: Take,
) -> None:  # fmt: skip
    """In a branch without a teller its manager is the only one who confirms, and cannot confirm what they asked for."""
    await sign_in("teller")  # of another branch
    await sign_in("teller", branch_id=branch.id, phone_number=WISH["phone"])  # the borrower
    loan = await to_review(officer, await sign_in("officer", branch_id=branch.id))
    assert (await take(manager, loan, "approve")).status_code == 200
    requests = f"{URL}/{loan['id']}/disbursement-requests"
    stuck = await client.post(requests, headers=manager.headers)
    assert (stuck.status_code, stuck.json()["code"]) == (422, "NobodyConfirms"), stuck.text
    assert (await client.post(requests, headers=officer.headers)).json()["status"] == "requested"
