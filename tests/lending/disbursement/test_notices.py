"""Whoever may confirm a payment hears that it is on its way, and whoever wants a loan paid out hears when it is not."""

from collections.abc import Awaitable, Callable
from uuid import UUID

import msgspec
import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.app import HOUSE
from lc_workflow.engagement.notifications.listeners import tell_of_missing_payment, tell_of_payment_to_confirm
from lc_workflow.engagement.notifications.models import Notification
from lc_workflow.lending.disbursement.jobs import HAND_OVER, TRIES, WORRYING
from lc_workflow.lending.events import DisbursementFailed, DisbursementHandedOver, DisbursementNotTaken
from lc_workflow.organization.branches.models import Branch
from lc_workflow.platform.jobs import Workplace
from lc_workflow.platform.journal.models import JournalEntry
from lc_workflow.platform.manifest import Hearing
from lc_workflow.platform.payout.base import HandOverFailed
from tests.conftest import SignIn
from tests.identity.factories import a_user
from tests.lending.disbursement.conftest import PAID, Office, OpenOffice
from tests.lending.disbursement.payer import Payer
from tests.lending.factories import an_application
from tests.lending.steps import WISH
from tests.organization.factories import a_branch

Told = Callable[[type], Awaitable[list[tuple[UUID, str]]]]


@pytest.fixture
async def neighbours(session: AsyncSession, branch: Branch) -> None:
    """Other loans, of another officer of the branch and of another branch: nobody hears of this one because of them."""
    session.add_all([other := a_branch(), neighbour := a_user(branch_id=branch.id)])
    await session.flush()
    session.add_all(an_application(neighbour.id, branch_id=place.id) for place in (other, branch))
    await session.commit()


@pytest.fixture
def told(session: AsyncSession, neighbours: None) -> Told:
    """Tell those who are concerned of what the journal holds of a kind; answers who was told what so far."""

    async def told(
        kind: type[DisbursementFailed] | type[DisbursementNotTaken] | type[DisbursementHandedOver],
    ) -> list[tuple[UUID, str]]:
        for entry in await session.scalars(select(JournalEntry).where(JournalEntry.kind == kind.__name__)):
            match msgspec.convert(entry.facts, kind):
                case DisbursementHandedOver() as event:
                    await tell_of_payment_to_confirm(event, Hearing(entry.id, session))
                case event:
                    await tell_of_missing_payment(event, Hearing(entry.id, session))
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
    notices = await told(DisbursementNotTaken)
    assert len(notices) == len(both)
    assert "wrote down" not in notices[0][1]


@pytest.mark.parametrize(("asks", "hear"), [("officer", {"teller", "manager"}), ("manager", {"teller"})])
async def test_whoever_may_confirm_a_payment_hears_once_that_it_is_on_its_way(
    opened: OpenOffice, sign_in: SignIn, branch: Branch, workplace: Workplace, told: Told, asks: str, hear: set[str]
) -> None:
    await sign_in("teller", branch_id=branch.id, phone_number=WISH["phone"])  # the borrower does not confirm it
    office = await opened(1200)
    request = (await office.ask(asks)).json()
    assert await told(DisbursementHandedOver) == []
    await HAND_OVER.do(workplace, {"request_id": request["id"]})
    for _ in range(2):
        heard = await told(DisbursementHandedOver)
        assert {person for person, _ in heard} == {office.people[role].user.id for role in hear}
        assert len(heard) == len(hear)
        assert heard[0][1].startswith(
            "The loan of SOK CHANTHY was handed over to be paid out; confirm it once it is paid"
        )


async def test_nobody_is_asked_to_confirm_a_payment_that_is_over(
    office: Office, workplace: Workplace, told: Told
) -> None:
    request = (await office.ask()).json()
    await HAND_OVER.do(workplace, {"request_id": request["id"]})
    assert (await office.close(request, "confirm", **PAID)).status_code == 200
    assert await told(DisbursementHandedOver) == []


def test_the_house_listens_to_all() -> None:
    assert tell_of_payment_to_confirm in HOUSE.listeners[DisbursementHandedOver]
    for fact in (DisbursementFailed, DisbursementNotTaken):
        assert tell_of_missing_payment in HOUSE.listeners[fact]
