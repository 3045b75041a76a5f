"""Whoever wants a loan paid out hears when it is not."""

from collections.abc import Awaitable, Callable
from uuid import UUID

import msgspec
import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.app import HOUSE
from lc_workflow.engagement.notifications.models import Notification
from lc_workflow.engagement.notifications.service import TellingService
from lc_workflow.lending.disbursement.jobs import HAND_OVER, TRIES, WORRYING
from lc_workflow.lending.events import DisbursementFailed, DisbursementNotTaken
from lc_workflow.platform.jobs import Workplace
from lc_workflow.platform.journal.models import JournalEntry
from lc_workflow.platform.payout.base import HandOverFailed
from tests.lending.disbursement.conftest import Office
from tests.lending.disbursement.payer import Payer

Told = Callable[[type], Awaitable[list[tuple[UUID, str]]]]


@pytest.fixture
def told(session: AsyncSession) -> Told:
    """Tell those who are concerned of what the journal holds of a kind; answers who was told what so far."""

    async def told(kind: type[DisbursementFailed] | type[DisbursementNotTaken]) -> list[tuple[UUID, str]]:
        for entry in await session.scalars(select(JournalEntry).where(JournalEntry.kind == kind.__name__)):
            event = msgspec.convert(entry.facts, kind)
            await TellingService(session).tell_of_missing_payment(event, event_id=entry.id)
        found = await session.scalars(select(Notification).where(Notification.type == "loan_payment"))
        return [(notice.user_id, notice.message) for notice in found]

    return told


async def test_who_drafted_a_loan_hears_that_its_payment_failed_and_who_wrote_it_down_does_not(
    office: Office, told: Told
) -> None:
    request = (await office.ask("manager")).json()
    closed = await office.close(request, "fail", "manager", reason="The account is closed")
    assert closed.status_code == 200, closed.text
    ((person, message),) = await told(DisbursementFailed)
    assert person == office.people["officer"].user.id
    assert message.startswith("Chanthy Sok wrote down that the loan of SOK CHANTHY was not paid out;")


async def test_a_payment_that_nobody_takes_is_told_of_once_to_who_asked_and_who_drafted(
    office: Office, payer: Payer, at_the_payer: Workplace, told: Told
) -> None:
    request = (await office.ask("manager")).json()
    both = {office.people[role].user.id for role in ("officer", "manager")}
    payer.moods = ["broken"] * TRIES
    for tried in range(1, TRIES + 1):
        with pytest.raises(HandOverFailed):
            await HAND_OVER.do(at_the_payer, {"request_id": request["id"]})
        heard = {person for person, _ in await told(DisbursementNotTaken)}
        assert heard == (both if tried >= WORRYING else set())
    assert len(await told(DisbursementNotTaken)) == len(both)


def test_the_house_listens_to_both() -> None:
    assert DisbursementFailed in HOUSE.listeners
    assert DisbursementNotTaken in HOUSE.listeners
