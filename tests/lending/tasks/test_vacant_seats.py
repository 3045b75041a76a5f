"""A decision that nobody may take is told to those who give authority: once, until somebody may or a day is over."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from httpx import AsyncClient
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.engagement.notifications.listeners import tell_of_vacant_seat
from lc_workflow.engagement.notifications.models import Notification
from lc_workflow.identity.rules.statuses import UserStatus
from lc_workflow.lending.events import DecisionByNobody
from lc_workflow.lending.tasks.jobs import WATCH_SEATS
from lc_workflow.organization.branches.models import Branch
from lc_workflow.platform.jobs import Workplace
from lc_workflow.platform.journal.models import JournalEntry
from lc_workflow.platform.manifest import Hearing
from tests.conftest import Person, SignIn
from tests.lending.approvals.steps import AUTHORITIES, BM, COMMITTEE, Give, Publish
from tests.organization.factories import a_branch

ToReview = Callable[..., Awaitable[dict[str, Any]]]
Told = Callable[..., Awaitable[list[DecisionByNobody]]]


@pytest.fixture
def told(session: AsyncSession, workplace: Workplace) -> Told:
    """Look whether decisions wait for nobody; answers all that was ever told of it."""

    async def told(*, days: int = 0) -> list[DecisionByNobody]:
        later = workplace.clock() + timedelta(days=days)
        await WATCH_SEATS.work(replace(workplace, clock=lambda: later))
        kinds = select(JournalEntry).where(JournalEntry.kind == "DecisionByNobody").order_by(JournalEntry.number)
        return [msgspec.convert(entry.facts, DecisionByNobody) for entry in await session.scalars(kinds)]

    return told


async def test_a_branch_whose_manager_has_left_is_told_of_once_a_day(
    session: AsyncSession, sign_in: SignIn, branch: Branch, officer: Person, teller: Person, to_review: ToReview,
    told: Told,
) -> None:  # fmt: skip
    manager = await sign_in("manager", branch_id=branch.id)
    first = await to_review(officer, teller)
    assert await told() == []
    manager.user.status = UserStatus.INACTIVE
    await session.commit()
    second = await to_review(officer, teller, account_id="00012346", id_number="010234568")
    assert len(await told()) == 1
    (event,) = await told()
    seat = (event.application_id, event.branch_id, event.approval_stage, event.role, event.waiting)
    assert str(event.application_id) in {first["id"], second["id"]}
    assert seat[1:] == (branch.id, "MANAGER", "manager", 2)
    await to_review(officer, teller, account_id="00012347", id_number="010234569")
    assert len(await told()) == 1
    assert [one.waiting for one in await told(days=2)] == [2, 3]
    assert len(await told(days=4)) == 2


async def test_a_committee_whose_member_is_taken_out_is_told_of_and_once_more_when_it_happens_again(
    client: AsyncClient, admin: Person, sign_in: SignIn, branch: Branch, officer: Person, teller: Person,
    to_review: ToReview, publish: Publish, give: Give, told: Told,
) -> None:  # fmt: skip
    await publish(COMMITTEE | {"quorum": 1})
    await to_review(officer, teller)
    for times in (1, 2):
        held = (await client.get(AUTHORITIES, headers=admin.headers)).json()["items"]
        for authority in held:
            ended = await client.delete(f"{AUTHORITIES}/{authority['id']}", headers=admin.headers)
            assert ended.status_code == 204
        assert [one.role for one in await told()] == ["credit_committee"] * times
        await give(await sign_in("manager", branch_id=branch.id), "credit_committee")
        assert len(await told()) == times


async def test_who_gives_authority_hears_of_it_and_reads_no_customers_name(
    session: AsyncSession, admin: Person, branch: Branch, officer: Person, teller: Person, manager: Person,
    to_review: ToReview, publish: Publish, told: Told,
) -> None:  # fmt: skip
    session.add(a_branch(name="Another branch"))
    await publish(BM, needs_limit=True)
    application = await to_review(officer, teller)
    (event,) = await told()
    entry = (await session.scalars(select(JournalEntry).where(JournalEntry.kind == "DecisionByNobody"))).one()
    for _ in range(2):
        await tell_of_vacant_seat(event, Hearing(entry.id, session))
    notices = select(Notification).where(Notification.type == "approval_vacant")
    (notice,) = await session.scalars(notices)
    assert notice.user_id == admin.user.id
    assert notice.message == (
        "1 application(s) of Phnom Penh 1 wait at the stage BM, and nobody may decide there as manager: give somebody"
        " that authority, or let somebody stand in."
    )
    assert (notice.data["application_id"], notice.data["branch_id"]) == (application["id"], str(branch.id))
    assert "CHANTHY" not in str(notice.data)
