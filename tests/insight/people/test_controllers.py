"""Accounts in figures, within what one may see."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

from httpx import AsyncClient
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.identity.events import AccountStatusMoved, SignedIn
from lc_workflow.identity.rules.statuses import UserStatus
from lc_workflow.organization.branches.models import Branch
from lc_workflow.platform.journal.models import JournalEntry
from tests.conftest import SignIn
from tests.identity.factories import a_session, a_user
from tests.moments import NOON
from tests.organization.factories import a_department

URL = "/api/v1/users"


async def test_accounts_are_counted_by_what_they_are_and_where(
    client: AsyncClient, session: AsyncSession, sign_in: SignIn, branch: Branch
) -> None:
    admin = await sign_in("admin", created_at=NOON - timedelta(days=60))
    old = NOON - timedelta(days=100)
    people = [
        a_user(role="teller", branch_id=branch.id, last_login_at=NOON, last_activity_at=NOON),
        a_user(role="teller", branch_id=branch.id, last_login_at=old, last_activity_at=old, created_at=old),
        a_user(status=UserStatus.PENDING, onboarding_completed=True),
        a_user(locked_until=NOON + timedelta(minutes=1)),
    ]
    session.add_all(people)
    await session.flush()
    session.add(visit := a_session(people[0].id))
    await session.flush()
    for at in (NOON, NOON - timedelta(hours=1), NOON - timedelta(days=2), NOON - timedelta(days=40)):
        event = SignedIn(actor_id=people[0].id, at=at, user_id=people[0].id, session_id=visit.id)
        session.add(JournalEntry.of(event))
    await session.commit()

    stats = (await client.get(f"{URL}/stats", headers=admin.headers)).json()
    assert (stats["total"], stats["active"], stats["pending"], stats["locked"]) == (5, 4, 1, 1)
    assert stats["by_role"] == {"admin": 1, "teller": 2, "officer": 2}
    summary = (await client.get(f"{URL}/analytics/summary", headers=admin.headers)).json()
    assert (summary["new_users"], summary["signed_in"], summary["dormant"], summary["never_signed_in"]) == (3, 1, 1, 3)
    assert (summary["onboarding_completed"], summary["onboarding_pending"]) == (1, 4)
    activity = (await client.get(f"{URL}/analytics/activity-metrics?days=30", headers=admin.headers)).json()
    assert (activity["active_today"], activity["active_30_days"], activity["dormant_90_days"]) == (1, 1, 1)
    assert [(day["date"], day["sign_ins"], day["people"]) for day in activity["daily"]] == [
        ("2026-11-22", 1, 1),
        ("2026-11-24", 2, 1),
    ]
    for where, counted in (
        (f"branch_id={branch.id}&department_id=", (1, 0, 3)),
        (f"department_id={uuid4()}&branch_id=", (0, 0, 0)),
    ):
        part = (await client.get(f"{URL}/analytics/activity-metrics?{where}", headers=admin.headers)).json()
        assert (part["active_today"], part["never_signed_in"], part["total_sign_ins"]) == counted
    places = (await client.get(f"{URL}/analytics/organizational-metrics", headers=admin.headers)).json()
    assert [(place["name"], place["total"]) for place in places["by_branch"]] == [(None, 3), (branch.name, 2)]
    assert places["total"] == 5
    summary = places["summary"]
    assert (summary["total_branches"], summary["average_users_per_branch"]) == (1, 2.0)
    assert (summary["total_departments"], summary["average_users_per_department"]) == (0, 0.0)

    manager = await sign_in("manager", branch_id=branch.id)
    assert (await client.get(f"{URL}/stats", headers=manager.headers)).json()["total"] == 3
    teller = await sign_in("teller", branch_id=branch.id)
    assert (await client.get(f"{URL}/analytics/summary", headers=teller.headers)).status_code == 403


async def test_the_web_apps_page_of_figures_finds_what_it_draws(
    client: AsyncClient, session: AsyncSession, sign_in: SignIn, branch: Branch
) -> None:
    admin = await sign_in("admin", created_at=NOON - timedelta(days=60))
    session.add(credit := a_department(name="Credit"))
    await session.flush()
    there = {"branch_id": branch.id, "department_id": credit.id}
    fortnight, winter = NOON - timedelta(days=14), NOON - timedelta(days=100)
    people = [
        a_user(role="teller", last_login_at=NOON, last_activity_at=NOON, onboarding_completed=True, **there),
        a_user(role="teller", last_login_at=fortnight, last_activity_at=fortnight, created_at=winter, **there),
        a_user(role="officer", last_login_at=winter, last_activity_at=winter, created_at=winter, **there),
        a_user(status=UserStatus.PENDING),
    ]
    session.add_all(people)
    await session.flush()
    session.add(visit := a_session(people[0].id))
    await session.flush()
    teller, day_before = people[0].id, NOON - timedelta(days=1)
    for event in (
        SignedIn(actor_id=teller, at=NOON, user_id=teller, session_id=visit.id),
        AccountStatusMoved(
            actor_id=admin.user.id,
            at=day_before,
            user_id=teller,
            source=UserStatus.PENDING,
            target=UserStatus.ACTIVE,
            reason=None,
        ),
    ):
        session.add(JournalEntry.of(event))
    await session.commit()

    async def figures(path: str) -> Any:
        return (await client.get(f"{URL}/analytics/{path}", headers=admin.headers)).json()

    summary = await figures("summary")
    overview = {"total_users": 5, "active_users": 2, "new_users": 2, "dormant_users": 1, "never_logged_in": 2}
    assert summary["activity_overview"] == overview
    assert summary["role_distribution"] == {"admin": 1, "teller": 2, "officer": 2}
    assert summary["organizational_summary"]["total_departments"] == 1
    activity = await figures("activity-metrics?days=30")
    assert activity["overview"] == overview
    assert activity["activity_levels"] == {
        "highly_active": 1, "moderately_active": 1, "dormant": 1, "never_logged": 2
    }  # fmt: skip
    assert activity["onboarding_metrics"] == {
        "total_onboarding": 5, "completed_onboarding": 1, "pending_onboarding": 4, "completion_rate": 20.0
    }  # fmt: skip
    assert activity["geographic_distribution"] == {branch.name: 3}
    assert {name: len(days) for name, days in activity["trends"].items()} == {
        "user_creation": 30, "login_activity": 30, "status_changes": 30
    }, "each day of the period has its place, because the chart reads the three side by side"  # fmt: skip
    assert [day["count"] for day in activity["trends"]["login_activity"]][-2:] == [0, 1]
    assert activity["trends"]["status_changes"][-2] == {"date": "2026-11-23", "count": 1}
    assert sum(day["count"] for day in activity["trends"]["user_creation"]) == 2
    elsewhere = await figures(f"activity-metrics?branch_id={uuid4()}")
    assert (elsewhere["overview"]["total_users"], elsewhere["onboarding_metrics"]["completion_rate"]) == (0, 0.0)
    places = await figures("organizational-metrics")
    assert places["branch_breakdown"] == [
        {"branch_id": str(branch.id), "branch_name": branch.name, "user_count": 3, "active_users": 3,
         "completion_rate": 33.3}
    ]  # fmt: skip
    assert [line["department_name"] for line in places["department_breakdown"]] == ["Credit"]
    assert places["position_breakdown"] == []
