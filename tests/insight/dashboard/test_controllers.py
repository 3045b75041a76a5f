"""The first page, within what somebody may see."""

from collections.abc import Awaitable, Callable
from typing import Any

from httpx import AsyncClient
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from lc_workflow.organization.branches.models import Branch
from tests.conftest import SignIn
from tests.lending.steps import Draft, Take
from tests.organization.factories import a_branch, a_department, an_employee
from tests.statements import sent

URL = "/api/v1/dashboard"
ToReview = Callable[..., Awaitable[dict[str, Any]]]


async def test_a_manager_counts_their_branch_and_an_administrator_everything(
    client: AsyncClient,
    session: AsyncSession,
    engine: AsyncEngine,
    sign_in: SignIn,
    branch: Branch,
    draft: Draft,
    take: Take,
) -> None:
    session.add(other := a_branch())
    await session.commit()
    manager, admin = await sign_in("manager", branch_id=branch.id), await sign_in("admin")
    here, there = await sign_in("officer", branch_id=branch.id), await sign_in("officer", branch_id=other.id)
    await draft(here)
    submitted = await draft(here, id_number="2")
    await take(here, submitted, "submit")
    comments = f"/api/v1/applications/{submitted['id']}/comments"
    asked = await client.post(comments, json={"text": "Is there a land title?"}, headers=here.headers)
    assert asked.status_code == 201, "it is on record, and no move"
    await draft(there, id_number="3")
    other.is_active = False
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


async def test_places_count_their_people(
    client: AsyncClient, session: AsyncSession, sign_in: SignIn, branch: Branch
) -> None:
    session.add(department := a_department())
    await session.flush()
    session.add(an_employee(branch_id=branch.id, department_id=department.id, is_active=False))
    manager = await sign_in("manager", branch_id=branch.id, department_id=department.id)
    people = {"total_users": 1, "active_users": 1, "total_employees": 1, "active_employees": 0}
    counted = (await client.get(f"/api/v1/departments/{department.id}/stats", headers=manager.headers)).json()
    assert (counted["people"], counted["branches"]) == (people, 1)
    counted = (await client.get(f"/api/v1/branches/{branch.id}/stats", headers=manager.headers)).json()
    assert (counted["people"], counted["applications"]["total"]) == (people, 0)
    gone = await client.get(f"/api/v1/branches/{department.id}/stats", headers=manager.headers)
    assert gone.status_code == 404
