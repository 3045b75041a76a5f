"""What one person holds beside their role: given, denied, for a time, and taken back."""

from datetime import timedelta
from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.identity.roles.models import UserPermission, UserRole
from lc_workflow.kernel.dates import end_of
from tests.conftest import Person, SignIn
from tests.identity.rights import Named
from tests.moments import NOON

SOON = (NOON + timedelta(days=1)).isoformat()
LATER = (NOON + timedelta(days=30)).isoformat()
NOBODY = "00000000-0000-4000-8000-000000000000"
APPLICATIONS = "/api/v1/applications"


def url(person: Person, what: str) -> str:
    return f"/api/v1/users/{person.user.id}/{what}"


class TestRights:
    """A right is given to somebody, or denied to them, whatever their roles say."""

    async def test_a_right_is_denied_and_given_back(
        self, client: AsyncClient, admin: Person, sign_in: SignIn, right_id: Named, announced: Any
    ) -> None:
        viewer = await sign_in("viewer")
        wish = {"permission_id": await right_id("application:read:own"), "is_granted": False, "reason": "On leave"}
        denied = await client.post(url(viewer, "permissions"), json=wish, headers=admin.headers)
        assert denied.status_code == 200, denied.text
        (direct,) = denied.json()["direct_permissions"]
        assert (direct["is_granted"], direct["reason"], direct["source"]) == (False, "On leave", "direct")
        names = {one["permission"]["name"] for one in denied.json()["effective_permissions"]}
        assert not [name for name in names if name.startswith("application:read")]
        assert (await client.get(APPLICATIONS, headers=viewer.headers)).status_code == 403

        taken = await client.delete(url(viewer, f"permissions/{wish['permission_id']}"), headers=admin.headers)
        assert taken.status_code == 204
        assert (await client.get(APPLICATIONS, headers=viewer.headers)).status_code == 200
        assert (await announced())[-2:] == ["RightGiven", "RightTaken"]

    async def test_a_right_that_was_given_for_a_time_ends_by_itself(
        self, client: AsyncClient, session: AsyncSession, admin: Person, sign_in: SignIn, right_id: Named
    ) -> None:
        viewer = await sign_in("viewer")
        wish = {"permission_id": await right_id("permission:read:all"), "until": SOON}
        assert (await client.get("/api/v1/permissions", headers=viewer.headers)).status_code == 403
        given = await client.post(url(viewer, "permissions"), json=wish, headers=admin.headers)
        assert given.json()["direct_permissions"][0]["until"].startswith(SOON[:19])
        assert (await client.get("/api/v1/permissions", headers=viewer.headers)).status_code == 200
        await session.execute(update(UserPermission).values(until=NOON))
        await session.commit()
        assert (await client.get("/api/v1/permissions", headers=viewer.headers)).status_code == 403

    async def test_a_denial_ends_sooner_only_by_those_who_could_lift_it(
        self, client: AsyncClient, admin: Person, sign_in: SignIn, right_id: Named
    ) -> None:
        manager, colleague = await sign_in("manager"), await sign_in("manager")
        denial = {"permission_id": await right_id("application:approve:branch"), "is_granted": False}
        for whom, until, status in (
            (manager, SOON, 200),
            (manager, LATER, 200),
            (manager, SOON, 403),
            (manager, None, 200),
            (manager, LATER, 403),
            (colleague, SOON, 200),
        ):
            answer = await client.post(url(whom, "permissions"), json=denial | {"until": until}, headers=admin.headers)
            assert (answer.status_code, answer.json().get("code")) == (
                status,
                None if status == 200 else "GrantAboveOwn",
            )

    @pytest.mark.parametrize(
        ("right", "changes", "status", "code"),
        [
            ("application:approve:own", {}, 403, "GrantAboveOwn"),
            ("permission:read:all", {"until": NOON.isoformat()}, 422, "EndsBeforeItBegins"),
            ("permission:read:all", {"permission_id": NOBODY}, 422, "NoSuchPermission"),
        ],
    )
    async def test_what_cannot_be_given_is_refused(
        self,
        client: AsyncClient,
        admin: Person,
        sign_in: SignIn,
        right_id: Named,
        right: str,
        changes: dict[str, str],
        status: int,
        code: str,
    ) -> None:
        viewer = await sign_in("viewer")
        wish = {"permission_id": await right_id(right)} | changes
        refused = await client.post(url(viewer, "permissions"), json=wish, headers=admin.headers)
        assert (refused.status_code, refused.json()["code"]) == (status, code)

    async def test_nobody_changes_their_own(
        self, client: AsyncClient, admin: Person, right_id: Named, role_id: Named
    ) -> None:
        wishes = {
            "permissions": {"permission_id": await right_id("permission:read:all")},
            "roles": {"role_id": await role_id("teller")},
        }
        for what, wish in wishes.items():
            refused = await client.post(url(admin, what), json=wish, headers=admin.headers)
            assert (refused.status_code, refused.json()["code"]) == (403, "NotYoursToChange")

    async def test_what_was_never_said_is_not_taken_back(
        self, client: AsyncClient, admin: Person, sign_in: SignIn
    ) -> None:
        viewer = await sign_in("viewer")
        for path in (url(viewer, f"permissions/{NOBODY}"), url(viewer, f"roles/{NOBODY}")):
            assert (await client.delete(path, headers=admin.headers)).status_code == 404
        assert (await client.get(f"/api/v1/users/{NOBODY}/permissions", headers=admin.headers)).status_code == 404


class TestRoles:
    """A person holds further roles beside the one of their account."""

    async def test_a_further_role_adds_its_rights_until_it_is_taken(
        self, client: AsyncClient, admin: Person, sign_in: SignIn, role_id: Named, announced: Any
    ) -> None:
        viewer = await sign_in("viewer")
        wish = {"role_id": await role_id("auditor"), "until": SOON, "reason": "Covers for Kunthea"}
        given = await client.post(url(viewer, "roles"), json=wish, headers=admin.headers)
        assert given.status_code == 200, given.text
        assert [role["name"] for role in given.json()["roles"]] == ["auditor", "viewer"]
        assert (await client.get("/api/v1/permissions", headers=viewer.headers)).status_code == 200
        for path in (url(viewer, "roles"), f"/api/v1/permissions/users/{viewer.user.id}/roles"):
            page = (await client.get(path, headers=admin.headers)).json()
            assert [role["name"] for role in page["items"]] == ["auditor", "viewer"]
        mine = (await client.get("/api/v1/auth/me/permissions", headers=viewer.headers)).json()
        assert {one["role_name"] for one in mine["effective_permissions"]} == {"auditor", "viewer"}

        assert (await client.delete(url(viewer, f"roles/{wish['role_id']}"), headers=admin.headers)).status_code == 204
        assert (await client.get("/api/v1/permissions", headers=viewer.headers)).status_code == 403
        assert (await announced())[-2:] == ["RoleGiven", "RoleTaken"]

    async def test_the_first_role_is_changed_with_the_account(
        self, client: AsyncClient, admin: Person, sign_in: SignIn, role_id: Named
    ) -> None:
        viewer, first = await sign_in("viewer"), await role_id("viewer")
        for refused in (
            await client.post(url(viewer, "roles"), json={"role_id": first}, headers=admin.headers),
            await client.delete(url(viewer, f"roles/{first}"), headers=admin.headers),
        ):
            assert (refused.status_code, refused.json()["code"]) == (422, "FirstRole")

    async def test_the_last_administrator_stays(
        self, client: AsyncClient, session: AsyncSession, admin: Person, sign_in: SignIn, role_id: Named
    ) -> None:
        """One administers by their account, the other by a further role: the first may go, then the other may not."""
        second = await sign_in("viewer")
        session.add(
            UserRole(
                user_id=second.user.id,
                role_id=await role_id("admin"),
                given_by=admin.user.id,
                given_at=NOON,
            )
        )
        await session.commit()
        accounts = "/api/v1/users"
        gone = await client.patch(f"{accounts}/{admin.user.id}", json={"role": "viewer"}, headers=second.headers)
        assert (gone.status_code, gone.json()["role"]) == (200, "viewer")
        third = await sign_in("admin")
        await client.patch(f"{accounts}/{third.user.id}", json={"status": "suspended"}, headers=second.headers)
        refused = await client.patch(
            f"{accounts}/{second.user.id}", json={"status": "inactive"}, headers=second.headers
        )
        assert refused.status_code in {403, 422}, refused.text


async def test_what_the_page_gives_until_a_day_ends_with_that_day(
    client: AsyncClient, admin: Person, sign_in: SignIn, role_id: Named, right_id: Named
) -> None:
    viewer = await sign_in("viewer")
    untold = {"department_id": None, "branch_id": "", "effective_until": str(NOON.date())}
    for path, wish, held in (
        ("roles", {"role_id": await role_id("teller")}, "roles"),
        ("permissions", {"permission_id": await right_id("analytics:read:all")}, "direct_permissions"),
    ):
        address = url(viewer, path)
        given = await client.post(address, json=untold | wish, headers=admin.headers)
        assert given.status_code == 200, given.text
        ends = {row["until"] for row in given.json()[held]} - {None}
        assert ends == {end_of(NOON.date()).isoformat().replace("+00:00", "Z")}


async def test_nothing_is_given_for_one_place_only(
    client: AsyncClient, admin: Person, sign_in: SignIn, role_id: Named, right_id: Named
) -> None:
    viewer, somewhere = await sign_in("viewer"), "00000000-0000-4000-8000-000000000000"
    role, right = {"role_id": await role_id("teller")}, {"permission_id": await right_id("analytics:read:all")}
    for path, wish in (
        ("roles", role | {"branch_id": somewhere}),
        ("roles", role | {"department_id": somewhere}),
        ("permissions", right | {"branch_id": somewhere}),
        ("permissions", right | {"resource_id": somewhere}),
        ("permissions", right | {"conditions": {"amount": 5}}),
    ):
        refused = await client.post(url(viewer, path), json=wish, headers=admin.headers)
        assert (refused.status_code, refused.json()["code"]) == (422, "NotProvidedFor"), refused.text


async def test_a_further_role_that_becomes_the_first_is_not_left_behind_when_that_changes(
    client: AsyncClient, admin: Person, sign_in: SignIn, role_id: Named, announced: Any
) -> None:
    """The list showed it once, and nothing took away what was hidden behind the first: who was demoted kept it."""
    viewer = await sign_in("viewer")
    wish = {"role_id": await role_id("teller")}
    assert (await client.post(url(viewer, "roles"), json=wish, headers=admin.headers)).status_code == 200
    for role, held in (("teller", ["teller"]), ("viewer", ["viewer"])):
        changed = await client.patch(f"/api/v1/users/{viewer.user.id}", json={"role": role}, headers=admin.headers)
        assert changed.status_code == 200, changed.text
        listed = (await client.get(url(viewer, "roles"), headers=admin.headers)).json()["items"]
        assert [one["name"] for one in listed] == held
    assert [kind for kind in await announced() if kind.startswith("Role")] == [
        "RoleGiven",
        "RoleChanged",
        "RoleTaken",
        "RoleChanged",
    ]
