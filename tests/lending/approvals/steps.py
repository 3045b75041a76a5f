"""Matrices, authorities and decisions as HTTP clients meet them."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from httpx import AsyncClient, Response
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.organization.branches.models import Branch
from tests.conftest import Person, SignIn
from tests.lending.steps import URL
from tests.moments import NOON
from tests.organization.factories import a_branch

MATRICES = "/api/v1/approval-matrices"
AUTHORITIES = "/api/v1/authorities"
DELEGATIONS = "/api/v1/delegations"

BM = {"code": "BM", "role": "manager", "scope": "branch"}
RM = {"code": "RM", "role": "regional_manager", "scope": "region"}
COMMITTEE = {"code": "CC", "role": "credit_committee", "scope": "organisation", "quorum": 2}

STRICT = {
    "name": "The region above a thousand",
    "needs_limit": False,
    "rules": [
        {"priority": 10, "when": {"max_amount": 1000}, "stages": [BM]},
        {"priority": 90, "when": {}, "stages": [BM, RM]},
    ],
}

Publish = Callable[..., Awaitable[dict[str, Any]]]
Give = Callable[..., Awaitable[Person]]
Decide = Callable[..., Awaitable[Response]]
Hire = Callable[..., Awaitable[Person]]
HandOn = Callable[..., Awaitable[dict[str, Any]]]


@pytest.fixture
async def north(session: AsyncSession) -> Branch:
    """A branch that belongs to a region; another one belongs to the South."""
    branch = a_branch(name="Siem Reap", code="SRP01", region="North")
    session.add_all([branch, a_branch(name="Kampot", code="KPT01", region="South")])
    await session.commit()
    return branch


@pytest.fixture
def hire(sign_in: SignIn, north: Branch) -> Hire:
    """Sign somebody in who works at the branch."""

    async def hire(role: str = "manager", **changes: Any) -> Person:
        return await sign_in(role, **({"branch_id": north.id} | changes))

    return hire


@pytest.fixture
def publish(client: AsyncClient, admin: Person, give: Give, sign_in: SignIn) -> Publish:
    """Give a matrix to the applications to come; each committee it waits for has a chair."""

    async def publish(*stages: dict[str, Any], **changes: Any) -> dict[str, Any]:
        rules = {"rules": [{"priority": 1, "stages": list(stages)}]} if stages else {}
        drafted = await client.post(MATRICES, json=STRICT | rules | changes, headers=admin.headers)
        assert drafted.status_code == 201, drafted.text
        for committee in ("credit_committee", "risk_officer"):
            if f'"{committee}"' in drafted.text:
                await give(await sign_in("manager"), committee)
        published = await client.post(f"{MATRICES}/{drafted.json()['id']}/publish", headers=admin.headers)
        assert published.status_code == 200, published.text
        matrix: dict[str, Any] = published.json()
        return matrix

    return publish


@pytest.fixture
def give(client: AsyncClient, admin: Person) -> Give:
    """Give somebody authority."""

    async def give(person: Person, role: str, **wish: Any) -> Person:
        body = {"person_id": str(person.user.id), "role": role, "reach": "organisation"} | wish
        answer = await client.post(AUTHORITIES, json=body, headers=admin.headers)
        assert answer.status_code == 201, answer.text
        return person

    return give


@pytest.fixture
def decide(client: AsyncClient) -> Decide:
    """Let somebody decide on an application."""

    async def decide(person: Person, application: dict[str, Any], decision: str = "approve", **body: Any) -> Response:
        return await client.post(
            f"{URL}/{application['id']}/decisions", json={"decision": decision} | body, headers=person.headers
        )

    return decide


@pytest.fixture
def sheet(client: AsyncClient) -> Callable[..., Awaitable[dict[str, Any]]]:
    """Look at how an application is decided."""

    async def sheet(person: Person, application: dict[str, Any]) -> dict[str, Any]:
        answer = await client.get(f"{URL}/{application['id']}/decisions", headers=person.headers)
        assert answer.status_code == 200, answer.text
        seen: dict[str, Any] = answer.json()
        return seen

    return sheet


@pytest.fixture
def hand_on(client: AsyncClient) -> HandOn:
    """Let a manager have somebody stand in for two days."""

    async def hand_on(manager: Person, deputy: Person, **wish: Any) -> dict[str, Any]:
        period = {"starts_at": NOON.isoformat(), "ends_at": (NOON + timedelta(days=2)).isoformat()}
        body = {"to_id": str(deputy.user.id), "role": "manager"} | period | wish
        answer = await client.post(DELEGATIONS, json=body, headers=manager.headers)
        assert answer.status_code == 201, answer.text
        delegation: dict[str, Any] = answer.json()
        return delegation

    return hand_on
