"""Somebody below the administrator manages rights: nothing above them moves, and nothing they do not hold is given."""

from datetime import timedelta
from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.identity.roles.models import UserPermission, UserRole
from tests.conftest import Person, SignIn
from tests.identity.holdings.test_controllers import url
from tests.identity.rights import Named
from tests.moments import NOON

ROLES = "/api/v1/permissions/roles"


@pytest.fixture
async def steward(session: AsyncSession, admin: Person, sign_in: SignIn, right_id: Named) -> Person:
    """A manager who may besides see everybody and manage what people may do."""
    manager = await sign_in("manager")
    said = {"user_id": manager.user.id, "is_granted": True, "given_by": admin.user.id, "given_at": NOON}
    for right in ("permission:manage:all", "permission:read:all", "user:read:all"):
        session.add(UserPermission(permission_id=await right_id(right), **said))
    await session.commit()
    return manager


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"] if answer.content else ""


async def test_a_role_above_ones_own_is_not_given_and_nothing_is_given_to_or_taken_from_whoever_holds_one(
    client: AsyncClient, session: AsyncSession, admin: Person, steward: Person, sign_in: SignIn, role_id: Named,
    right_id: Named,
) -> None:  # fmt: skip
    viewer, superior = await sign_in("viewer"), await sign_in("viewer")
    above = {"role_id": await role_id("admin")}
    refused = await client.post(url(viewer, "roles"), json=above, headers=steward.headers)
    assert code(refused) == (403, "RoleAboveOwn")
    further = {"user_id": superior.user.id, "given_by": admin.user.id, "given_at": NOON}
    session.add(UserRole(role_id=above["role_id"], **further))
    await session.commit()
    teller, right = {"role_id": await role_id("teller")}, {"permission_id": await right_id("permission:read:all")}
    for refused in (
        await client.post(url(superior, "roles"), json=teller, headers=steward.headers),
        await client.delete(url(superior, f"roles/{above['role_id']}"), headers=steward.headers),
        await client.post(url(superior, "permissions"), json=right | {"is_granted": False}, headers=steward.headers),
    ):
        assert code(refused) == (403, "RoleAboveOwn")
    assert (await client.post(url(viewer, "roles"), json=teller, headers=steward.headers)).status_code == 200


async def test_a_role_that_is_taken_from_one_stays_with_the_other(
    client: AsyncClient, session: AsyncSession, admin: Person, sign_in: SignIn, role_id: Named
) -> None:
    auditor = {"role_id": await role_id("auditor")}
    first, second = await sign_in("viewer"), await sign_in("viewer")
    for person in (first, second):
        assert (await client.post(url(person, "roles"), json=auditor, headers=admin.headers)).status_code == 200
    gone = await client.delete(url(first, f"roles/{auditor['role_id']}"), headers=admin.headers)
    assert gone.status_code == 204
    assert (await session.scalars(select(UserRole.user_id))).all() == [second.user.id]


async def test_a_denial_is_lifted_by_those_alone_who_hold_the_right(
    client: AsyncClient, admin: Person, sign_in: SignIn, right_id: Named
) -> None:
    officer = await sign_in("officer")
    denial = {"permission_id": await right_id("application:approve:branch"), "is_granted": False}
    assert (await client.post(url(officer, "permissions"), json=denial, headers=admin.headers)).status_code == 200
    lifted = await client.delete(url(officer, f"permissions/{denial['permission_id']}"), headers=admin.headers)
    assert code(lifted) == (403, "GrantAboveOwn"), "an administrator approves nothing"


async def test_a_role_above_ones_own_is_neither_changed_nor_closed_and_none_is_raised_there(
    client: AsyncClient, admin: Person, steward: Person
) -> None:
    made = [
        await client.post(ROLES, json={"name": name, "display_name": name, "level": level}, headers=admin.headers)
        for name, level in (("clerk", 1), ("chief", 90))
    ]
    assert [answer.status_code for answer in made] == [201, 201], made[0].text
    clerk, chief = [f"{ROLES}/{answer.json()['id']}" for answer in made]
    for refused in (
        await client.put(clerk, json={"level": 90}, headers=steward.headers),
        await client.put(chief, json={"level": 1}, headers=steward.headers),
        await client.put(chief, json={"display_name": "Nobody"}, headers=steward.headers),
        await client.delete(chief, headers=steward.headers),
        await client.post(ROLES, json={"name": "king", "display_name": "King", "level": 90}, headers=steward.headers),
    ):
        assert code(refused) == (403, "RoleAboveOwn")
    assert (await client.put(clerk, json={"display_name": "Clerk"}, headers=steward.headers)).status_code == 200
    assert (await client.delete(clerk, headers=steward.headers)).status_code == 204


async def test_a_role_that_somebody_holds_beside_another_is_not_closed(
    client: AsyncClient, admin: Person, sign_in: SignIn
) -> None:
    made = await client.post(ROLES, json={"name": "clerk", "display_name": "Clerk", "level": 1}, headers=admin.headers)
    viewer, clerk = await sign_in("viewer"), made.json()["id"]
    given = await client.post(url(viewer, "roles"), json={"role_id": clerk}, headers=admin.headers)
    assert given.status_code == 200, given.text
    assert code(await client.delete(f"{ROLES}/{clerk}", headers=admin.headers)) == (422, "RoleInUse")


async def test_no_role_is_opened_with_what_its_author_does_not_hold_or_like_one_above_their_own(
    client: AsyncClient, admin: Person, steward: Person, right_id: Named
) -> None:
    role = {"name": "clerk", "display_name": "Clerk", "level": 1}
    beyond = role | {"permission_ids": [await right_id("application:approve:branch")]}
    assert code(await client.post(ROLES, json=beyond, headers=admin.headers)) == (403, "GrantAboveOwn")
    like_above = {"name": "clerk", "template": "admin", "level": 1}
    refused = await client.post(f"{ROLES}/from-template", json=like_above, headers=steward.headers)
    assert code(refused) == (403, "RoleAboveOwn")


async def test_whoever_administers_for_a_time_leaves_somebody_who_does_for_good(
    client: AsyncClient, session: AsyncSession, sign_in: SignIn, role_id: Named
) -> None:
    for_a_day, for_good = await sign_in("viewer"), await sign_in("viewer")
    admin = await role_id("admin")
    given = {"role_id": admin, "given_by": for_good.user.id, "given_at": NOON}
    until = NOON + timedelta(days=1)
    session.add(UserRole(user_id=for_a_day.user.id, until=until, **given))
    session.add(UserRole(user_id=for_good.user.id, **given))
    await session.commit()
    wish = {"role_id": admin, "until": until.isoformat()}
    shortened = await client.post(url(for_good, "roles"), json=wish, headers=for_a_day.headers)
    assert code(shortened) == (422, "LastAdministrator")
    taken = await client.delete(url(for_good, f"roles/{admin}"), headers=for_a_day.headers)
    assert code(taken) == (422, "LastAdministrator")
