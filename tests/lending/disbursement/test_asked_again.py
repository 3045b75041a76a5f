"""Asking again for a payment that did not come about: it is paid then, and never twice."""

import pytest

from lc_workflow.lending.disbursement.jobs import HAND_OVER
from lc_workflow.platform.jobs import Workplace
from lc_workflow.platform.payout import webhook
from lc_workflow.platform.payout.base import HandOverFailed
from tests.lending.disbursement.conftest import Office
from tests.lending.disbursement.payer import Payer


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
    office: Office, payer: Payer, at_the_payer: Workplace, monkeypatch: pytest.MonkeyPatch, moods: list[str]
) -> None:
    monkeypatch.setattr(webhook, "SECONDS", 0.3)
    payer.moods = [*moods]
    first = (await office.ask()).json()
    for _ in moods:
        with pytest.raises(HandOverFailed):
            await HAND_OVER.do(at_the_payer, {"request_id": first["id"]})
    monkeypatch.undo()
    await office.close(first, "fail", reason="Nothing seems to arrive")
    second = (await office.ask()).json()
    await HAND_OVER.do(at_the_payer, {"request_id": second["id"]})
    assert payer.paid[office.loan["id"]]["request_id"] == first["id"]
    assert {order["external_id"] for order in payer.calls} == {office.loan["id"]}
    assert len({order["order_key"] for order in payer.calls}) == 1
