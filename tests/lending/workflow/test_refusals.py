"""Who is refused a decision is seen by whoever sees to security, although nothing of the request itself is kept."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.identity.protection.listeners import MOST_REFUSALS, REFUSALS_FOR
from lc_workflow.identity.protection.models import RefusedDecision
from lc_workflow.lending.workflow.models import Move
from lc_workflow.organization.branches.models import Branch
from tests.conftest import Person, SignIn
from tests.lending.steps import URL
from tests.moments import NOON

TERMS = {"approved_amount": 1500.5, "approved_term": 12, "interest_rate": 18}


@pytest.fixture
async def reviewed(
    sign_in: SignIn, branch: Branch, to_review: Callable[..., Awaitable[dict[str, Any]]]
) -> tuple[dict[str, Any], Person, Person]:
    """An application before the manager, and who brought it there."""
    officer = await sign_in("officer", branch_id=branch.id)
    teller = await sign_in("teller", branch_id=branch.id)
    return await to_review(officer, teller), officer, teller


async def alerts(client: AsyncClient, sign_in: SignIn) -> list[dict[str, Any]]:
    auditor = await sign_in("auditor")
    answer = await client.get("/api/v1/security/alerts?size=100&severity=medium", headers=auditor.headers)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = [alert for alert in answer.json()["items"] if alert["type"] == "DecisionRefused"]
    return found


async def test_a_refused_decision_is_an_alert_whatever_it_was_refused_for(
    client: AsyncClient,
    session: AsyncSession,
    sign_in: SignIn,
    branch: Branch,
    reviewed: tuple[dict[str, Any], Person, Person],
) -> None:
    application, officer, _ = reviewed
    viewer = await sign_in("viewer", branch_id=branch.id)
    moves = await session.scalar(select(func.count()).select_from(Move))
    url = f"{URL}/{application['id']}"
    tries = (
        (viewer, await client.patch(f"{url}/approve", json=TERMS, headers=viewer.headers)),
        (officer, await client.patch(f"{url}/approve", json=TERMS, headers=officer.headers)),
        (officer, await client.patch(f"{url}/reject", json={"rejection_reason": "No."}, headers=officer.headers)),
        (officer, await client.post(f"{url}/actions/approve", json=TERMS, headers=officer.headers)),
    )
    assert [answer.status_code for _, answer in tries] == [403] * 4
    found = await alerts(client, sign_in)
    told = sorted((alert["user_id"], alert["description"].rpartition(" ")[2]) for alert in found)
    assert told == sorted((str(person.user.id), answer.json()["code"]) for person, answer in tries)
    assert {alert["application_id"] for alert in found} == {application["id"]}
    assert {alert["request_id"] for alert in found} == {answer.json()["request_id"] for _, answer in tries}
    assert await session.scalar(select(func.count()).select_from(Move)) == moves


async def test_whoever_keeps_trying_fills_no_table(
    client: AsyncClient, session: AsyncSession, reviewed: tuple[dict[str, Any], Person, Person]
) -> None:
    application, officer, teller = reviewed
    for person in (officer, teller):
        for _ in range(MOST_REFUSALS + 2):
            answer = await client.patch(
                f"{URL}/{application['id']}/reject", json={"rejection_reason": "No."}, headers=person.headers
            )
            assert answer.status_code == 403
    rows = await session.execute(select(RefusedDecision.person_id, func.count()).group_by(RefusedDecision.person_id))
    assert {row[0]: row[1] for row in rows} == {officer.user.id: MOST_REFUSALS, teller.user.id: MOST_REFUSALS}


async def test_whoever_was_quiet_for_an_hour_and_tries_again_is_seen_again(
    client: AsyncClient, session: AsyncSession, reviewed: tuple[dict[str, Any], Person, Person]
) -> None:
    application, officer, _ = reviewed
    an_hour_ago = {"person_id": officer.user.id, "code": "NotYourStep", "at": NOON - REFUSALS_FOR}
    session.add_all(RefusedDecision(**an_hour_ago) for _ in range(MOST_REFUSALS))
    await session.commit()
    body = {"rejection_reason": "No."}
    answer = await client.patch(f"{URL}/{application['id']}/reject", json=body, headers=officer.headers)
    assert answer.status_code == 403
    assert await session.scalar(select(func.count()).where(RefusedDecision.at == NOON)) == 1


async def test_what_is_merely_wrong_is_no_alert(
    client: AsyncClient, sign_in: SignIn, branch: Branch, reviewed: tuple[dict[str, Any], Person, Person]
) -> None:
    application, *_ = reviewed
    manager = await sign_in("manager", branch_id=branch.id)
    wrong = await client.post(
        f"{URL}/{application['id']}/decisions", json={"decision": "perhaps"}, headers=manager.headers
    )
    assert wrong.status_code == 422
    assert not await alerts(client, sign_in)
