"""An order in the folder that the other side fetches from, when it is not to be paid any more."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from lc_workflow.kernel.errors import Missing
from lc_workflow.lending.disbursement.jobs import HAND_OVER
from lc_workflow.platform.jobs import Workplace
from lc_workflow.platform.storage.local import LocalStore
from tests.lending.disbursement.conftest import PAID, Office
from tests.lending.steps import Take

WorkOff = Callable[[], Awaitable[list[str]]]


async def ordered(office: Office, workplace: Workplace) -> str | None:
    """The account in the order that waits to be fetched; none where none does."""
    try:
        pieces = await workplace.store.get(f"disbursements/{office.loan['id']}.csv")
    except Missing:
        return None
    return b"".join([piece async for piece in pieces]).decode("utf-8-sig").splitlines()[1].split(",")[1]


async def test_an_order_that_was_called_off_does_not_wait_to_be_paid(
    office: Office, take: Take, work_off: WorkOff, workplace: Workplace
) -> None:
    request = (await office.ask()).json()
    await work_off()
    assert await ordered(office, workplace) == "00012345"
    await office.close(request, "fail", reason="The customer died")
    await work_off()
    assert await ordered(office, workplace) is None
    undone = await take(office.people["manager"], office.loan, "undo_approval", reason="The customer died")
    assert undone.status_code == 200, undone.text


async def test_an_order_that_is_asked_for_again_waits_though_the_one_before_is_called_off_late(
    office: Office, work_off: WorkOff, workplace: Workplace
) -> None:
    first = (await office.ask()).json()
    await work_off()
    await office.close(first, "fail", reason="Sent back")
    second = (await office.ask()).json()
    await HAND_OVER.do(workplace, {"request_id": second["id"]})
    await work_off()
    assert await ordered(office, workplace) == "00012345"
    assert (await office.close(second, "confirm", **PAID)).status_code == 200
    await work_off()
    assert await ordered(office, workplace) is None  # it may have been paid in cash, and is not fetched after that


@pytest.mark.parametrize(("verb", "body"), [("fail", {"reason": "Too late"}), ("confirm", PAID)])
async def test_an_order_that_arrives_after_its_payment_was_closed_is_taken_away_again(
    office: Office,
    work_off: WorkOff,
    workplace: Workplace,
    monkeypatch: pytest.MonkeyPatch,
    verb: str,
    body: dict[str, Any],
) -> None:
    request = (await office.ask()).json()
    put = LocalStore.put

    async def put_late(self: LocalStore, *order: Any, **about: Any) -> None:
        monkeypatch.setattr(LocalStore, "put", put)
        assert (await office.close(request, verb, **body)).status_code == 200
        await put(self, *order, **about)

    monkeypatch.setattr(LocalStore, "put", put_late)
    await work_off()
    assert await ordered(office, workplace) is None
