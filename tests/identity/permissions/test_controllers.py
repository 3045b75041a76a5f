"""The permission pages: what roles may do is shown, changed, and counts from the next request."""

from datetime import timedelta
from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.identity.roles.models import CompanyRole, Permission, UserPermission, UserRole
from lc_workflow.identity.rules.roles import CATALOGUE, STANDINGS, Role
from tests.conftest import Person, SignIn
from tests.identity.rights import Named
from tests.moments import NOON

URL = "/api/v1/permissions"
NOBODY = "00000000-0000-4000-8000-000000000000"
CLERK = {"name": "archive_clerk", "display_name": "Archive clerk", "level": 5}


async def a_clerk(client: AsyncClient, admin: Person, **changes: Any) -> dict[str, Any]:
    answer = await client.post(f"{URL}/roles", json=CLERK | changes, headers=admin.headers)
    assert answer.status_code == 201, answer.text
    role: dict[str, Any] = answer.json()
    return role


class TestReading:
    """Administrators and auditors see the whole system; others do not."""

    @pytest.mark.parametrize("path", ["", "/roles", "/roles/standard", "/matrix", "/templates"])
    @pytest.mark.parametrize("role", Role)
    async def test_the_pages_are_for_administrators_and_auditors(
        self, client: AsyncClient, sign_in: SignIn, role: Role, path: str
    ) -> None:
        person = await sign_in(role)
        answer = await client.get(f"{URL}{path}", headers=person.headers)
        assert answer.status_code == (200 if role in {Role.ADMIN, Role.AUDITOR} else 403)

    async def test_every_right_of_the_house_is_listed(self, client: AsyncClient, admin: Person) -> None:
        page = (await client.get(f"{URL}?size=1000", headers=admin.headers)).json()
        assert page["total"] == sum(map(len, CATALOGUE.values()))
        found = (await client.get(f"{URL}?search=application:approve", headers=admin.headers)).json()["items"]
        assert {row["scope"] for row in found} == {"own", "team", "department", "branch", "all"}
        assert found[0].items() >= {"resource_type": "application", "action": "approve", "is_system": True}.items()

    async def test_a_role_shows_its_rights_and_how_many_hold_it(
        self, client: AsyncClient, admin: Person, sign_in: SignIn, role_id: Named
    ) -> None:
        for _ in range(2):
            await sign_in("teller")
        role = (await client.get(f"{URL}/roles/{await role_id('teller')}", headers=admin.headers)).json()
        assert [right["name"] for right in role["permissions"]] == list(STANDINGS[Role.TELLER].rights)
        assert (role["user_count"], role["permission_count"]) == (2, len(role["permissions"]))
        assert (await client.get(f"{URL}/roles/{NOBODY}", headers=admin.headers)).status_code == 404

    async def test_the_matrix_says_which_role_holds_which_right(
        self, client: AsyncClient, admin: Person, role_id: Named, right_id: Named
    ) -> None:
        matrix = (await client.get(f"{URL}/matrix", headers=admin.headers)).json()
        approve, manager = await right_id("application:approve:branch"), await role_id("manager")
        assert [role for role, held in matrix["assignments"].items() if approve in held] == [manager]
        assert {role["name"] for role in matrix["roles"]} == set(Role)

    async def test_the_standard_roles_are_those_of_the_release(self, client: AsyncClient, admin: Person) -> None:
        page = (await client.get(f"{URL}/roles/standard", headers=admin.headers)).json()
        assert {role["name"]: tuple(role["permissions"]) for role in page["items"]} == {
            str(role): standing.rights for role, standing in STANDINGS.items()
        }


class TestRights:
    """Rights are what the house asks for; an installation adds scopes and says what they are for."""

    async def test_a_permission_is_written_down_in_one_more_scope_and_struck_out_again(
        self, client: AsyncClient, admin: Person
    ) -> None:
        wish = {"resource_type": "notification", "action": "read", "scope": "all"}
        refused = await client.post(URL, json=wish, headers=admin.headers)
        assert (refused.status_code, refused.json()["code"]) == (422, "PermissionTaken")
        refused = await client.post(URL, json=wish | {"scope": "global"}, headers=admin.headers)
        assert (refused.status_code, refused.json()["code"]) == (422, "PermissionTaken")
        for unknown in ({"resource_type": "loan"}, {"scope": "team"}):
            refused = await client.post(URL, json=wish | unknown, headers=admin.headers)
            assert (refused.status_code, refused.json()["code"]) == (422, "NoSuchRight")

    async def test_a_right_of_the_installation_is_struck_out_once_nobody_holds_it(
        self, client: AsyncClient, session: AsyncSession, admin: Person, announced: Any
    ) -> None:
        right = Permission(name="file:stamp:all", resource_type="file", action="stamp", scope="all", is_system=False)
        session.add(right)
        await session.commit()
        session.add(
            held := UserPermission(
                user_id=admin.user.id,
                permission_id=right.id,
                is_granted=True,
                given_by=admin.user.id,
                given_at=NOON,
            )
        )
        await session.commit()
        url = f"{URL}/{right.id}"
        refused = await client.delete(url, headers=admin.headers)
        assert (refused.status_code, refused.json()["code"]) == (422, "PermissionInUse")
        await session.delete(held)
        clerks = update(CompanyRole).where(CompanyRole.name == "teller")
        await session.execute(clerks.values(grants=[right.name]))
        await session.commit()
        refused = await client.delete(url, headers=admin.headers)
        assert (refused.status_code, refused.json()["code"]) == (422, "PermissionInUse"), "a role holds it"
        await session.execute(clerks.values(grants=[]))
        await session.commit()
        assert (await client.delete(url, headers=admin.headers)).status_code == 204
        assert (await client.delete(url, headers=admin.headers)).status_code == 404
        assert (await announced())[-1] == "PermissionRemoved"

    async def test_what_a_right_is_for_is_said(self, client: AsyncClient, admin: Person, right_id: Named) -> None:
        url = f"{URL}/{await right_id('application:read:branch')}"
        said = await client.put(url, json={"description": "See the branch"}, headers=admin.headers)
        assert (said.status_code, said.json()["description"]) == (200, "See the branch")
        refused = await client.delete(url, headers=admin.headers)
        assert (refused.status_code, refused.json()["code"]) == (422, "SystemPermission")
        assert (await client.delete(f"{URL}/{NOBODY}", headers=admin.headers)).status_code == 404


class TestRoles:
    """Roles are opened, changed and removed; those of the release stay, and so do those in use."""

    async def test_a_role_is_opened_changed_and_removed(
        self, client: AsyncClient, admin: Person, announced: Any, right_id: Named
    ) -> None:
        role = await a_clerk(client, admin, permission_ids=[await right_id("file:read:branch")])
        assert ([right["name"] for right in role["permissions"]], role["web_word"]) == (["file:read:branch"], "viewer")
        url = f"{URL}/roles/{role['id']}"
        changed = await client.put(url, json={"display_name": "Clerk", "permission_ids": []}, headers=admin.headers)
        assert (changed.status_code, changed.json()["display_name"], changed.json()["permissions"]) == (
            200,
            "Clerk",
            [],
        )
        assert (await client.delete(url, headers=admin.headers)).status_code == 204
        assert (await client.get(url, headers=admin.headers)).status_code == 404
        assert (await announced())[-5:] == [
            "RoleOpened",
            "RoleRightsChanged",
            "RoleAltered",
            "RoleRightsChanged",
            "RoleClosed",
        ]

    async def test_a_role_is_opened_like_a_standard_one(self, client: AsyncClient, admin: Person) -> None:
        wish = {"template": "manager", "name": "deputy_manager", "display_name": "Deputy manager"}
        role = (await client.post(f"{URL}/roles/from-template", json=wish, headers=admin.headers)).json()
        assert tuple(right["name"] for right in role["permissions"]) == STANDINGS[Role.MANAGER].rights
        again = await client.post(f"{URL}/roles/from-template", json=wish, headers=admin.headers)
        assert (again.status_code, again.json()["code"]) == (422, "RoleNameTaken")
        unknown = await client.post(
            f"{URL}/roles/from-template", json=wish | {"template": "boss"}, headers=admin.headers
        )
        assert (unknown.status_code, unknown.json()["code"]) == (422, "NoSuchRole")

    async def test_a_role_is_opened_with_the_rights_of_a_template(self, client: AsyncClient, admin: Person) -> None:
        rights = {"name": "Archive", "permissions": ["file:read:branch", "permission:read:all"]}
        template = (await client.post(f"{URL}/templates", json=rights, headers=admin.headers)).json()
        wish = CLERK | {"template_id": template["id"], "description": "Keeps the archive"}
        made = await client.post(f"{URL}/roles/from-template", json=wish, headers=admin.headers)
        assert made.status_code == 201, made.text
        role = made.json()
        assert [right["name"] for right in role["permissions"]] == rights["permissions"]
        assert (role["display_name"], role["level"], role["web_word"]) == ("Archive clerk", 5, "viewer")

    async def test_a_role_from_a_template_gives_no_more_than_its_author_holds(
        self, client: AsyncClient, admin: Person
    ) -> None:
        rights = {"name": "Deciding", "permissions": ["application:approve:all"]}
        template = (await client.post(f"{URL}/templates", json=rights, headers=admin.headers)).json()
        for wish, status, code in (
            ({"template_id": template["id"]}, 403, "GrantAboveOwn"),
            ({"template_id": NOBODY}, 404, "Missing"),
            ({"template_id": template["id"], "template": "viewer"}, 422, "PatternUnclear"),
            ({}, 422, "PatternUnclear"),
        ):
            refused = await client.post(f"{URL}/roles/from-template", json=CLERK | wish, headers=admin.headers)
            assert (refused.status_code, refused.json()["code"]) == (status, code)

    async def test_a_copy_of_a_standard_role_stands_where_it_is_said(self, client: AsyncClient, admin: Person) -> None:
        wish = {"template": "viewer", "name": "junior_viewer", "level": 3}
        role = (await client.post(f"{URL}/roles/from-template", json=wish, headers=admin.headers)).json()
        assert role["level"] == 3

    async def test_a_role_in_use_and_a_role_of_the_release_stay(
        self, client: AsyncClient, admin: Person, sign_in: SignIn, role_id: Named
    ) -> None:
        role = await a_clerk(client, admin)
        await sign_in(role["name"])
        for call in (
            client.delete(f"{URL}/roles/{role['id']}", headers=admin.headers),
            client.put(f"{URL}/roles/{role['id']}", json={"is_active": False}, headers=admin.headers),
        ):
            refused = await call
            assert (refused.status_code, refused.json()["code"]) == (422, "RoleInUse")
        url = f"{URL}/roles/{await role_id('viewer')}"
        for refused in (
            await client.delete(url, headers=admin.headers),
            await client.put(url, json={"level": 5}, headers=admin.headers),
        ):
            assert (refused.status_code, refused.json()["code"]) == (422, "SystemRole")

    async def test_who_held_a_role_until_yesterday_does_not_keep_it_open(
        self, client: AsyncClient, session: AsyncSession, admin: Person, sign_in: SignIn
    ) -> None:
        role, viewer = await a_clerk(client, admin), await sign_in("viewer")
        who = {"user_id": viewer.user.id, "role_id": role["id"], "given_by": admin.user.id}
        session.add(UserRole(**who, given_at=NOON - timedelta(days=9), until=NOON - timedelta(days=1)))
        await session.commit()
        put_aside = await client.put(f"{URL}/roles/{role['id']}", json={"is_active": False}, headers=admin.headers)
        assert put_aside.status_code == 200, put_aside.text
        assert (await client.delete(f"{URL}/roles/{role['id']}", headers=admin.headers)).status_code == 204

    @pytest.mark.parametrize(
        ("role", "right", "code"),
        [
            ("admin", "system:manage:all", "AdministratorRoleFixed"),
            ("teller", "application:approve:branch", "GrantAboveOwn"),
            ("manager", "application:approve:all", "GrantAboveOwn"),
        ],
    )
    async def test_nobody_gives_what_they_do_not_hold_and_the_administrators_role_is_fixed(
        self,
        client: AsyncClient,
        admin: Person,
        role_id: Named,
        right_id: Named,
        role: str,
        right: str,
        code: str,
    ) -> None:
        toggle = {"role_id": await role_id(role), "permission_id": await right_id(right)}
        refused = await client.put(f"{URL}/matrix/toggle", json=toggle, headers=admin.headers)
        assert (refused.status_code, refused.json()["code"]) == (403, code)

    async def test_nobody_raises_the_role_they_hold(
        self, client: AsyncClient, admin: Person, sign_in: SignIn, role_id: Named, right_id: Named
    ) -> None:
        keeper = await a_clerk(
            client,
            admin,
            permission_ids=[await right_id(f"permission:{verb}:all") for verb in ("read", "manage")],
        )
        person = await sign_in(keeper["name"])
        toggle = {"role_id": keeper["id"], "permission_id": await right_id("permission:read:all")}
        refused = await client.put(f"{URL}/matrix/toggle", json=toggle, headers=person.headers)
        assert (refused.status_code, refused.json()["code"]) == (403, "OwnRole")
        refused = await client.put(f"{URL}/roles/{keeper['id']}", json={"level": 1}, headers=person.headers)
        assert (refused.status_code, refused.json()["code"]) == (403, "OwnRole")
        above = {"role_id": await role_id("teller"), "permission_id": await right_id("permission:read:all")}
        refused = await client.put(f"{URL}/matrix/toggle", json=above, headers=person.headers)
        assert (refused.status_code, refused.json()["code"]) == (403, "RoleAboveOwn")
        refused = await client.post(f"{URL}/roles", json=CLERK | {"name": "x", "level": 9}, headers=person.headers)
        assert (refused.status_code, refused.json()["code"]) == (403, "RoleAboveOwn")


class TestTheNextRequest:
    """What is changed counts from the next request."""

    async def test_a_right_that_is_turned_over_counts_at_once(
        self, client: AsyncClient, admin: Person, sign_in: SignIn, role_id: Named, right_id: Named
    ) -> None:
        viewer = await sign_in("viewer")
        toggle = {"role_id": await role_id("viewer"), "permission_id": await right_id("application:read:branch")}
        assert (await client.get("/api/v1/applications", headers=viewer.headers)).status_code == 200
        for granted, status in ((False, 403), (True, 200)):
            turned = await client.put(f"{URL}/matrix/toggle", json=toggle, headers=admin.headers)
            assert turned.json()["is_granted"] is granted
            assert (await client.get("/api/v1/applications", headers=viewer.headers)).status_code == status

    async def test_many_at_once_are_given_or_none(
        self, client: AsyncClient, admin: Person, role_id: Named, right_id: Named
    ) -> None:
        bulk = {
            "action": "grant",
            "role_ids": [await role_id("teller"), await role_id("viewer")],
            "permission_ids": [await right_id("analytics:read:all")],
        }
        done = await client.post(f"{URL}/bulk", json=bulk, headers=admin.headers)
        assert (done.status_code, done.json()) == (
            200,
            {"changed": 2, "success_count": 2, "failure_count": 0, "total": 2},
        )
        bulk["permission_ids"] = [*bulk["permission_ids"], await right_id("application:approve:all")]
        refused = await client.post(f"{URL}/bulk", json=bulk, headers=admin.headers)
        assert (refused.status_code, refused.json()["code"]) == (403, "GrantAboveOwn")
        taken = await client.post(f"{URL}/bulk", json=bulk | {"action": "revoke"}, headers=admin.headers)
        assert taken.json()["changed"] == 2
        bulk["permission_ids"] = [NOBODY]
        refused = await client.post(f"{URL}/bulk", json=bulk, headers=admin.headers)
        assert (refused.status_code, refused.json()["code"]) == (422, "NoSuchPermission")
