"""The first page, within what somebody may see."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

from httpx import AsyncClient
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from lc_workflow.identity.events import AccountLocked, OnboardingCompleted
from lc_workflow.identity.rules.statuses import UserStatus
from lc_workflow.lending.events import ApplicationDrafted
from lc_workflow.lending.rules.stages import Stage
from lc_workflow.organization.branches.models import Branch
from lc_workflow.platform.journal.models import JournalEntry
from tests.conftest import Person, SignIn
from tests.identity.factories import a_user
from tests.lending.factories import an_application
from tests.lending.steps import Draft, Take
from tests.moments import NOON
from tests.organization.factories import a_branch, a_department, an_employee
from tests.statements import sent

URL = "/api/v1/dashboard"
ToReview = Callable[..., Awaitable[dict[str, Any]]]


def ago(**time: int) -> datetime:
    return NOON - timedelta(**time)


async def test_a_manager_counts_their_branch_and_an_administrator_everything(
    client: AsyncClient,
    session: AsyncSession,
    engine: AsyncEngine,
    sign_in: SignIn,
    branch: Branch,
    draft: Draft,
    take: Take,
    other_branch: Branch,
) -> None:
    manager, admin = await sign_in("manager", branch_id=branch.id), await sign_in("admin")
    here, there = await sign_in("officer", branch_id=branch.id), await sign_in("officer", branch_id=other_branch.id)
    await draft(here)
    submitted = await draft(here, id_number="2")
    await take(here, submitted, "submit")
    comments = f"/api/v1/applications/{submitted['id']}/comments"
    asked = await client.post(comments, json={"text": "Is there a land title?"}, headers=here.headers)
    assert asked.status_code == 201, "it is on record, and no move"
    await draft(there, id_number="3")
    other_branch.is_active = False
    await session.commit()

    with sent(engine) as statements:
        mine = (await client.get(f"{URL}/stats", headers=manager.headers)).json()
    assert len([said for said, _ in statements if "SELECT" in said]) == 2, "who asks, and everything"
    assert mine["applications"] == {
        "total": 2, "draft": 1, "submitted": 1, "pending": 1, "under_review": 0, "approved": 0, "rejected": 0,
    }  # fmt: skip
    assert (mine["users"]["total"], mine["users"]["officers"], mine["branches"]) == (2, 1, {"total": 2, "active": 1})
    assert mine["files"] == {"total": 0, "total_size": 0}
    everything = (await client.get(f"{URL}/stats", headers=admin.headers)).json()
    assert (everything["applications"]["total"], everything["users"]["total"]) == (3, 4)

    recent = (await client.get(f"{URL}/recent-applications?limit=1&today_only=true", headers=manager.headers)).json()
    assert len(recent) == 1
    timeline = (await client.get(f"{URL}/activity-timeline?days=7", headers=manager.headers)).json()
    assert [entry["title"] for entry in timeline if entry["type"] == "application"] == [
        "Application moved to USER_COMPLETED",
        "Application drafted",
        "Application drafted",
    ]
    assert [entry["status"] for entry in timeline if entry["type"] == "application"] == ["submitted", "draft", "draft"]


async def test_the_first_page_tells_who_works_what_is_open_and_what_waits(
    client: AsyncClient, session: AsyncSession, branch: Branch, officer: Person, admin: Person
) -> None:
    async def counted() -> dict[str, dict[str, int]]:
        found: dict[str, dict[str, int]] = (await client.get(f"{URL}/stats", headers=admin.headers)).json()
        return found

    before = await counted()
    session.add_all(a_user(status=status) for status in (UserStatus.ACTIVE, UserStatus.INACTIVE, UserStatus.ARCHIVED))
    session.add_all(
        make(is_active=is_active) for make in (a_branch, a_department) for is_active in (True, False, False)
    )
    session.add_all(
        an_application(officer.user.id, branch_id=branch.id, workflow_status=stage)
        for stage in (Stage.USER_COMPLETED, Stage.TELLER_PROCESSING, Stage.MANAGER_REVIEW)
    )
    await session.commit()
    after = await counted()
    more = {
        what: {name: count - before[what][name] for name, count in counts.items() if count != before[what][name]}
        for what, counts in after.items()
    }
    assert more == {
        "applications": {"total": 3, "submitted": 1, "under_review": 2, "pending": 3},
        "users": {"total": 3, "active": 1, "inactive": 2, "officers": 3},
        "departments": {"total": 3, "active": 1},
        "branches": {"total": 3, "active": 1},
        "files": {},
    }


async def test_where_nothing_was_decided_yet_nothing_is_measured(client: AsyncClient, manager: Person) -> None:
    assert (await client.get(f"{URL}/performance-metrics", headers=manager.headers)).json() == {
        "applications_processed_30d": 0,
        "average_processing_time_days": 0,
        "approval_rate_percentage": 0,
        "active_users_today": 0,
    }


async def test_the_speed_of_decisions_is_measured(
    client: AsyncClient, sign_in: SignIn, branch: Branch, to_review: ToReview, take: Take
) -> None:
    officer, teller = await sign_in("officer", branch_id=branch.id), await sign_in("teller", branch_id=branch.id)
    manager = await sign_in("manager", branch_id=branch.id)
    for action, body in (("approve", {}), ("reject", {"reason": "No"})):
        await take(manager, await to_review(officer, teller), action, **body)
    assert (await client.get(f"{URL}/performance-metrics", headers=manager.headers)).json() == {
        "applications_processed_30d": 2,
        "average_processing_time_days": 0,
        "approval_rate_percentage": 50,
        "active_users_today": 0,
    }


async def test_decisions_of_thirty_days_are_measured_within_reach(
    client: AsyncClient, session: AsyncSession, branch: Branch, officer: Person, manager: Person, other_branch: Branch
) -> None:
    session.add_all(
        an_application(officer.user.id, branch_id=place.id, workflow_status=stage, submitted_at=submitted, **decided)
        for place, stage, submitted, decided in (
            (branch, Stage.APPROVED, ago(days=3), {"approved_at": ago(days=2)}),
            (branch, Stage.DISBURSED, ago(days=5), {"approved_at": ago(days=2)}),
            (branch, Stage.REJECTED, ago(days=2, hours=12), {"rejected_at": ago(days=2)}),
            (branch, Stage.APPROVED, ago(days=41), {"approved_at": ago(days=31)}),  # long ago
            (branch, Stage.PO_CREATED, ago(days=41), {"rejected_at": ago(days=1)}),  # reopened since
            (other_branch, Stage.APPROVED, ago(days=9), {"approved_at": ago(days=2)}),  # not theirs to see
        )
    )
    for person, last in ((officer, ago(hours=12)), (manager, ago(hours=12, seconds=1))):  # midnight, and before it
        person.user.last_activity_at = last
    session.add(a_user(branch_id=other_branch.id, last_activity_at=NOON))
    await session.commit()
    assert (await client.get(f"{URL}/performance-metrics", headers=manager.headers)).json() == {
        "applications_processed_30d": 3,
        "average_processing_time_days": 1.5,
        "approval_rate_percentage": 66.67,
        "active_users_today": 1,
    }


async def test_the_newest_applications_one_may_see_come_first(
    client: AsyncClient, session: AsyncSession, branch: Branch, officer: Person, manager: Person, other_branch: Branch
) -> None:
    midnight = NOON - timedelta(hours=12)
    moments = {"first": NOON - timedelta(hours=1), "last": midnight - timedelta(seconds=1), "middle": midnight}
    session.add_all(
        an_application(officer.user.id, branch_id=branch.id, full_name_latin=name, created_at=at)
        for name, at in moments.items()
    )
    session.add(an_application(officer.user.id, branch_id=other_branch.id, full_name_latin="elsewhere"))
    await session.commit()

    async def shown(**wanted: Any) -> list[str]:
        page = (await client.get(f"{URL}/recent-applications", params=wanted, headers=manager.headers)).json()
        return [row["full_name_latin"] for row in page]

    assert await shown() == ["first", "middle", "last"]
    assert await shown(limit=2) == ["first", "middle"]
    assert await shown(today_only=True) == ["first", "middle"]


async def test_the_timeline_tells_of_applications_and_accounts_within_reach_and_days(
    client: AsyncClient, session: AsyncSession, branch: Branch, officer: Person, manager: Person, other_branch: Branch
) -> None:
    stranger = a_user(branch_id=other_branch.id)
    colleague = a_user(branch_id=branch.id, first_name="Bopha", last_name="Keo")
    session.add_all([stranger, colleague])
    await session.flush()
    loans = [
        an_application(officer.user.id, branch_id=place.id, full_name_latin=latin_name, full_name_khmer=khmer_name)
        for place, latin_name, khmer_name in (
            (branch, "CHAN DARA", "ចាន់ ដារ៉ា"),
            (branch, None, "សុខ ចាន់ធី"),
            (branch, None, None),
            (other_branch, "ELSEWHERE", None),
        )
    ]
    session.add_all(loans)
    await session.flush()
    said: dict[str, Any] = {"actor_id": officer.user.id, "at": NOON - timedelta(days=1)}
    long_ago = said | {"at": NOON - timedelta(days=7, seconds=1)}
    session.add_all(
        JournalEntry.of(fact)
        for fact in (
            ApplicationDrafted(**long_ago, application_id=loans[0].id, customer_id=None),
            AccountLocked(**long_ago, user_id=colleague.id, until=NOON.isoformat()),
            *(ApplicationDrafted(**said, application_id=loan.id, customer_id=None) for loan in loans),
            OnboardingCompleted(**said, user_id=colleague.id),  # of no interest here
            *(
                AccountLocked(**said | {"at": NOON}, user_id=person.id, until=NOON.isoformat())
                for person in (colleague, stranger)
            ),
        )
    )
    await session.commit()

    async def told(days: int) -> list[tuple[str, str, str]]:
        answer = await client.get(f"{URL}/activity-timeline?days={days}", headers=manager.headers)
        return sorted((entry["type"], entry["title"], entry["description"]) for entry in answer.json())

    drafted = [("application", "Application drafted", name) for name in ("", "CHAN DARA", "សុខ ចាន់ធី")]
    locked = ("user", "Account locked", "Bopha Keo")
    assert await told(7) == [*drafted, locked]
    assert await told(8) == sorted([*drafted, drafted[1], locked, locked])
    newest = (await client.get(f"{URL}/activity-timeline", headers=manager.headers)).json()[0]
    assert (newest["type"], newest["action"], newest["status"]) == ("user", "locked", None)


async def test_places_count_their_people(
    client: AsyncClient, session: AsyncSession, sign_in: SignIn, branch: Branch
) -> None:
    session.add_all([department := a_department(), elsewhere := a_branch(), another := a_department()])
    await session.flush()
    session.add_all(
        [
            an_employee(branch_id=branch.id, department_id=department.id, is_active=False),
            an_employee(branch_id=branch.id, department_id=department.id),
            an_employee(branch_id=elsewhere.id, department_id=another.id),
            gone := a_user(branch_id=branch.id, department_id=department.id, status=UserStatus.INACTIVE),
            a_user(branch_id=elsewhere.id, department_id=another.id),
        ]
    )
    await session.flush()
    session.add_all(an_application(gone.id, branch_id=place.id) for place in (branch, branch, elsewhere))
    manager = await sign_in("manager", branch_id=branch.id, department_id=department.id)
    admin = await sign_in("admin")
    people = {"total_users": 2, "active_users": 1, "total_employees": 2, "active_employees": 1}
    for person in (manager, admin):
        counted = (await client.get(f"/api/v1/departments/{department.id}/stats", headers=person.headers)).json()
        assert (counted["people"], counted["branches"]) == (people, 1)
        counted = (await client.get(f"/api/v1/branches/{branch.id}/stats", headers=person.headers)).json()
        assert (counted["people"], counted["applications"]["total"]) == (people, 2)
    for gone_place in (f"branches/{department.id}", f"departments/{branch.id}"):
        assert (await client.get(f"/api/v1/{gone_place}/stats", headers=manager.headers)).status_code == 404
    empty = a_department()
    session.add(empty)
    await session.commit()
    counted = (await client.get(f"/api/v1/departments/{empty.id}/stats", headers=manager.headers)).json()
    assert (counted["people"]["total_users"], counted["branches"]) == (0, 0)
