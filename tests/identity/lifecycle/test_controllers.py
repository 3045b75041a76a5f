"""People come, are let in again, and leave: over HTTP."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from httpx import AsyncClient
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.identity.events import UnlockRequested
from lc_workflow.identity.lifecycle.jobs import SHUT_LEAVERS_OUT
from lc_workflow.identity.roles.models import UserPermission
from lc_workflow.identity.rules.statuses import UserStatus
from lc_workflow.identity.users.models import Session, User
from lc_workflow.lending.applications.models import Assignment
from lc_workflow.lending.rules.stages import Stage
from lc_workflow.lending.rules.terms import AssignmentRole
from lc_workflow.organization.branches.models import Branch
from lc_workflow.platform.jobs import Workplace
from lc_workflow.platform.journal.models import JournalEntry
from tests.conftest import Person, SignIn
from tests.identity.factories import a_session, a_user
from tests.identity.rights import Named
from tests.lending.factories import an_application
from tests.moments import NOON
from tests.organization.factories import a_branch, a_department, an_employee

Act = Callable[..., Awaitable[Any]]


@pytest.fixture
def act(client: AsyncClient, admin: Person) -> Act:
    """Do something to an account as the administrator, or as somebody else."""

    async def act(user: User | UUID, what: str, status: int = 200, person: Person = admin, **body: Any) -> Any:
        user_id = user.id if isinstance(user, User) else user
        answer = await client.post(f"/api/v1/users/{user_id}/{what}", json=body or None, headers=person.headers)
        assert answer.status_code == status, answer.text
        return answer.json()

    return act


@pytest.fixture
def reason_of(session: AsyncSession) -> Callable[[str], Awaitable[Any]]:
    """The reason that the journal keeps with the only fact of a kind."""

    async def reason_of(kind: str) -> Any:
        return (await session.scalars(select(JournalEntry.facts).where(JournalEntry.kind == kind))).one()["reason"]

    return reason_of


@pytest.fixture
def night(workplace: Workplace) -> Callable[[int], Awaitable[None]]:
    """Let the night pass that ends so many days from now."""

    async def night(days: int) -> None:
        await SHUT_LEAVERS_OUT.do(replace(workplace, clock=lambda: NOON + timedelta(days=days)), {})

    return night


def day(days: int) -> str:
    """The date so many days from now."""
    return (NOON + timedelta(days=days)).date().isoformat()


async def kept(session: AsyncSession, *rows: Any) -> None:
    session.add_all(rows)
    await session.commit()


async def test_onboarding_shows_what_is_done_and_ends_when_the_needed_is(
    client: AsyncClient, session: AsyncSession, admin: Person, act: Act, announced: Any
) -> None:
    user = a_user(password_hash=None, status=UserStatus.PENDING, created_at=NOON - timedelta(days=3))
    await kept(session, user)
    url = f"/api/v1/users/{user.id}/lifecycle/onboarding"
    shown = (await client.get(url, headers=admin.headers)).json()
    assert (shown["progress_percentage"], shown["total_steps"], shown["days_since_creation"]) == (0, 8, 3)
    assert shown["user_info"] == {
        "username": user.username,
        "email": user.email,
        "full_name": f"{user.first_name} {user.last_name}",
        "role": "officer",
        "department": None,
        "branch": None,
        "line_manager": None,
    }
    assert set(shown["applicable_steps"][0]) == {"id", "title", "description", "required", "completed"}
    refused = await act(user, "lifecycle/onboarding/complete", 422)
    assert refused["code"] == "OnboardingUnfinished"
    assert "first sign-in" in refused["detail"]

    user.status, user.password_hash, user.login_count, user.phone_number = UserStatus.ACTIVE, "x", 1, "012"
    await session.commit()
    done = await act(user, "lifecycle/onboarding/complete")
    assert (done["onboarding_completed"], done["completed_steps"]) == (True, 4)
    assert done["onboarding_completed_at"] == "2026-11-24T05:00:00Z"
    assert [entry["event"] for entry in done["timeline"]] == ["OnboardingCompleted"]
    assert (await act(user, "lifecycle/onboarding/complete", 422))["code"] == "AlreadyOnboarded"
    assert (await act(user, "lifecycle/onboarding/restart"))["onboarding_completed"] is False
    assert (await act(user, "lifecycle/onboarding/restart", 422))["code"] == "NotOnboarded"
    assert await announced() == ["OnboardingCompleted", "OnboardingRestarted"]


async def test_onboarding_says_where_a_newcomer_works_and_for_whom(
    client: AsyncClient, session: AsyncSession, admin: Person, branch: Branch
) -> None:
    chief, credit = an_employee(branch_id=branch.id, full_name_latin="SOK DARA"), a_department(name="Credit")
    await kept(session, chief, credit)
    user = a_user(branch_id=branch.id, department_id=credit.id, line_manager_id=chief.id, created_at=NOON)
    await kept(session, user)
    url = f"/api/v1/users/{user.id}/lifecycle/onboarding"
    shown = (await client.get(url, headers=admin.headers)).json()
    assert shown["days_since_creation"] == 0
    newcomer = shown["user_info"]
    assert (newcomer["department"], newcomer["branch"], newcomer["line_manager"]) == ("Credit", branch.name, "SOK DARA")


async def test_a_timeline_tells_of_one_account_the_latest_first(
    client: AsyncClient, session: AsyncSession, admin: Person, act: Act
) -> None:
    await kept(session, *(people := [a_user() for _ in range(2)]))
    for person, reason in zip(people, ("Moves away", "Retires"), strict=True):
        await act(person, "lifecycle/offboarding/initiate", reason=reason)
    await act(people[0], "lifecycle/offboarding/cancel")
    url = f"/api/v1/users/{people[0].id}/lifecycle/onboarding"
    timeline = (await client.get(url, headers=admin.headers)).json()["timeline"]
    assert [entry["event"] for entry in timeline] == [
        "OffboardingCancelled", "OffboardingInitiated", "AccountStatusMoved"
    ]  # fmt: skip
    assert timeline[0]["description"] == "It was said that the person stays."
    assert timeline[-1]["description"] == "The account went from active to inactive."


@pytest.mark.parametrize(
    "kept_out",
    [{"failed_login_attempts": 3}, {"locked_until": NOON + timedelta(minutes=20)}],
    ids=["counted", "locked"],
)
async def test_an_account_is_unlocked_of_a_lock_and_of_wrong_passwords_alike(
    session: AsyncSession, act: Act, announced: Any, kept_out: dict[str, Any]
) -> None:
    await kept(session, user := a_user(**kept_out))
    answer = await act(user, "unlock-account")
    assert (answer["is_locked"], answer["failed_login_attempts"]) == (False, 0)
    assert await announced() == ["AccountUnlocked"]


@pytest.mark.parametrize("door", ["unlock-account", "reset-lockout", "reset-login-attempts"])
async def test_an_administrator_lets_people_in_again(
    client: AsyncClient, session: AsyncSession, act: Act, announced: Any, door: str
) -> None:
    user = a_user(failed_login_attempts=5, locked_until=NOON + timedelta(minutes=20))
    await kept(session, user)
    answer = await act(user, door)
    assert (answer["is_locked"], answer["failed_login_attempts"]) == (False, 0)
    await act(user, door)
    assert await announced() == ["AccountUnlocked"]
    entry = await client.post("/api/v1/auth/login", data={"username": user.username, "password": "Demo#2026pass"})
    assert entry.status_code == 200


async def test_colleagues_ask_for_a_lock_to_be_taken_away(
    session: AsyncSession, sign_in: SignIn, act: Act, announced: Any, reason_of: Any, branch: Branch
) -> None:
    manager = await sign_in("manager", branch_id=branch.id)
    locked = a_user(branch_id=branch.id, failed_login_attempts=5, locked_until=NOON + timedelta(minutes=20))
    open_, elsewhere = a_user(branch_id=branch.id), a_user()
    await kept(session, locked, open_, elsewhere)
    answer = await act(locked, "request-unlock", 202, manager, reason="She is back")
    assert answer["is_locked"] is True
    assert (await act(open_, "request-unlock", 422, manager))["code"] == "NotLocked"
    assert (await act(elsewhere, "request-unlock", 404, manager))["code"] == "Missing"
    assert (await act(locked, "unlock-account", 403, manager))["code"] == "NotPermitted"
    assert await announced() == ["UnlockRequested"]
    assert await reason_of("UnlockRequested") == "She is back"
    assert (await act(locked, "request-unlock", 202, manager))["is_locked"] is True  # one need not say why


async def test_accounts_get_a_status_together_and_each_refusal_is_named(
    client: AsyncClient, session: AsyncSession, admin: Person, announced: Any
) -> None:
    one, two, gone = a_user(), a_user(status=UserStatus.SUSPENDED), a_user(status=UserStatus.ARCHIVED)
    await kept(session, one, two, gone)
    await kept(session, a_session(one.id))
    nobody = "00000000-0000-4000-8000-000000000000"
    wish = {
        "user_ids": [str(one.id), str(two.id), str(gone.id), str(admin.user.id), nobody, str(one.id)],
        "status": "suspended",
        "reason": "Under review",
    }
    answer = (await client.post("/api/v1/users/bulk/status", json=wish, headers=admin.headers)).json()
    assert {name: answer[name] for name in ("total", "successful_updates", "unchanged", "failed")} == {
        "total": 5, "successful_updates": 1, "unchanged": 1, "failed": 3,
    }  # fmt: skip
    assert {failure["code"] for failure in answer["errors"]} == {"NoSuchStatusMove", "NotYoursToChange", "Missing"}
    await session.refresh(one)
    await session.refresh(gone)
    assert (one.status, one.status_reason, gone.status) == ("suspended", "Under review", "archived")
    assert (await session.scalars(select(Session.ended_at).where(Session.user_id == one.id))).all() == [NOON]
    assert await announced() == ["AccountChanged", "AccountStatusMoved"]


async def test_who_leaves_is_shut_out_and_their_work_goes_to_the_named_colleague(
    session: AsyncSession, admin: Person, act: Act, branch: Branch, announced: Any
) -> None:
    leaver, colleague = a_user(branch_id=branch.id), a_user(branch_id=branch.id)
    await kept(session, leaver, colleague)
    desk, other_desk = (an_employee(branch_id=branch.id, user_id=user.id) for user in (leaver, colleague))
    running, decided = (
        an_application(leaver.id, branch_id=branch.id, workflow_status=stage)
        for stage in (Stage.USER_COMPLETED, Stage.APPROVED)
    )
    await kept(session, desk, other_desk, running, decided, a_session(leaver.id))
    await kept(
        session,
        *(
            Assignment(
                application_id=application.id,
                employee_id=desk.id,
                assignment_role=role,
                assigned_at=NOON,
                assigned_by=admin.user.id,
            )
            for application, role in (
                (running, AssignmentRole.PRIMARY_OFFICER),
                (running, AssignmentRole.REVIEWER),
                (decided, AssignmentRole.PRIMARY_OFFICER),
            )
        ),
    )
    answer = await act(leaver, "lifecycle/offboarding/initiate", reason="Moves to Siem Reap")
    assert (answer["status"], answer["account_status"]) == ("initiated", "inactive")
    assert (answer["ended_sessions"], answer["open_work"], answer["handed_over"]) == (1, 2, 0)
    again = await act(leaver, "lifecycle/offboarding/initiate", 422)
    assert again["code"] == "AlreadyLeaving"
    assert (await act(leaver, "lifecycle/offboarding/complete", 422))["code"] == "SuccessorNeeded"
    for successor, code in ((leaver, "UnfitSuccessor"), (admin.user, "NotFieldStaff")):
        refused = await act(leaver, "lifecycle/offboarding/complete", 422, successor_id=str(successor.id))
        assert refused["code"] == code
    answer = await act(leaver, "lifecycle/offboarding/complete", successor_id=str(colleague.id))
    assert (answer["status"], answer["account_status"], answer["handed_over"]) == ("completed", "archived", 2)
    assert answer["open_work"] == 0
    rows = await session.execute(
        select(Assignment.application_id, Assignment.assignment_role).where(
            Assignment.employee_id == other_desk.id, Assignment.is_active
        )
    )
    assert {row.application_id for row in rows} == {running.id}
    for employee in (desk, other_desk):
        await session.refresh(employee)
    assert (desk.is_active, other_desk.is_active) == (False, True)  # who has left is not asked to look after more
    kinds = await announced()
    assert kinds.count("EmployeeReleased") == kinds.count("EmployeeAssigned") == 2
    assert kinds.count("EmployeeRetired") == 1
    assert kinds[-1] == "OffboardingCompleted"
    assert (await act(leaver, "lifecycle/offboarding/complete", 422))["code"] == "NotLeaving"
    assert (await act(leaver, "lifecycle/offboarding/initiate", 422))["code"] == "AlreadyLeaving"


@pytest.mark.parametrize(("notes", "kept_reason"), [({}, "Moves away"), ({"notes": "Left the keys"}, "Left the keys")])
async def test_an_account_says_why_its_person_left(
    session: AsyncSession, act: Act, notes: dict[str, str], kept_reason: str
) -> None:
    await kept(session, leaver := a_user())
    await act(leaver, "lifecycle/offboarding/initiate", reason="Moves away")
    await act(leaver, "lifecycle/offboarding/complete", **notes)
    await session.refresh(leaver)
    assert leaver.status_reason == kept_reason


async def test_nobody_sees_out_or_unlocks_somebody_above_themselves(
    session: AsyncSession, admin: Person, manager: Person, right_id: Named, act: Act, announced: Any
) -> None:
    right = await right_id("user:manage:all")
    given = {"user_id": manager.user.id, "is_granted": True, "given_by": admin.user.id, "given_at": NOON}
    await kept(session, UserPermission(permission_id=right, **given))
    for door in ("initiate", "move", "cancel", "complete"):
        refused = await act(admin.user, f"lifecycle/offboarding/{door}", 403, manager, last_working_day=day(1))
        assert refused["code"] == "RoleAboveOwn"
    assert (await act(admin.user, "unlock-account", 403, manager))["code"] == "RoleAboveOwn"
    assert await announced() == []


async def test_only_a_colleague_who_works_here_is_named_as_successor(
    session: AsyncSession, act: Act, announced: Any
) -> None:
    leaver, left = a_user(), a_user(status=UserStatus.ARCHIVED)
    await kept(session, leaver, left)
    refusals = {str(uuid4()): (404, "Missing"), **{str(one.id): (422, "UnfitSuccessor") for one in (leaver, left)}}
    for successor, (status, code) in refusals.items():
        refused = await act(leaver, "lifecycle/offboarding/initiate", status, successor_id=successor)
        assert refused["code"] == code
    assert await announced() == []


async def test_work_goes_only_to_somebody_who_can_do_it(
    session: AsyncSession, admin: Person, act: Act, branch: Branch
) -> None:
    session.add(elsewhere := a_branch(name="Siem Reap", code="SR01"))
    leaver, colleague = a_user(), a_user()
    await kept(session, leaver, colleague)
    desk = an_employee(branch_id=branch.id, user_id=leaver.id)
    running = an_application(leaver.id, branch_id=branch.id, workflow_status=Stage.USER_COMPLETED)
    await kept(session, desk, an_employee(branch_id=elsewhere.id, user_id=colleague.id), running)
    role = AssignmentRole.REVIEWER
    await kept(
        session,
        Assignment(
            application_id=running.id,
            employee_id=desk.id,
            assignment_role=role,
            assigned_at=NOON,
            assigned_by=admin.user.id,
        ),
    )
    wish = {"successor_id": str(colleague.id), "last_working_day": "2026-12-24"}
    answer = await act(leaver, "lifecycle/offboarding/initiate", **wish)
    assert (answer["account_status"], answer["ended_sessions"]) == ("active", 0)  # a month is left to work
    refused = await act(leaver, "lifecycle/offboarding/complete", 422)
    assert refused["code"] == "EmployeeOfAnotherBranch"
    await session.refresh(leaver)
    assert leaver.status is UserStatus.ACTIVE


async def test_nobody_is_let_in_after_their_last_day_unless_somebody_says_so(
    client: AsyncClient, session: AsyncSession, act: Act, sign_in: SignIn, night: Any
) -> None:
    leaver = await sign_in("officer")
    wish = {"reason": "Moves to Siem Reap", "last_working_day": day(2)}
    await act(leaver.user, "lifecycle/offboarding/initiate", **wish)

    async def works_after(days: int) -> bool:
        await night(days)
        return (await client.get("/api/v1/auth/me", headers=leaver.headers)).status_code == 200

    assert await works_after(2)
    assert not await works_after(3)
    await session.refresh(leaver.user)
    assert (leaver.user.status, leaver.user.status_reason) == ("inactive", wish["reason"])
    ends = select(Session.ended_at).where(Session.user_id == leaver.user.id)
    assert await session.scalar(ends) == NOON + timedelta(days=3)
    leaver.user.status = UserStatus.ACTIVE  # they stay a week longer
    await session.commit()
    await works_after(4)
    await session.refresh(leaver.user)
    assert leaver.user.status is UserStatus.ACTIVE


async def test_the_night_shuts_out_everybody_whose_last_day_is_over(
    session: AsyncSession, act: Act, night: Any
) -> None:
    await kept(session, *(leavers := [a_user() for _ in range(2)]))
    for leaver in leavers:
        await act(leaver, "lifecycle/offboarding/initiate", last_working_day=day(1))
    asked = UnlockRequested(actor_id=None, at=NOON + timedelta(days=2), user_id=leavers[0].id, reason=None)
    await kept(session, JournalEntry.of(asked))  # that decides nothing
    await night(2)
    for leaver in leavers:
        await session.refresh(leaver)
        assert leaver.status is UserStatus.INACTIVE


async def test_a_leaver_who_was_let_in_again_before_their_last_day_is_still_shut_out_after_it(
    client: AsyncClient, session: AsyncSession, admin: Person, act: Act, night: Any
) -> None:
    await kept(session, leaver := a_user())
    await act(leaver, "lifecycle/offboarding/initiate", last_working_day=day(1))
    for status in ("suspended", "active"):
        wish = {"user_ids": [str(leaver.id)], "status": status, "reason": "Under review"}
        assert (await client.post("/api/v1/users/bulk/status", json=wish, headers=admin.headers)).status_code == 200
    await night(2)
    await session.refresh(leaver)
    assert leaver.status is UserStatus.INACTIVE


async def test_whoever_was_shut_out_at_once_and_let_in_again_stays_in(
    client: AsyncClient, session: AsyncSession, admin: Person, act: Act, night: Any
) -> None:
    await kept(session, leaver := a_user())
    assert (await act(leaver, "lifecycle/offboarding/initiate", last_working_day=day(0)))[
        "account_status"
    ] == "inactive"
    wish = {"user_ids": [str(leaver.id)], "status": "active", "reason": "Stays for the inventory"}
    assert (await client.post("/api/v1/users/bulk/status", json=wish, headers=admin.headers)).status_code == 200
    await night(1)
    await session.refresh(leaver)
    assert leaver.status is UserStatus.ACTIVE


async def test_a_suspended_leaver_stays_suspended(session: AsyncSession, act: Act, night: Any) -> None:
    await kept(session, leaver := a_user())
    await act(leaver, "lifecycle/offboarding/initiate", last_working_day=day(1))
    leaver.status = UserStatus.SUSPENDED
    await session.commit()
    await night(2)
    await session.refresh(leaver)
    assert leaver.status is UserStatus.SUSPENDED


async def test_a_last_day_is_moved_and_taken_back(
    client: AsyncClient,
    session: AsyncSession,
    admin: Person,
    act: Act,
    sign_in: SignIn,
    night: Any,
    announced: Any,
    reason_of: Any,
) -> None:
    leaver, officer = await sign_in("officer"), await sign_in("officer")
    await kept(session, another := a_user())
    await act(another, "lifecycle/offboarding/initiate", last_working_day=day(30))
    for door in ("move", "cancel"):
        wish = {"last_working_day": day(3)}
        assert (await act(leaver.user, f"lifecycle/offboarding/{door}", 422, **wish))["code"] == "NotLeaving"
        assert (await act(leaver.user, f"lifecycle/offboarding/{door}", 403, officer, **wish))["code"] == "NotPermitted"

    async def works_after(days: int) -> bool:
        await night(days)
        return (await client.get("/api/v1/auth/me", headers=leaver.headers)).status_code == 200

    await act(leaver.user, "lifecycle/offboarding/initiate", last_working_day=day(2), reason="Moves away")
    moved = await act(leaver.user, "lifecycle/offboarding/move", last_working_day=day(4), reason="A week more")
    assert (moved["status"], moved["last_working_day"], moved["reason"]) == ("initiated", day(4), "Moves away")
    url = f"/api/v1/users/{leaver.user.id}/lifecycle/offboarding"
    assert (await client.get(url, headers=admin.headers)).json() == moved
    assert (await client.get(url, headers=officer.headers)).status_code == 403
    assert await works_after(4)
    stays = await act(leaver.user, "lifecycle/offboarding/cancel", reason="Stays after all")
    assert (stays["status"], stays["account_status"], stays["ended_sessions"]) == ("cancelled", "active", 0)
    assert await reason_of("OffboardingCancelled") == "Stays after all"
    assert (await client.get(url, headers=admin.headers)).status_code == 404
    assert await works_after(6)
    assert (await act(leaver.user, "lifecycle/offboarding/complete", 422))["code"] == "NotLeaving"
    await act(leaver.user, "lifecycle/offboarding/initiate", last_working_day=day(7))
    out = await act(leaver.user, "lifecycle/offboarding/move", last_working_day=day(0))
    assert (out["account_status"], out["ended_sessions"]) == ("inactive", 1)
    assert [kind for kind in await announced() if kind.startswith("Offboarding")] == [
        "OffboardingInitiated", "OffboardingInitiated", "OffboardingMoved", "OffboardingCancelled",
        "OffboardingInitiated", "OffboardingMoved",
    ]  # fmt: skip


async def test_whoever_leaves_before_they_came_does_not_come_in_with_their_code(
    client: AsyncClient, session: AsyncSession, act: Act, night: Any
) -> None:
    await kept(session, *(people := [a_user(status=UserStatus.PENDING) for _ in range(2)]))
    for days, person in enumerate(people):
        code = (await act(person, "activation", 201))["code"]
        await act(person, "lifecycle/offboarding/initiate", last_working_day=day(days))
        await night(2)
        wish = {"username": person.username, "code": code, "password": "Own#2026pass"}
        refused = await client.post("/api/v1/auth/activate", json=wish)
        assert refused.json().get("code") == "ActivationCodeInvalid", refused.text


async def test_the_last_administrator_is_not_shut_out_by_the_night_and_others_are(
    client: AsyncClient, session: AsyncSession, admin: Person, act: Act, sign_in: SignIn, night: Any
) -> None:
    other, officer = await sign_in("admin", id=UUID(int=1)), await sign_in("officer", id=UUID(int=2))
    for leaver in (other, officer):
        await act(leaver.user, "lifecycle/offboarding/initiate", last_working_day=day(1))
    admin.user.status = UserStatus.INACTIVE
    await session.commit()
    await night(2)
    answers = [await client.get("/api/v1/auth/me", headers=person.headers) for person in (other, officer)]
    assert [answer.status_code for answer in answers] == [200, 401]


async def test_nobody_sees_themselves_out_and_the_last_administrator_stays(
    client: AsyncClient, session: AsyncSession, admin: Person, act: Act, sign_in: SignIn
) -> None:
    for door in ("lifecycle/offboarding/initiate", "unlock-account"):
        assert (await act(admin.user, door, 403))["code"] == "NotYoursToChange"
    officer = await sign_in("officer")
    assert (await act(admin.user, "lifecycle/offboarding/initiate", 403, officer))["code"] == "NotPermitted"
    shown = await client.get(f"/api/v1/users/{admin.user.id}/lifecycle/onboarding", headers=officer.headers)
    assert shown.status_code == 404
