"""What happened to an application can be read, and nothing of it is overwritten."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from httpx import AsyncClient
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.identity.sessions.principals import principal_of
from lc_workflow.lending.applications.models import CustomerApplication
from lc_workflow.lending.rules.expiry import ApprovalExpired
from lc_workflow.lending.rules.stages import NoSuchStep, Stage
from lc_workflow.lending.workflow.service import WorkflowService
from lc_workflow.organization.branches.models import Branch
from tests.conftest import Person, SignIn
from tests.lending.factories import an_application
from tests.lending.steps import URL, Draft, Take
from tests.moments import NOON

ToReview = Callable[..., Awaitable[dict[str, Any]]]


@pytest.fixture
async def approved(
    sign_in: SignIn, branch: Branch, to_review: ToReview, take: Take
) -> tuple[dict[str, Any], Person, Person]:
    """An approved loan, its officer and its manager."""
    officer, teller = await sign_in("officer", branch_id=branch.id), await sign_in("teller", branch_id=branch.id)
    manager = await sign_in("manager", branch_id=branch.id)
    application = await to_review(officer, teller)
    answer = await take(manager, application, "approve", approved_amount=1200)
    assert answer.status_code == 200
    return answer.json(), officer, manager


async def row_of(session: AsyncSession, application: dict[str, Any]) -> CustomerApplication:
    return await session.get_one(CustomerApplication, UUID(application["id"]), populate_existing=True)


async def history(client: AsyncClient, application: dict[str, Any], person: Person) -> list[dict[str, Any]]:
    answer = await client.get(f"{URL}/{application['id']}/workflow/history", headers=person.headers)
    told: list[dict[str, Any]] = answer.json()
    return told


async def test_an_approval_is_undone_with_a_reason_and_decided_again(
    client: AsyncClient, approved: tuple[dict[str, Any], Person, Person], take: Take
) -> None:
    loan, officer, manager = approved
    assert (await take(manager, loan, "undo_approval")).json()["code"] == "ReasonNeeded"
    assert (await take(officer, loan, "undo_approval", reason="No")).json()["code"] == "NotYourStep"
    undone = (await take(manager, loan, "undo_approval", reason="The wrong amount")).json()
    assert (undone["workflow_status"], undone["approved_amount"], undone["approved_at"]) == (
        "MANAGER_REVIEW",
        None,
        None,
    )
    assert undone["teller_processed_by"] == loan["teller_processed_by"]
    assert undone["manager_reviewed_by"] == undone["manager_reviewed_at"] is None
    assert undone["requested_amount"] == loan["requested_amount"]
    again = (await take(manager, loan, "approve", approved_amount=1000)).json()
    assert (again["workflow_status"], again["approved_amount"]) == ("APPROVED", 1000)
    moves = await history(client, loan, officer)
    assert [move["action"] for move in moves][-3:] == ["approve", "undo_approval", "approve"]


async def test_each_application_has_a_history_and_a_timeline_of_its_own(
    client: AsyncClient, officer: Person, draft: Draft, take: Take
) -> None:
    first, second = [await draft(officer, id_number=number) for number in ("010234567", "010234568")]
    for loan, action, said in (
        (first, "submit", {}),
        (second, "submit", {}),
        (second, "withdraw", {"reason": "They moved away"}),
    ):
        assert (await take(officer, loan, action, **said)).status_code == 200
    assert [move["action"] for move in await history(client, first, officer)] == ["submit"]
    assert [move["action"] for move in await history(client, second, officer)] == ["submit", "withdraw"]
    timeline = await client.get(f"{URL}/{first['id']}/workflow/timeline", headers=officer.headers)
    assert [stay["stage"] for stay in timeline.json()["stays"]] == ["PO_CREATED", "USER_COMPLETED"]
    for path in ("history", "timeline"):
        nowhere = await client.get(f"{URL}/{uuid4()}/workflow/{path}", headers=officer.headers)
        assert nowhere.status_code == 404


async def test_a_loan_is_neither_expired_nor_disbursed_by_asking(
    client: AsyncClient, approved: tuple[dict[str, Any], Person, Person], take: Take
) -> None:
    loan, _, manager = approved
    for action in ("expire", "disburse"):
        assert (await take(manager, loan, action)).json()["code"] == "NotYourStep"
    moved = await client.post(
        f"{URL}/{loan['id']}/workflow/transition", json={"new_status": "DISBURSED"}, headers=manager.headers
    )
    assert (moved.status_code, moved.json()["code"]) == (403, "NotYourStep")


async def test_an_approval_that_nobody_used_expires_by_itself(
    client: AsyncClient, session: AsyncSession, approved: tuple[dict[str, Any], Person, Person], take: Take
) -> None:
    loan, officer, _ = approved
    workflow = WorkflowService(session)
    assert await workflow.expire_due(at=NOON + timedelta(days=29)) == 0
    assert await workflow.expire_due(at=NOON + timedelta(days=30)) == 1
    assert await workflow.expire_due(at=NOON + timedelta(days=31)) == 0
    shown = (await client.get(f"{URL}/{loan['id']}", headers=officer.headers)).json()
    assert (shown["workflow_status"], shown["status"]) == ("EXPIRED", "rejected")
    last = (await history(client, loan, officer))[-1]
    assert (last["action"], last["actor_id"], last["actor_name"]) == ("expire", None, "LC Workflow")
    reopened = (await take(officer, loan, "reopen", reason="The customer came back")).json()
    assert (reopened["workflow_status"], reopened["cycle"], reopened["approved_amount"]) == ("PO_CREATED", 2, None)


async def test_an_installation_says_for_how_long_an_approval_holds(
    client: AsyncClient, session: AsyncSession, approved: tuple[dict[str, Any], Person, Person], sign_in: SignIn
) -> None:
    admin = await sign_in("admin")
    setting = {"category": "lending", "key": "approval_valid_days", "value": 3}
    assert (await client.post("/api/v1/settings", json=setting, headers=admin.headers)).status_code == 201
    assert await WorkflowService(session).expire_due(at=NOON + timedelta(days=3)) == 1


async def test_an_approved_loan_is_disbursed_in_the_transaction_of_whoever_pays_it_out(
    client: AsyncClient, session: AsyncSession, approved: tuple[dict[str, Any], Person, Person]
) -> None:
    loan, officer, manager = approved
    workflow = WorkflowService(session)
    row = await row_of(session, loan)
    payer = await principal_of(session, manager.user.id, NOON)
    assert payer
    late = await workflow.obstacles_to_disbursing(row.id, principal=payer, at=NOON + timedelta(days=40))
    assert [type(obstacle) for obstacle in late] == [ApprovalExpired]
    await workflow.disburse(row, principal=payer, at=NOON, comment="Paid at the counter")
    await session.commit()
    shown = (await client.get(f"{URL}/{loan['id']}", headers=officer.headers)).json()
    assert (shown["workflow_status"], shown["status"]) == ("DISBURSED", "approved")
    with pytest.raises(NoSuchStep):
        await workflow.disburse(row, principal=payer, at=NOON)


async def test_the_timeline_tells_how_long_an_application_stood_where(
    client: AsyncClient, session: AsyncSession, approved: tuple[dict[str, Any], Person, Person]
) -> None:
    loan, officer, _ = approved
    row = await row_of(session, loan)
    row.created_at = NOON - timedelta(hours=2)
    await session.commit()
    told = (await client.get(f"{URL}/{loan['id']}/workflow/timeline", headers=officer.headers)).json()
    assert [stay["stage"] for stay in told["stays"]] == [
        "PO_CREATED",
        "USER_COMPLETED",
        "TELLER_PROCESSING",
        "MANAGER_REVIEW",
        "APPROVED",
    ]
    assert (told["seconds_by_stage"]["PO_CREATED"], told["total_seconds"]) == (7200, 7200)
    assert told["stays"][-1]["left_at"] is None


async def test_past_moves_are_for_those_who_see_the_application(
    client: AsyncClient, session: AsyncSession, sign_in: SignIn, approved: tuple[dict[str, Any], Person, Person]
) -> None:
    stranger = await sign_in("officer")
    for door in ("history", "timeline", "status"):
        answer = await client.get(f"{URL}/{approved[0]['id']}/workflow/{door}", headers=stranger.headers)
        assert (answer.status_code, answer.json()["code"]) == (404, "Missing")


async def test_the_list_of_actions_says_that_something_is_still_missing(
    client: AsyncClient, session: AsyncSession, sign_in: SignIn, branch: Branch
) -> None:
    officer = await sign_in("officer", branch_id=branch.id)
    session.add(draft := an_application(officer.user.id, branch_id=branch.id, requested_amount=None))
    await session.commit()
    listed = (await client.get(f"{URL}/{draft.id}/actions", headers=officer.headers)).json()
    (submit,) = [action for action in listed if action["action"] == "submit"]
    assert (submit["allowed"], submit["blocked_by"][0]["code"]) == (False, "Incomplete")


async def test_a_change_of_substance_is_counted_and_a_new_telephone_number_is_not(
    client: AsyncClient, session: AsyncSession, sign_in: SignIn, branch: Branch
) -> None:
    officer = await sign_in("officer", branch_id=branch.id)
    session.add(draft := an_application(officer.user.id, branch_id=branch.id))
    await session.commit()
    for change in ({"phone": "012 345 678"}, {"requested_amount": 1500}, {"requested_amount": 1400}):
        assert (await client.put(f"{URL}/{draft.id}", json=change, headers=officer.headers)).status_code == 200
    row = await session.scalar(
        select(CustomerApplication).where(CustomerApplication.id == draft.id).execution_options(populate_existing=True)
    )
    assert row
    assert (row.material_changes, row.editors, row.requested_amount) == (1, [officer.user.id], Decimal(1400))
    assert row.workflow_status is Stage.PO_CREATED
