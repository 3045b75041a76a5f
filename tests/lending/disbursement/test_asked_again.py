"""Asking again for a payment that did not come about: it is paid then, and never twice."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text, update
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.lending.disbursement.jobs import HAND_OVER
from lc_workflow.lending.disbursement.models import DisbursementRequest
from lc_workflow.platform.jobs import Workplace
from lc_workflow.platform.payout.base import HandOverFailed
from tests.lending.disbursement.conftest import PAID, Office
from tests.lending.disbursement.payer import Payer
from tests.moments import NOON, standing_still


async def test_what_the_payer_took_and_the_bank_sent_back_is_paid_when_it_is_asked_for_again(
    office: Office, payer: Payer, at_the_payer: Workplace
) -> None:
    first = (await office.ask()).json()
    await HAND_OVER.do(at_the_payer, {"request_id": first["id"]})
    payer.paid.clear()  # the account was closed
    await office.close(first, "fail", reason="The account was closed")
    second = (await office.ask()).json()
    await HAND_OVER.do(at_the_payer, {"request_id": second["id"]})
    assert payer.paid[office.loan["id"]]["request_id"] == second["id"]


async def test_what_the_payer_refused_is_paid_when_it_is_asked_for_again(
    office: Office, payer: Payer, at_the_payer: Workplace
) -> None:
    payer.moods = ["refusing"]
    first = (await office.ask()).json()
    for _ in range(2):
        with pytest.raises(HandOverFailed, match="422"):
            await HAND_OVER.do(at_the_payer, {"request_id": first["id"]})
    await office.close(first, "fail", reason="There is no such account")
    second = (await office.ask()).json()
    await HAND_OVER.do(at_the_payer, {"request_id": second["id"]})
    assert payer.paid[office.loan["id"]]["request_id"] == second["id"]


@pytest.mark.parametrize("moods", [["silent"], ["silent", "broken"]])
async def test_what_may_have_arrived_is_not_paid_twice_though_somebody_said_that_it_failed(
    office: Office, payer: Payer, at_the_payer: Workplace, moods: list[str]
) -> None:
    payer.moods = [*moods]
    first = (await office.ask()).json()
    with standing_still() as payer.let_pass:
        for _ in moods:
            with pytest.raises(HandOverFailed):
                await HAND_OVER.do(at_the_payer, {"request_id": first["id"]})
    await office.close(first, "fail", reason="Nothing seems to arrive")
    second = (await office.ask()).json()
    await HAND_OVER.do(at_the_payer, {"request_id": second["id"]})
    assert payer.paid[office.loan["id"]]["request_id"] == first["id"]
    assert {order["external_id"] for order in payer.calls} == {office.loan["id"]}
    assert len({order["order_key"] for order in payer.calls}) == 1


@pytest.mark.parametrize(("mood", "status", "code"), [("silent", 200, None), ("refusing", 422, "PaidBeforeRequest")])
async def test_what_was_paid_unseen_before_it_was_asked_for_again_is_confirmed_with_its_day(
    office: Office, session: AsyncSession, payer: Payer, at_the_payer: Workplace, mood: str, status: int, code: str
) -> None:
    payer.moods = [mood]
    first = (await office.ask()).json()
    with standing_still() as payer.let_pass, pytest.raises(HandOverFailed):
        await HAND_OVER.do(at_the_payer, {"request_id": first["id"]})
    await office.close(first, "fail", reason="Nothing seems to arrive")
    await session.execute(update(DisbursementRequest).values(requested_at=NOON - timedelta(days=3)))
    await session.commit()
    second = (await office.ask()).json()
    await HAND_OVER.do(at_the_payer, {"request_id": second["id"]})
    confirmed = await office.close(second, "confirm", **PAID | {"paid_on": "2026-11-22"})
    assert (confirmed.status_code, confirmed.json().get("code")) == (status, code), confirmed.text


async def test_a_hand_over_that_was_given_up_is_tried_again_by_whoever_asks_again(
    office: Office, session: AsyncSession, announced: Callable[[], Awaitable[list[str]]]
) -> None:
    async def waiting() -> int:
        of_this = "FROM procrastinate_jobs WHERE task_name = 'hand_over_disbursement' AND status IN ('todo', 'doing')"
        return int(await session.scalar(text(f"SELECT count(*) {of_this}")) or 0)

    async def jobs(change: str) -> None:
        await session.execute(
            text(f"UPDATE procrastinate_jobs SET {change} WHERE task_name = 'hand_over_disbursement'")
        )
        await session.commit()

    first = (await office.ask()).json()
    await jobs("attempts = 9, scheduled_at = now() + interval '1 hour'")
    await office.ask("manager")
    assert await waiting() == 1  # it rests between two tries
    await jobs("status = 'failed'")
    assert (await office.ask("manager")).json()["id"] == first["id"]
    assert (await office.ask()).json()["id"] == first["id"]
    assert await waiting() == 1
    assert (await announced()).count("DisbursementAskedAgain") == 1
    await office.close(first, "confirm", **PAID)
    await jobs("status = 'failed'")
    assert (await office.ask("manager")).json()["status"] == "confirmed"
    assert await waiting() == 0


async def test_what_arrived_after_somebody_had_said_that_it_failed_keeps_its_key(
    office: Office, payer: Payer, at_the_payer: Workplace
) -> None:
    first = (await office.ask()).json()
    payer.meanwhile = lambda: office.close(first, "fail", reason="Nothing seems to arrive")
    a_moment_later = replace(at_the_payer, clock=lambda: NOON + timedelta(seconds=1))
    await HAND_OVER.do(a_moment_later, {"request_id": first["id"]})
    payer.meanwhile = None
    second = (await office.ask()).json()
    await HAND_OVER.do(a_moment_later, {"request_id": second["id"]})
    assert len({order["order_key"] for order in payer.calls}) == 1


async def test_nobody_alone_has_a_loan_ordered_twice(office: Office, payer: Payer, at_the_payer: Workplace) -> None:
    unsent = (await office.ask("teller")).json()
    called_off = await office.close(unsent, "fail", "teller", reason="The wrong day")
    assert called_off.status_code == 200, called_off.text
    sent = (await office.ask("teller")).json()
    await HAND_OVER.do(at_the_payer, {"request_id": sent["id"]})
    refused = await office.close(sent, "fail", "teller", reason="It was sent back")
    assert (refused.status_code, refused.json()["code"]) == (403, "SodRequester"), refused.text
    seen_by_another = await office.close(sent, "fail", "manager", reason="It was sent back")
    assert seen_by_another.status_code == 200, seen_by_another.text


async def test_a_refusal_of_the_key_itself_does_not_get_a_loan_paid_twice(
    office: Office, payer: Payer, at_the_payer: Workplace
) -> None:
    payer.is_strict, payer.moods = True, ["silent"]
    for _ in range(3):  # the first was paid unseen, and the others come under its key
        request = (await office.ask()).json()
        with pytest.raises(HandOverFailed), standing_still() as payer.let_pass:
            await HAND_OVER.do(at_the_payer, {"request_id": request["id"]})
        await office.close(request, "fail", reason="The payment system does not take it")
    assert len({order["order_key"] for order in payer.calls}) == 1
