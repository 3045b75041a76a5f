"""Somebody who may look at an application and works on others is refused by name, whatever they try."""

from typing import Any

import pytest
from httpx import AsyncClient, Response
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.identity.roles.models import UserPermission
from lc_workflow.organization.branches.models import Branch
from tests.conftest import Person, SignIn
from tests.identity.rights import Named
from tests.lending.approvals.steps import Decide
from tests.lending.steps import URL, Draft, Take
from tests.moments import NOON
from tests.organization.factories import a_branch


@pytest.fixture
async def onlooker(session: AsyncSession, sign_in: SignIn, right_id: Named) -> Person:
    """A manager of another branch who may also read the applications of this one."""
    session.add(other := a_branch())
    await session.commit()
    person = await sign_in("manager", branch_id=other.id)
    right = await right_id("application:read:all")
    session.add(
        UserPermission(
            user_id=person.user.id, permission_id=right, is_granted=True, given_by=person.user.id, given_at=NOON
        )
    )
    await session.commit()
    return person


async def test_an_onlooker_changes_nothing(
    client: AsyncClient, sign_in: SignIn, branch: Branch, onlooker: Person, draft: Draft, take: Take
) -> None:
    officer = await sign_in("officer", branch_id=branch.id)
    application = await draft(officer)
    at = f"{URL}/{application['id']}"

    async def ask(method: str, path: str, **body: Any) -> Response:
        return await client.request(method, f"{at}{path}", json=body, headers=onlooker.headers)

    assert (await ask("GET", "")).status_code == 200
    tried = {
        "NotYourEdit": [await ask("PUT", "", phone="012345679"), await ask("PUT", "/financials", lines=[])],
        "NotYourAssessment": [await ask("POST", "/affordability")],
        "NotYourScore": [await ask("POST", "/score", values={})],
        "NotYourApplication": [
            await ask("PATCH", "/priority", priority_level="high"),
            await ask("POST", "/comments", text="I would not"),
        ],
        "NotYourStep": [await take(onlooker, application, "submit")],
        "NotYourDisbursement": [await ask("POST", "/disbursement-requests")],
    }
    for code, answers in tried.items():
        assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {(403, code)}


async def test_an_onlooker_closes_no_condition(
    client: AsyncClient, sign_in: SignIn, branch: Branch, onlooker: Person, to_review: Any, decide: Decide
) -> None:
    officer, teller = await sign_in("officer", branch_id=branch.id), await sign_in("teller", branch_id=branch.id)
    manager = await sign_in("manager", branch_id=branch.id)
    application = await to_review(officer, teller)
    await decide(manager, application, "approve_with_conditions", conditions=["The land title is registered"])
    told = (await client.get(f"{URL}/{application['id']}/decisions", headers=onlooker.headers)).json()
    (condition,) = told["conditions"]
    refused = await client.post(
        f"{URL}/{application['id']}/conditions/{condition['id']}/close", headers=onlooker.headers
    )
    assert (refused.status_code, refused.json()["code"]) == (403, "NotYourCondition")
