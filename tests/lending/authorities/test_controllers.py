"""Authority over HTTP: given by others, handed on within bounds, and ended."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from httpx import AsyncClient
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.identity.roles.models import CompanyRole
from lc_workflow.identity.rules.statuses import UserStatus
from lc_workflow.lending.authorities.models import Delegation
from lc_workflow.organization.branches.models import Branch
from tests.conftest import Person, SignIn
from tests.lending.approvals.steps import AUTHORITIES, COMMITTEE, DELEGATIONS, MATRICES, STRICT, Give, HandOn
from tests.moments import NOON


def a_delegation(to: Person, **changes: Any) -> dict[str, Any]:
    return {
        "to_id": str(to.user.id),
        "role": "manager",
        "starts_at": NOON.isoformat(),
        "ends_at": (NOON + timedelta(days=7)).isoformat(),
        "reason": "Holiday",
        **changes,
    }


async def test_authority_is_given_seen_and_ended(
    client: AsyncClient,
    admin: Person,
    sign_in: SignIn,
    branch: Branch,
    announced: Callable[[], Awaitable[list[str]]],
) -> None:
    manager = await sign_in("manager", branch_id=branch.id)
    wish = {
        "person_id": str(manager.user.id),
        "role": "manager",
        "reach": "branch",
        "branch_id": str(branch.id),
        "limits": {"USD": 1000.50, "KHR": 4000000},
    }
    given = await client.post(AUTHORITIES, json=wish, headers=admin.headers)
    assert given.status_code == 201, given.text
    assert (given.json()["person_name"], given.json()["limits"]) == ("Chanthy Sok", {"USD": 1000.5, "KHR": 4000000})
    listed = (await client.get(f"{AUTHORITIES}?person_id={manager.user.id}", headers=manager.headers)).json()
    assert [row["id"] for row in listed["items"]] == [given.json()["id"]]
    for _ in range(2):
        ended = await client.delete(f"{AUTHORITIES}/{given.json()['id']}", headers=admin.headers)
        assert ended.status_code == 204
    assert (await client.get(AUTHORITIES, headers=admin.headers)).json()["total"] == 0
    assert (await client.get(f"{AUTHORITIES}?with_ended=true", headers=admin.headers)).json()["total"] == 1
    assert await announced() == ["AuthorityGiven", "AuthorityEnded"]


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"reach": "branch"}, 422, "BadAuthority"),
        ({"reach": "region"}, 422, "BadAuthority"),
        ({"person_id": str(uuid4())}, 422, "NoSuchPerson"),
        ({"reach": "branch", "branch_id": str(uuid4())}, 422, "NoSuchBranch"),
        ({"limits": {"USD": -1}}, 422, "InvalidInput"),
        ({"limits": {"EUR": 1}}, 422, "InvalidInput"),
    ],
)
async def test_authority_that_means_nothing_is_not_given(
    client: AsyncClient, admin: Person, sign_in: SignIn, changes: dict[str, Any], status: int, code: str
) -> None:
    manager = await sign_in("manager")
    wish = {"person_id": str(manager.user.id), "role": "manager", "reach": "organisation"} | changes
    refused = await client.post(AUTHORITIES, json=wish, headers=admin.headers)
    assert (refused.status_code, refused.json()["code"]) == (status, code), refused.text


async def test_authority_is_given_for_roles_in_use_and_those_that_a_matrix_waits_for(
    client: AsyncClient, session: AsyncSession, admin: Person, sign_in: SignIn
) -> None:
    manager = await sign_in("manager")
    wish = {"person_id": str(manager.user.id), "role": "credit_comittee", "reach": "organisation"}
    for role in ("credit_comittee", "credit_committee", "viewer"):
        await session.execute(update(CompanyRole).where(CompanyRole.name == "viewer").values(is_active=False))
        await session.commit()
        refused = await client.post(AUTHORITIES, json=wish | {"role": role}, headers=admin.headers)
        assert (refused.status_code, refused.json()["code"]) == (422, "NoSuchOffice"), refused.text
    extra = STRICT | {"surcharges": [{"stage": COMMITTEE}]}
    assert (await client.post(MATRICES, json=extra, headers=admin.headers)).status_code == 201
    refused = await client.post(AUTHORITIES, json=wish, headers=admin.headers)
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "role")
    given = await client.post(AUTHORITIES, json=wish | {"role": "credit_committee"}, headers=admin.headers)
    assert given.status_code == 201, given.text


async def test_authority_of_somebody_who_has_left_says_so(
    client: AsyncClient, session: AsyncSession, admin: Person, sign_in: SignIn, give: Give
) -> None:
    manager = await give(await sign_in("manager"), "manager")
    manager.user.status = UserStatus.ARCHIVED
    await session.commit()
    await give(await sign_in("manager"), "manager")
    listed = (await client.get(AUTHORITIES, headers=admin.headers)).json()["items"]
    assert {row["person_id"]: row["person_is_active"] for row in listed}.pop(str(manager.user.id)) is False
    assert sorted(row["person_is_active"] for row in listed) == [False, True]


async def test_a_stand_in_who_has_left_is_said_to_have_left(
    client: AsyncClient, session: AsyncSession, admin: Person, sign_in: SignIn, branch: Branch, hand_on: HandOn
) -> None:
    manager, deputy = [await sign_in("manager", branch_id=branch.id) for _ in range(2)]
    made = await hand_on(manager, deputy)
    assert (made["from_is_active"], made["to_is_active"]) == (True, True)
    deputy.user.status = UserStatus.ARCHIVED
    await session.commit()
    (listed,) = (await client.get(DELEGATIONS, headers=admin.headers)).json()["items"]
    assert (listed["from_is_active"], listed["to_is_active"]) == (True, False)


async def test_nobody_gives_themselves_authority(client: AsyncClient, admin: Person, sign_in: SignIn) -> None:
    wish = {"person_id": str(admin.user.id), "role": "manager", "reach": "organisation"}
    refused = await client.post(AUTHORITIES, json=wish, headers=admin.headers)
    assert (refused.status_code, refused.json()["code"]) == (403, "NotToOneself")
    manager = await sign_in("manager")
    assert (await client.post(AUTHORITIES, json=wish, headers=manager.headers)).status_code == 403


async def test_authority_over_a_place_is_given_to_whoever_sees_loans_there(
    client: AsyncClient, admin: Person, sign_in: SignIn, branch: Branch, north: Branch
) -> None:
    manager = await sign_in("manager", branch_id=north.id)
    region = {"role": "regional_manager", "reach": "region", "region": "North"}
    here = {"role": "manager", "reach": "branch", "branch_id": str(north.id)}
    for person, wish in ((manager, region), (manager, here), (await sign_in("regional_manager"), region)):
        body = wish | {"person_id": str(person.user.id)}
        given = await client.post(AUTHORITIES, json=body, headers=admin.headers)
        assert given.status_code == 201, given.text
    neighbour, blind = await sign_in("manager", branch_id=branch.id), await sign_in("data_entry", branch_id=north.id)
    for person, wish in (
        (neighbour, region),
        (neighbour, here),
        (blind, region),
        (blind, {"role": "regional_manager", "reach": "organisation"}),
        (manager, region | {"region": "South"}),
    ):
        body = wish | {"person_id": str(person.user.id)}
        refused = await client.post(AUTHORITIES, json=body, headers=admin.headers)
        assert (refused.status_code, refused.json()["code"]) == (422, "HolderSeesNothing"), refused.text
    (right,) = (await client.get("/api/v1/permissions?search=application:read:branch", headers=admin.headers)).json()[
        "items"
    ]
    denied = {"permission_id": right["id"], "is_granted": False}
    deputy = await sign_in("manager", branch_id=north.id)
    answer = await client.post(f"/api/v1/users/{deputy.user.id}/permissions", json=denied, headers=admin.headers)
    assert answer.status_code == 200, answer.text
    refused = await client.post(AUTHORITIES, json=here | {"person_id": str(deputy.user.id)}, headers=admin.headers)
    assert (refused.status_code, refused.json()["code"]) == (422, "HolderSeesNothing"), refused.text
    body = region | {"person_id": str(manager.user.id), "region": "Nroth"}
    refused = await client.post(AUTHORITIES, json=body, headers=admin.headers)
    assert (refused.status_code, refused.json()["code"]) == (422, "NoSuchRegion"), refused.text
    other = {"person_id": str((await sign_in("regional_manager")).user.id), "region": " north"}
    typed = await client.post(AUTHORITIES, json=body | other, headers=admin.headers)
    assert (typed.status_code, typed.json()["region"]) == (201, "North"), typed.text
    wish = a_delegation(neighbour, role="regional_manager")
    refused = await client.post(DELEGATIONS, json=wish, headers=manager.headers)
    assert (refused.status_code, refused.json()["code"]) == (422, "StandInSeesNothing"), refused.text


@pytest.mark.parametrize("role", ["viewer", "auditor"])
async def test_whoever_only_reads_is_neither_given_authority_nor_stands_in(
    client: AsyncClient, admin: Person, sign_in: SignIn, branch: Branch, role: str
) -> None:
    manager, reader = await sign_in("manager", branch_id=branch.id), await sign_in(role, branch_id=branch.id)
    over = {"role": "manager", "reach": "branch", "branch_id": str(branch.id), "person_id": str(reader.user.id)}
    for refused in (
        await client.post(AUTHORITIES, json=over, headers=admin.headers),
        await client.post(DELEGATIONS, json=a_delegation(reader), headers=manager.headers),
    ):
        assert (refused.status_code, refused.json()["code"]) == (422, "OnlyReads"), refused.text


async def test_a_manager_lets_a_deputy_stand_in_and_takes_it_back(
    client: AsyncClient, sign_in: SignIn, branch: Branch
) -> None:
    manager, deputy = await sign_in("manager", branch_id=branch.id), await sign_in("officer", branch_id=branch.id)
    made = await client.post(DELEGATIONS, json=a_delegation(deputy, limits={"USD": 500}), headers=manager.headers)
    assert made.status_code == 201, made.text
    assert (made.json()["from_id"], made.json()["to_id"]) == (str(manager.user.id), str(deputy.user.id))
    assert (made.json()["from_name"], made.json()["to_name"]) == ("Chanthy Sok", "Chanthy Sok")
    assert (await client.get(DELEGATIONS, headers=manager.headers)).json()["total"] == 1
    taken_back = await client.delete(f"{DELEGATIONS}/{made.json()['id']}", headers=manager.headers)
    assert taken_back.status_code == 204
    assert (await client.get(DELEGATIONS, headers=manager.headers)).json()["total"] == 0
    kept = (await client.get(f"{DELEGATIONS}?with_ended=true", headers=manager.headers)).json()["items"]
    assert kept[0]["ended_at"] is not None


async def test_a_role_is_handed_on_within_bounds(
    client: AsyncClient, sign_in: SignIn, branch: Branch, give: Give
) -> None:
    manager, deputy = await sign_in("manager", branch_id=branch.id), await sign_in("manager", branch_id=branch.id)
    await give(manager, "manager", reach="branch", branch_id=str(branch.id), limits={"USD": 1000})
    for changes, status, code in (
        ({"role": "ceo"}, 403, "NotYoursToDelegate"),
        ({"limits": {"USD": 1001}}, 403, "LimitAboveOwn"),
        ({"ends_at": (NOON - timedelta(days=1)).isoformat()}, 422, "BadPeriod"),
        ({"ends_at": "2026-12-24T08:00:00"}, 422, "InvalidInput"),
        ({"to_id": str(manager.user.id)}, 403, "NotToOneself"),
        ({"to_id": str(uuid4())}, 422, "NoSuchPerson"),
        ({"from_id": str(deputy.user.id)}, 403, "NotYourDelegation"),
    ):
        refused = await client.post(DELEGATIONS, json=a_delegation(deputy, **changes), headers=manager.headers)
        assert (refused.status_code, refused.json()["code"]) == (status, code), refused.text


async def test_whoever_stands_in_sees_what_waits_for_the_absent(
    client: AsyncClient, sign_in: SignIn, branch: Branch, other_branch: Branch
) -> None:
    manager = await sign_in("manager", branch_id=branch.id)
    neighbour = await sign_in("manager", branch_id=other_branch.id)
    blind = await sign_in("data_entry", branch_id=branch.id)
    for person in (neighbour, blind):
        refused = await client.post(DELEGATIONS, json=a_delegation(person), headers=manager.headers)
        assert (refused.status_code, refused.json()["code"]) == (422, "StandInSeesNothing"), refused.text
    regional = await sign_in("regional_manager", branch_id=other_branch.id)
    made = await client.post(DELEGATIONS, json=a_delegation(regional), headers=manager.headers)
    assert made.status_code == 201, made.text


async def test_what_was_delegated_is_not_handed_on(
    client: AsyncClient, admin: Person, sign_in: SignIn, branch: Branch, give: Give
) -> None:
    director, deputy = await sign_in("manager"), await sign_in("manager", branch_id=branch.id)
    stage = {"code": "DIR", "role": "director", "scope": "organisation"}
    wish = STRICT | {"rules": [{"priority": 1, "stages": [stage]}]}
    assert (await client.post(MATRICES, json=wish, headers=admin.headers)).status_code == 201
    await give(director, "director")
    handed = await client.post(DELEGATIONS, json=a_delegation(deputy, role="director"), headers=director.headers)
    assert handed.status_code == 201, handed.text
    third = await sign_in("manager")
    refused = await client.post(DELEGATIONS, json=a_delegation(third, role="director"), headers=deputy.headers)
    assert (refused.status_code, refused.json()["code"]) == (403, "NotYoursToDelegate")


async def test_a_strangers_delegation_is_not_taken_back(client: AsyncClient, sign_in: SignIn, branch: Branch) -> None:
    manager, deputy = await sign_in("manager", branch_id=branch.id), await sign_in("officer", branch_id=branch.id)
    made = await client.post(DELEGATIONS, json=a_delegation(deputy), headers=manager.headers)
    stranger = await sign_in("manager")
    refused = await client.delete(f"{DELEGATIONS}/{made.json()['id']}", headers=stranger.headers)
    assert (refused.status_code, refused.json()["code"]) == (403, "NotYourDelegation")
    missing = await client.delete(f"{DELEGATIONS}/{uuid4()}", headers=stranger.headers)
    assert missing.status_code == 404


async def test_a_lower_limit_takes_the_place_of_the_old_one_only_once_that_is_ended(
    client: AsyncClient, admin: Person, sign_in: SignIn, branch: Branch, north: Branch
) -> None:
    manager = await sign_in("manager", branch_id=branch.id)
    wish = {"person_id": str(manager.user.id), "role": "manager", "reach": "branch", "branch_id": str(branch.id)}
    high = await client.post(AUTHORITIES, json=wish | {"limits": {"USD": 5000}}, headers=admin.headers)
    low = wish | {"limits": {"USD": 500}}
    refused = await client.post(AUTHORITIES, json=low, headers=admin.headers)
    assert (refused.status_code, refused.json()["code"]) == (422, "AuthorityHeld"), refused.text
    everywhere = {"person_id": wish["person_id"], "role": "manager", "reach": "organisation"}
    for body, status in ((everywhere, 201), (everywhere, 422), (low | {"role": "viewer"}, 201)):
        answer = await client.post(AUTHORITIES, json=body, headers=admin.headers)
        assert answer.status_code == status, answer.text
    await client.delete(f"{AUTHORITIES}/{high.json()['id']}", headers=admin.headers)
    assert (await client.post(AUTHORITIES, json=low, headers=admin.headers)).status_code == 201


async def test_who_stands_in_already_is_made_a_stand_in_once_more_only_for_another_time(
    client: AsyncClient, sign_in: SignIn, branch: Branch
) -> None:
    manager, deputy = await sign_in("manager", branch_id=branch.id), await sign_in("officer", branch_id=branch.id)
    made = await client.post(DELEGATIONS, json=a_delegation(deputy, limits={"USD": 2000}), headers=manager.headers)
    assert made.status_code == 201, made.text
    day, week = timedelta(days=1), timedelta(days=7)
    for begins, ends, status in ((NOON + day, NOON + week + day, 422), (NOON + week, NOON + 2 * week, 201)):
        wish = a_delegation(deputy, limits={"USD": 500}, starts_at=begins.isoformat(), ends_at=ends.isoformat())
        answer = await client.post(DELEGATIONS, json=wish, headers=manager.headers)
        assert answer.status_code == status, answer.text
        assert status == 201 or answer.json()["code"] == "StandsInAlready"
    await client.delete(f"{DELEGATIONS}/{made.json()['id']}", headers=manager.headers)
    again = await client.post(DELEGATIONS, json=a_delegation(deputy, limits={"USD": 500}), headers=manager.headers)
    assert again.status_code == 201, again.text


async def test_who_stood_in_until_yesterday_is_listed_with_what_has_ended(
    client: AsyncClient, session: AsyncSession, sign_in: SignIn, branch: Branch
) -> None:
    manager, deputy = await sign_in("manager", branch_id=branch.id), await sign_in("officer", branch_id=branch.id)
    made = await client.post(DELEGATIONS, json=a_delegation(deputy), headers=manager.headers)
    over = {"starts_at": NOON - timedelta(days=9), "ends_at": NOON - timedelta(days=1)}
    await session.execute(update(Delegation).where(Delegation.id == made.json()["id"]).values(**over))
    await session.commit()
    to_come = a_delegation(deputy, starts_at=(NOON + timedelta(days=3)).isoformat())
    assert (await client.post(DELEGATIONS, json=to_come, headers=manager.headers)).status_code == 201
    for query, listed in (("", 1), ("?with_ended=true", 2)):
        assert (await client.get(f"{DELEGATIONS}{query}", headers=manager.headers)).json()["total"] == listed
