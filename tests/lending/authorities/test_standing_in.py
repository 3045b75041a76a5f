"""Standing in for somebody: who arranges it, for what besides, and who ends it."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from httpx import AsyncClient, Response
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.identity.rules.statuses import UserStatus
from lc_workflow.organization.branches.models import Branch
from tests.conftest import Person, SignIn
from tests.lending.approvals.steps import AUTHORITIES, DELEGATIONS, Give
from tests.lending.authorities.test_controllers import a_delegation
from tests.organization.factories import a_branch

HandOn = Callable[..., Awaitable[Response]]


@pytest.fixture
def handed(client: AsyncClient) -> HandOn:
    """Let somebody arrange who stands in."""

    async def handed(by: Person, to: Person, **changes: Any) -> Response:
        return await client.post(DELEGATIONS, json=a_delegation(to, **changes), headers=by.headers)

    return handed


@pytest.fixture
async def deputy(sign_in: SignIn, branch: Branch) -> Person:
    return await sign_in("manager", branch_id=branch.id)


def code(answer: Response) -> tuple[int, str | None]:
    return answer.status_code, answer.json().get("code")


async def test_whoever_manages_authority_arranges_it_for_the_absent_and_never_for_themselves(
    client: AsyncClient, admin: Person, manager: Person, deputy: Person, handed: HandOn
) -> None:
    absent = {"from_id": str(manager.user.id)}
    assert code(await handed(admin, admin, **absent)) == (403, "NotToOneself")
    made = await handed(admin, deputy, **absent)
    assert made.status_code == 201, made.text
    assert made.json()["from_id"] == str(manager.user.id)
    back = await client.delete(f"{DELEGATIONS}/{made.json()['id']}", headers=admin.headers)
    assert back.status_code == 204


async def test_a_stand_in_gives_it_back_and_that_is_on_record_once(
    client: AsyncClient,
    manager: Person,
    deputy: Person,
    sign_in: SignIn,
    branch: Branch,
    handed: HandOn,
    announced: Callable[[], Awaitable[list[str]]],
) -> None:
    other = await handed(manager, await sign_in("manager", branch_id=branch.id))
    own = await handed(manager, deputy)
    for _ in range(2):
        back = await client.delete(f"{DELEGATIONS}/{own.json()['id']}", headers=deputy.headers)
        assert back.status_code == 204
    standing = (await client.get(DELEGATIONS, headers=manager.headers)).json()["items"]
    assert [each["id"] for each in standing] == [other.json()["id"]]
    assert (await announced()).count("DelegationEnded") == 1


async def test_who_stands_in_may_be_stood_in_for_and_stand_in_for_others_and_in_another_role(
    manager: Person, deputy: Person, sign_in: SignIn, branch: Branch, give: Give, handed: HandOn
) -> None:
    third = await sign_in("manager", branch_id=branch.id)
    await give(manager, "viewer")
    for by, to, role in (
        (manager, deputy, "manager"),
        (manager, third, "manager"),
        (deputy, third, "manager"),
        (manager, deputy, "viewer"),
    ):
        made = await handed(by, to, role=role)
        assert made.status_code == 201, made.text
    assert code(await handed(manager, deputy)) == (422, "StandsInAlready")


async def test_a_stand_in_sees_what_waits_in_the_role_that_is_handed_on(
    manager: Person, sign_in: SignIn, branch: Branch, give: Give, handed: HandOn, other_branch: Branch
) -> None:
    await give(manager, "viewer")  # over everything, which is another role
    neighbour = await sign_in("manager", branch_id=other_branch.id)
    assert code(await handed(manager, neighbour)) == (422, "StandInSeesNothing")
    of_a_team = await sign_in("portfolio_officer", branch_id=branch.id)
    assert (await handed(manager, of_a_team)).status_code == 201


async def test_authority_over_one_branch_leaves_room_for_another_and_none_for_who_has_left(
    client: AsyncClient, session: AsyncSession, admin: Person, manager: Person, sign_in: SignIn, branch: Branch
) -> None:
    session.add(other := a_branch())
    regional = await sign_in("regional_manager", branch_id=branch.id)
    gone = await sign_in("regional_manager", status=UserStatus.INACTIVE)
    for person, place, expected in (
        (regional, branch, (201, None)),
        (regional, other, (201, None)),
        (regional, other, (422, "AuthorityHeld")),
        (gone, branch, (422, "NoSuchPerson")),
    ):
        wish = {"person_id": str(person.user.id), "role": "manager", "reach": "branch", "branch_id": str(place.id)}
        assert code(await client.post(AUTHORITIES, json=wish, headers=admin.headers)) == expected
