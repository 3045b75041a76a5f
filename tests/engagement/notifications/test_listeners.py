"""Who hears of the steps of an application."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from httpx import AsyncClient
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from lc_workflow.engagement.notifications.models import Notification
from lc_workflow.identity.rules.statuses import UserStatus
from lc_workflow.lending.events import ApplicationMoved
from lc_workflow.lending.rules.stages import Action, Stage
from lc_workflow.lending.rules.terms import Priority
from lc_workflow.lending.tasks.models import Task
from lc_workflow.organization.branches.models import Branch
from lc_workflow.platform.journal.models import JournalEntry, Untold
from tests.conftest import Person, SignIn
from tests.engagement.conftest import Sent, Tell
from tests.identity.factories import a_user
from tests.identity.rights import Named
from tests.lending.approvals.steps import BM, DELEGATIONS, RM, Decide, Give, Publish
from tests.lending.factories import an_application
from tests.lending.steps import Draft, Take
from tests.moments import NOON
from tests.statements import sent


@pytest.fixture
async def officer(sign_in: SignIn, branch: Branch) -> Person:
    return await sign_in("officer", branch_id=branch.id, first_name="Sokha", last_name="Lim")


@pytest.fixture
async def teller(sign_in: SignIn, branch: Branch) -> Person:
    return await sign_in("teller", branch_id=branch.id, first_name="Dara", last_name="Chan")


@pytest.fixture
def heard(session: AsyncSession, tell: Tell) -> Callable[[], Awaitable[list[tuple[UUID, str, str]]]]:
    """Tell what is untold, and list what everybody was told so far."""

    async def heard() -> list[tuple[UUID, str, str]]:
        await tell()
        rows = await session.scalars(
            select(Notification)
            .join(JournalEntry, JournalEntry.id == Notification.event_id)
            .order_by(JournalEntry.number, Notification.type)
        )
        return [(row.user_id, row.type, row.data["workflow_status"]) for row in rows]

    return heard


Heard = Callable[[], Awaitable[list[tuple[UUID, str, str]]]]


async def test_a_submitted_application_is_announced_to_those_who_process_in_its_branch(
    sign_in: SignIn, session: AsyncSession, officer: Person, teller: Person, branch: Branch,
    draft: Draft, take: Take, heard: Heard, other_branch: Branch,
) -> None:  # fmt: skip
    colleague = await sign_in("officer", branch_id=branch.id)
    for role in ("teller", "officer"):
        await sign_in(role, branch_id=other_branch.id)
        await sign_in(role, branch_id=None)
    for role in ("admin", "manager", "auditor", "viewer"):
        await sign_in(role, branch_id=branch.id)
    session.add(a_user(role="teller", branch_id=branch.id, status=UserStatus.SUSPENDED))
    await session.commit()
    application = await draft(officer)
    await take(officer, application, "submit")
    told = await heard()
    assert {(kind, stage) for _, kind, stage in told} == {("application_task", "USER_COMPLETED")}
    assert {person for person, *_ in told} == {colleague.user.id, teller.user.id}


async def test_a_step_is_told_in_as_many_statements_however_many_hear_it(
    engine: AsyncEngine, sign_in: SignIn, officer: Person, teller: Person, branch: Branch, draft: Draft, take: Take,
    heard: Heard,
) -> None:  # fmt: skip
    counted = []
    for _ in range(2):
        await take(officer, await draft(officer), "submit")
        with sent(engine) as statements:
            await heard()
        counted.append([statement for statement, _ in statements if "SAVEPOINT" not in statement])
        for _ in range(3):
            await sign_in("teller", branch_id=branch.id)
    assert [len(one) for one in counted] == [10, 10], "\n".join(counted[1])


async def test_whoever_drafted_an_application_hears_what_others_do_with_it(
    officer: Person, teller: Person, manager: Person, to_review: Callable[..., Awaitable[dict[str, Any]]],
    take: Take, heard: Heard,
) -> None:  # fmt: skip
    application = await to_review(officer, teller)
    await take(manager, application, "return", reason="The photo is blurred.")
    drafter, told = officer.user.id, await heard()
    assert [stage for person, kind, stage in told if (person, kind) == (drafter, "application_update")] == [
        "TELLER_PROCESSING",
        "MANAGER_REVIEW",
        "RETURNED",
    ]
    assert [(person, stage) for person, kind, stage in told if kind == "application_task"] == [
        (teller.user.id, "USER_COMPLETED"),
        (manager.user.id, "MANAGER_REVIEW"),
    ]


@pytest.mark.parametrize(("action", "stage"), [("return", "RETURNED"), ("approve", "APPROVED")])
async def test_what_waits_for_a_drafter_who_has_left_is_told_to_those_who_can_go_on_with_it(
    action: str, stage: str, client: AsyncClient, session: AsyncSession, admin: Person, sign_in: SignIn,
    officer: Person, teller: Person, manager: Person, branch: Branch, other_branch: Branch,
    to_review: Callable[..., Awaitable[dict[str, Any]]], take: Take, heard: Heard,
) -> None:  # fmt: skip
    colleague = await sign_in("officer", branch_id=branch.id)
    await sign_in("officer", branch_id=other_branch.id)
    application = await to_review(officer, teller)
    gone = await client.patch(f"/api/v1/users/{officer.user.id}", json={"status": "inactive"}, headers=admin.headers)
    assert gone.status_code == 200, gone.text
    before = await heard()
    await take(manager, application, action, reason="The photo is blurred.")
    told = [one for one in await heard() if one not in before]
    assert (colleague.user.id, "application_task", stage) in told
    assert officer.user.id not in {person for person, *_ in told}
    loan = UUID(application["id"])
    task = (await session.scalars(select(Task).where(Task.application_id == loan, Task.closed_at.is_(None)))).one()
    assert (task.stage, task.owner_id) == (stage, None)
    claimed = await client.post(f"/api/v1/tasks/{task.id}/claim", headers=colleague.headers)
    assert claimed.status_code == 200, "whoever is told can do it"


async def test_whoever_drafted_an_application_hears_that_its_approval_was_undone(
    session: AsyncSession, officer: Person, teller: Person, manager: Person, take: Take, heard: Heard,
    to_review: Callable[..., Awaitable[dict[str, Any]]],
) -> None:  # fmt: skip
    application = await to_review(officer, teller)
    assert (await take(manager, application, "approve")).status_code == 200
    assert (await take(manager, application, "undo_approval", reason="The wrong loan")).status_code == 200
    await heard()
    theirs = select(Notification).where(Notification.user_id == officer.user.id)
    undone = [row for row in await session.scalars(theirs) if row.data["action"] == "undo_approval"]
    assert [(row.title, row.priority) for row in undone] == [("Approval undone", "high")]


async def test_nobody_hears_of_their_own_step(
    officer: Person, teller: Person, manager: Person, to_review: Callable[..., Awaitable[dict[str, Any]]],
    take: Take, heard: Heard, session: AsyncSession,
) -> None:  # fmt: skip
    application = await to_review(officer, teller)
    await take(manager, application, "approve", approved_amount=1000, approved_term=12, interest_rate=18)
    await heard()
    own = await session.scalars(
        select(Notification.id)
        .join(JournalEntry, JournalEntry.id == Notification.event_id)
        .where(JournalEntry.actor_id == Notification.user_id)
    )
    assert own.all() == []


async def test_a_manager_who_prepared_an_application_is_not_asked_to_decide_it(
    sign_in: SignIn, session: AsyncSession, branch: Branch, teller: Person, manager: Person, heard: Heard
) -> None:
    drafter, preparer = [await sign_in("manager", branch_id=branch.id) for _ in range(2)]
    session.add(application := an_application(drafter.user.id, branch_id=branch.id))
    await session.flush()
    application.preparers = [person.user.id for person in (drafter, preparer, teller)]
    session.add(moved(application.id, Stage.MANAGER_REVIEW, by=teller, drafted_by=drafter, branch_id=branch.id))
    await session.commit()
    assert await heard() == [
        (manager.user.id, "application_task", "MANAGER_REVIEW"),
        (drafter.user.id, "application_update", "MANAGER_REVIEW"),
    ]


def moved(
    application_id: UUID, target: Stage, *, by: Person | None, drafted_by: Person, branch_id: UUID | None
) -> JournalEntry:
    return JournalEntry.of(
        ApplicationMoved(
            actor_id=by.user.id if by else None,
            at=NOON,
            application_id=application_id,
            action=Action.SUBMIT,
            source=Stage.PO_CREATED,
            target=target,
            drafted_by=drafted_by.user.id,
            branch_id=branch_id,
        )
    )


async def test_an_application_without_a_branch_concerns_its_drafter_alone(
    sign_in: SignIn, session: AsyncSession, officer: Person, heard: Heard
) -> None:
    await sign_in("teller", branch_id=None)
    stranger = await sign_in("manager", branch_id=None)
    session.add(application := an_application(officer.user.id))
    await session.flush()
    session.add(moved(application.id, Stage.USER_COMPLETED, by=stranger, drafted_by=officer, branch_id=None))
    await session.commit()
    assert await heard() == [(officer.user.id, "application_update", "USER_COMPLETED")]


async def test_whoever_may_see_an_application_no_longer_hears_nothing_of_it(
    client: AsyncClient, session: AsyncSession, admin: Person, right_id: Named, sign_in: SignIn,
    officer: Person, teller: Person, branch: Branch, draft: Draft, take: Take, heard: Heard,
) -> None:  # fmt: skip
    application = await draft(officer)
    await take(officer, application, "submit")
    await heard()
    denied = {"permission_id": await right_id("application:read:branch"), "is_granted": False}
    url = f"/api/v1/users/{officer.user.id}/permissions"
    assert (await client.post(url, json=denied, headers=admin.headers)).status_code == 200
    await take(teller, application, "start")
    assert [one for one in await heard() if one[0] == officer.user.id] == []
    # the same where the work was never written down: a manager of people who reads no applications
    blind = await sign_in("teller", branch_id=branch.id)
    await client.post(f"/api/v1/users/{blind.user.id}/permissions", json=denied, headers=admin.headers)
    session.add(loose := an_application(officer.user.id, branch_id=branch.id))
    await session.flush()
    session.add(moved(loose.id, Stage.USER_COMPLETED, by=teller, drafted_by=officer, branch_id=branch.id))
    await session.commit()
    assert {officer.user.id, blind.user.id}.isdisjoint(person for person, *_ in await heard())


async def test_what_was_told_of_an_application_is_shown_as_long_as_it_may_be_seen(
    client: AsyncClient,
    session: AsyncSession,
    officer: Person,
    teller: Person,
    draft: Draft,
    take: Take,
    heard: Heard,
    other_branch: Branch,
) -> None:
    application = await draft(officer)
    await take(officer, application, "submit")
    await take(teller, application, "start")
    await heard()
    url = "/api/v1/users/notifications"

    async def told(person: Person) -> tuple[int, int, int]:
        listed = (await client.get(url, headers=person.headers)).json()
        summary = (await client.get(f"{url}/summary", headers=person.headers)).json()
        return listed["total"], len(listed["items"]), summary["unread_count"]

    assert (await told(officer), await told(teller)) == ((1, 1, 1), (1, 1, 1))
    (task,) = (await client.get(url, headers=teller.headers)).json()["items"]
    officer.user.branch_id = teller.user.branch_id = other_branch.id
    await session.commit()
    assert (await told(officer), await told(teller)) == ((1, 1, 1), (0, 0, 0))  # their own, and somebody else's
    read = await client.put(f"{url}/{task['id']}/read", headers=teller.headers)
    assert read.status_code == 404
    assert (await client.put(f"{url}/mark-all-read", headers=teller.headers)).json() == {"count": 0}


@pytest.mark.parametrize("how", ["suspended", "moved", "demoted"])
async def test_the_work_of_whoever_can_do_it_no_more_is_offered_to_others(
    how: str, client: AsyncClient, admin: Person, sign_in: SignIn, officer: Person,
    teller: Person, branch: Branch, draft: Draft, take: Take, tell: Tell, other_branch: Branch,
) -> None:  # fmt: skip
    away, back = {
        "suspended": ({"status": "suspended"}, {"status": "active"}),
        "moved": ({"branch_id": str(other_branch.id)}, {"branch_id": str(branch.id)}),
        "demoted": ({"role": "viewer"}, {"role": "teller"}),  # who still sees it
    }[how]
    colleague = await sign_in("teller", branch_id=branch.id)
    await take(officer, await draft(officer), "submit")

    async def claimable(person: Person) -> list[dict[str, Any]]:
        answer = await client.get("/api/v1/tasks", params={"queue": "claimable"}, headers=person.headers)
        return list(answer.json()["items"])

    (task,) = await claimable(teller)
    await client.post(f"/api/v1/tasks/{task['id']}/claim", headers=teller.headers)
    assert await claimable(colleague) == []
    account = f"/api/v1/users/{teller.user.id}"
    gone = await client.patch(account, json=away, headers=admin.headers)
    assert gone.status_code == 200, gone.text
    await tell()
    assert [(one["id"], one["owner"]) for one in await claimable(colleague)] == [(task["id"], None)]
    await client.post(f"/api/v1/tasks/{task['id']}/claim", headers=colleague.headers)
    await client.patch(account, json=back, headers=admin.headers)
    await tell()
    assert await claimable(colleague) == []  # it is the colleague's now


async def test_the_work_of_whoever_is_denied_it_goes_back_and_what_they_correct_stays_theirs(
    client: AsyncClient, session: AsyncSession, admin: Person, right_id: Named, officer: Person, teller: Person,
    draft: Draft, take: Take, tell: Tell,
) -> None:  # fmt: skip
    begun, returned = await draft(officer), await draft(officer)
    for loan, action in ((begun, "start"), (returned, "return")):
        await take(officer, loan, "submit")
        assert (await take(teller, loan, action, reason="The paper is torn")).status_code == 200
    for person in (teller, officer):
        denied = {"permission_id": await right_id("application:process:branch"), "is_granted": False}
        url = f"/api/v1/users/{person.user.id}/permissions"
        assert (await client.post(url, json=denied, headers=admin.headers)).status_code == 200
    await tell()
    owned = {
        row.application_id: row.owner_id for row in await session.scalars(select(Task).where(Task.closed_at.is_(None)))
    }
    assert owned == {UUID(begun["id"]): None, UUID(returned["id"]): officer.user.id}


async def test_the_decision_of_whoever_stood_in_goes_back_when_they_do_not_any_more(
    client: AsyncClient, session: AsyncSession, officer: Person, teller: Person, manager: Person, sign_in: SignIn,
    branch: Branch, to_review: Any, tell: Tell,
) -> None:  # fmt: skip
    deputy = await sign_in("officer", branch_id=branch.id)
    period = {"starts_at": NOON.isoformat(), "ends_at": (NOON + timedelta(days=3)).isoformat()}
    body = {"to_id": str(deputy.user.id), "role": "manager", "reason": "Away"} | period
    stands_in = await client.post(DELEGATIONS, json=body, headers=manager.headers)
    assert stands_in.status_code == 201, stands_in.text
    loan = await to_review(officer, teller)
    (task,) = await session.scalars(select(Task).where(Task.closed_at.is_(None)))
    claimed = await client.post(f"/api/v1/tasks/{task.id}/claim", headers=deputy.headers)
    assert claimed.status_code == 200, claimed.text
    await client.delete(f"{DELEGATIONS}/{stands_in.json()['id']}", headers=manager.headers)
    await tell()
    await session.refresh(task)
    assert (str(task.application_id), task.owner_id) == (loan["id"], None)


async def test_what_the_house_does_itself_concerns_the_drafter_too(
    session: AsyncSession, officer: Person, heard: Heard, sent: Sent
) -> None:
    session.add(application := an_application(officer.user.id))
    await session.flush()
    session.add(moved(application.id, Stage.RETURNED, by=None, drafted_by=officer, branch_id=None))
    await session.commit()
    assert await heard() == [(officer.user.id, "application_update", "RETURNED")]
    assert sent[0][1]["sender"] is None


async def test_a_draft_that_is_gone_concerns_nobody(
    session: AsyncSession, officer: Person, teller: Person, heard: Heard, tell: Tell
) -> None:
    session.add(moved(uuid4(), Stage.PO_CREATED, by=teller, drafted_by=officer, branch_id=None))
    await session.commit()
    assert await heard() == []
    assert await tell() == 0


async def test_a_fact_that_is_told_twice_is_notified_once(
    session: AsyncSession, officer: Person, teller: Person, draft: Draft, take: Take, heard: Heard, sent: Sent
) -> None:
    application = await draft(officer)
    await take(officer, application, "submit")
    first = await heard()
    for entry in await session.scalars(select(JournalEntry)):
        session.add(Untold(id=entry.id, number=entry.number, thread_id=entry.thread_id))
    await session.commit()
    assert await heard() == first == [(teller.user.id, "application_task", "USER_COMPLETED")]
    assert len(sent) == 1


async def test_a_notification_is_worded_stored_and_sent_alike(
    session: AsyncSession, officer: Person, teller: Person, draft: Draft, take: Take, heard: Heard, sent: Sent
) -> None:
    application = await draft(officer, priority_level="urgent")
    await take(officer, application, "submit")
    await heard()
    (row,) = await session.scalars(select(Notification))
    assert (row.title, row.message) == (
        "Application to process",
        "The application of SOK CHANTHY, submitted by Sokha Lim, waits to be processed.",
    )
    assert (row.priority, row.created_at, row.is_read, row.is_dismissed) == (Priority.URGENT, NOON, False, False)
    assert row.data == {
        "application_id": application["id"],
        "action": "submit",
        "workflow_status": "USER_COMPLETED",
        "title_khmer": "ពាក្យសុំរង់ចាំដំណើរការ",
        "message_khmer": "ពាក្យសុំរបស់ សុខ ចាន់ធី ដែល Sokha Lim បានដាក់ស្នើ កំពុងរង់ចាំដំណើរការ។",
    }
    assert sent == [
        (
            f"user:{teller.user.id}",
            {
                "type": "notification",
                "id": str(row.id),
                "title": row.title,
                "message": row.message,
                "data": row.data,
                "priority": "urgent",
                "timestamp": "2026-11-24T05:00:00Z",
                "sender": {"id": str(officer.user.id), "name": "Sokha Lim", "role": "officer"},
            },
        )
    ]


@pytest.mark.parametrize(
    ("wish", "is_dismissed"),
    [
        ({"in_app_notifications": {"application_task": False}}, True),
        ({"quiet_hours": {"enabled": True, "start_time": "11:00", "end_time": "13:00"}}, False),
    ],
    ids=["unwanted", "quiet"],
)
async def test_no_step_disturbs_who_wants_to_be_left_alone(
    client: AsyncClient, session: AsyncSession, sign_in: SignIn, branch: Branch, officer: Person, teller: Person,
    draft: Draft, take: Take, heard: Heard, sent: Sent, wish: dict[str, Any], *, is_dismissed: bool,
) -> None:  # fmt: skip
    other = await sign_in("teller", branch_id=branch.id)
    await client.put("/api/v1/users/notifications/preferences", json=wish, headers=teller.headers)
    await take(officer, await draft(officer), "submit")
    await heard()
    assert [pattern for pattern, _ in sent] == [f"user:{other.user.id}"]
    rows = {row.user_id: row.is_dismissed for row in await session.scalars(select(Notification))}
    assert rows == {teller.user.id: is_dismissed, other.user.id: False}


async def test_each_stage_of_an_approval_is_announced_once_to_whoever_holds_its_seat(
    session: AsyncSession, sign_in: SignIn, branch: Branch, officer: Person, teller: Person, manager: Person,
    to_review: Callable[..., Awaitable[dict[str, Any]]], publish: Publish, give: Give, decide: Decide, heard: Heard,
) -> None:  # fmt: skip
    await publish(BM | {"quorum": 2}, RM | {"scope": "branch"})
    second = await sign_in("manager", branch_id=branch.id)
    wish = {"reach": "branch", "branch_id": str(branch.id)}
    regional = await give(await sign_in("officer", branch_id=branch.id), "regional_manager", **wish)
    await give(await sign_in("officer", branch_id=branch.id), "regional_manager", **wish, limits={"USD": 10})
    await give(await sign_in("officer"), "regional_manager")  # holds the seat, and may not see the loan
    application = await to_review(officer, teller)

    async def asked() -> list[UUID]:
        found = [one for one in await heard() if one[1:] == ("application_task", "MANAGER_REVIEW")]
        return [person for person, *_ in found]

    assert set(await asked()) == {manager.user.id, second.user.id}
    await decide(manager, application)
    assert len(await asked()) == 2  # the stage waits as before
    await decide(second, application)
    assert (await asked())[2:] == [regional.user.id]

    async def told_again() -> list[UUID]:
        for entry in await session.scalars(select(JournalEntry).where(JournalEntry.kind == "DecisionAwaited")):
            session.add(Untold(id=entry.id, number=entry.number, thread_id=entry.thread_id))
        await session.commit()
        return await asked()

    assert (await told_again())[2:] == [regional.user.id]
    decides = (Notification.user_id == regional.user.id) & (Notification.title == "Application to decide")
    (row,) = await session.scalars(select(Notification).where(decides))
    assert row.message.startswith("The application of SOK CHANTHY passed a stage by Chanthy Sok")
    await decide(regional, application)
    await give(await sign_in("officer", branch_id=branch.id), "regional_manager", **wish)
    assert (await told_again())[2:] == [regional.user.id]  # there is nothing left to decide


async def test_who_is_given_work_by_a_colleague_hears_of_it_and_who_takes_it_themselves_does_not(
    client: AsyncClient, sign_in: SignIn, branch: Branch, officer: Person, teller: Person, draft: Draft, take: Take,
    heard: Heard,
) -> None:  # fmt: skip
    manager = await sign_in("manager", branch_id=branch.id)
    assert (await take(officer, await draft(officer), "submit")).status_code == 200
    (task,) = (await client.get("/api/v1/tasks?queue=team", headers=manager.headers)).json()["items"]
    before = await heard()
    for person, given_to in ((manager, teller), (teller, teller), (manager, officer)):
        wish = {"user_id": str(given_to.user.id)}
        await client.post(f"/api/v1/tasks/{task['id']}/assign", json=wish, headers=person.headers)
    told = (await heard())[len(before) :]
    assert told == [(who.user.id, "application_task", "USER_COMPLETED") for who in (teller, officer)]
