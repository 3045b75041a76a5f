"""Cards, figures, priorities and reviewers of applications."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

from httpx import AsyncClient
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.identity.rules.statuses import UserStatus
from lc_workflow.lending.applications.models import CustomerApplication
from lc_workflow.lending.rules.stages import Stage
from lc_workflow.organization.branches.models import Branch
from tests.conftest import Person, SignIn
from tests.lending.factories import an_application
from tests.lending.steps import URL, Draft, Take
from tests.moments import NOON


async def test_cards_and_figures_take_the_filters_of_the_list(
    client: AsyncClient, sign_in: SignIn, officer: Person, draft: Draft, take: Take
) -> None:
    small, large = await draft(officer, requested_amount=100), await draft(officer, requested_amount=9000.25)
    await draft(officer, requested_amount=4_000_000, currency="KHR", priority_level="urgent")
    await take(officer, large, "submit")

    async def get(path: str, person: Person = officer) -> Any:
        answer = await client.get(f"{URL}/{path}", headers=person.headers)
        assert answer.status_code == 200, answer.text
        return answer.json()

    cards = await get("cards?amount_max=200")
    assert [(card["id"], card["status"]) for card in cards["items"]] == [(small["id"], "draft")]
    assert (cards["total"], cards["pages"]) == (1, 1)
    assert (await get("cards?size=1"))["total"] == 3
    figures = await get("stats/summary")
    assert (figures["total"], figures["by_status"]["draft"], figures["by_status"]["submitted"]) == (3, 2, 1)
    assert (figures["by_workflow_status"]["USER_COMPLETED"], figures["by_priority"]["urgent"]) == (1, 1)
    assert [(sums["currency"], sums["requested_amount"]) for sums in figures["amounts"]] == [
        ("KHR", 4_000_000),
        ("USD", 9100.25),
    ]
    assert (await get("stats/summary?workflow_status=PO_CREATED"))["total"] == 2
    assert (await get("stats/summary", await sign_in("officer")))["total"] == 0


async def test_an_approval_that_expired_is_no_money_lent(
    client: AsyncClient, session: AsyncSession, officer: Person, manager: Person
) -> None:
    stages = {Stage.APPROVED: 1000, Stage.DISBURSED: 200, Stage.EXPIRED: 30}
    session.add_all(
        an_application(
            officer.user.id, branch_id=officer.user.branch_id, workflow_status=stage, approved_amount=Decimal(amount)
        )
        for stage, amount in stages.items()
    )
    await session.commit()
    figures = (await client.get(f"{URL}/stats/summary", headers=manager.headers)).json()
    assert (figures["by_status"]["approved"], figures["amounts"][0]["approved_amount"]) == (2, 1200)


async def test_a_list_is_sorted_as_people_mean_it(
    client: AsyncClient, officer: Person, draft: Draft, take: Take
) -> None:
    for name, priority in (
        ("sok dara", "low"),
        ("CHEA VUTHY", "urgent"),
        ("Prak Mony", "normal"),
        ("KEO BOPHA", "high"),
    ):
        drafted = await draft(officer, full_name_latin=name, priority_level=priority, id_number=name, phone="")
        for action in ("submit", "start") if priority == "low" else ("withdraw",) if priority == "high" else ():
            await take(officer, drafted, action, reason="She went elsewhere")

    async def told(field: str, order: str, sort_by: str) -> list[str]:
        query: dict[str, str | int] = {"sort_by": sort_by, "sort_order": order, "size": 2}
        page = (await client.get(URL, params=query, headers=officer.headers)).json()
        rest = (await client.get(URL, params=query | {"after": page["next"]}, headers=officer.headers)).json()
        return [row[field] for row in (*page["items"], *rest["items"])]

    priorities = ["urgent", "high", "normal", "low"]
    assert await told("priority_level", "desc", "priority_level") == priorities
    assert await told("priority_level", "asc", "priority_level") == priorities[::-1]
    names = ["CHEA VUTHY", "KEO BOPHA", "Prak Mony", "sok dara"]
    assert await told("full_name_latin", "asc", "full_name_latin") == names
    assert await told("status", "asc", "status") == ["draft", "draft", "under_review", "rejected"]
    stages = ["PO_CREATED", "PO_CREATED", "TELLER_PROCESSING", "WITHDRAWN"]
    assert await told("workflow_status", "desc", "workflow_status") == stages[::-1]


async def test_priorities_change_wherever_an_application_stands(
    client: AsyncClient, sign_in: SignIn, officer: Person, draft: Draft, take: Take
) -> None:
    drafted = await draft(officer)
    await take(officer, drafted, "submit")
    url = f"{URL}/{drafted['id']}/priority"
    urgent = await client.patch(url, json={"priority_level": "urgent"}, headers=officer.headers)
    assert (urgent.status_code, urgent.json()["priority_level"]) == (200, "urgent")
    assert (await client.patch(url, json={"priority_level": "now"}, headers=officer.headers)).status_code == 422
    auditor, stranger = await sign_in("auditor"), await sign_in("officer")
    assert (await client.patch(url, json={"priority_level": "low"}, headers=auditor.headers)).status_code == 403
    assert (await client.patch(url, json={"priority_level": "low"}, headers=stranger.headers)).status_code == 404


async def test_a_priority_or_a_reviewer_is_said_once_and_dates_the_application(
    client: AsyncClient,
    session: AsyncSession,
    officer: Person,
    manager: Person,
    draft: Draft,
    announced: Callable[[], Awaitable[list[str]]],
) -> None:
    drafted = await draft(officer)
    before = await announced()
    for path, wish in (
        ("priority", {"priority_level": "urgent"}),
        ("assign-reviewer", {"reviewer_id": str(manager.user.id)}),
    ):
        url = f"{URL}/{drafted['id']}/{path}"
        stale = await client.patch(url, json=wish, headers={**officer.headers, "If-Match": '"9"'})
        assert (stale.status_code, stale.json()["code"]) == (412, "StaleVersion")
        assert await announced() == before
        await session.execute(update(CustomerApplication).values(updated_at=NOON - timedelta(days=1)))
        await session.commit()
        for _ in range(2):
            answer = await client.patch(url, json=wish, headers=officer.headers)
            assert answer.json()["updated_at"] == "2026-11-24T05:00:00Z"
        before.append("ApplicationChanged")
        assert await announced() == before


async def test_whoever_belongs_to_no_branch_reviews_anywhere_and_what_belongs_to_none_is_reviewed_by_anybody(
    client: AsyncClient, sign_in: SignIn, admin: Person, officer: Person, manager: Person, draft: Draft
) -> None:
    of_all_branches = await sign_in("regional_manager")
    for person, reviewer in ((officer, of_all_branches), (admin, manager)):
        drafted = await draft(person)
        wish = {"reviewer_id": str(reviewer.user.id)}
        answer = await client.patch(f"{URL}/{drafted['id']}/assign-reviewer", json=wish, headers=person.headers)
        assert answer.json().get("assigned_reviewer") == str(reviewer.user.id), answer.text


async def test_a_reviewer_is_of_the_branch_and_has_not_prepared_it(
    client: AsyncClient, sign_in: SignIn, branch: Branch, officer: Person, draft: Draft, other_branch: Branch
) -> None:
    manager, elsewhere = (
        await sign_in("manager", branch_id=branch.id),
        await sign_in("manager", branch_id=other_branch.id),
    )
    gone = await sign_in("manager", branch_id=branch.id, status=UserStatus.INACTIVE)
    drafted = await draft(officer)

    async def give(reviewer: Person | None, **raw: Any) -> tuple[int, Any]:
        wish = raw or {"reviewer_id": reviewer and str(reviewer.user.id)}
        answer = await client.patch(f"{URL}/{drafted['id']}/assign-reviewer", json=wish, headers=officer.headers)
        return answer.status_code, answer.json().get("code", answer.json().get("assigned_reviewer"))

    assert await give(manager) == (200, str(manager.user.id))
    assert await give(elsewhere) == (422, "ReviewerOfAnotherBranch")
    assert await give(gone) == (422, "NoSuchReviewer")
    assert await give(officer) == (422, "ReviewerPrepared")
    assert await give(None, reviewer_id=drafted["id"]) == (422, "NoSuchReviewer")
    assert await give(None) == (200, None)
