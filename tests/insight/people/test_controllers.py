"""Accounts in figures, within what one may see."""

from datetime import timedelta
from uuid import uuid4

from httpx import AsyncClient
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.identity.events import SignedIn
from lc_workflow.identity.rules.statuses import UserStatus
from lc_workflow.organization.branches.models import Branch
from lc_workflow.platform.journal.models import JournalEntry
from tests.conftest import SignIn
from tests.identity.factories import a_session, a_user
from tests.moments import NOON

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
