"""What the permission pages send is taken as it is meant, or refused with a sentence: never taken and forgotten."""

from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.identity.roles.models import Permission
from tests.conftest import Person
from tests.identity.rights import Named

URL = "/api/v1/permissions"
NOBODY = "00000000-0000-4000-8000-000000000000"
CLERK = {"name": "archive_clerk", "display_name": "Archive clerk", "level": 5}
UNLIMITED = {
    "parent_role_id": "",
    "department_restricted": False,
    "branch_restricted": False,
    "allowed_departments": [],
    "allowed_branches": [],
}
"""What the form of a role sends that nobody has filled in."""


@pytest.fixture
async def added(session: AsyncSession) -> Permission:
    """A right of the installation that nobody holds."""
    right = Permission(name="file:stamp:all", resource_type="file", action="stamp", scope="all", is_system=False)
    session.add(right)
    await session.commit()
    return right


@pytest.mark.parametrize(
    ("said", "code", "field"),
    [
        ({"is_active": False}, "NotProvidedFor", "is_active"),
        ({"description": "x", "conditions": {"weekdays": True}}, "NotProvidedFor", "conditions"),
        ({"name": "file:read:all"}, "PermissionFixed", "name"),
        ({"scope": "global"}, "PermissionFixed", "scope"),
        ({"action": "delete"}, "PermissionFixed", "action"),
    ],
)
async def test_a_right_is_not_switched_off_bound_or_made_another(
    client: AsyncClient, admin: Person, right_id: Named, said: dict[str, Any], code: str, field: str
) -> None:
    url = f"{URL}/{await right_id('file:read:branch')}"
    refused = await client.put(url, json=said, headers=admin.headers)
    assert (refused.status_code, refused.json()["code"]) == (422, code), refused.text
    assert [error["field"] for error in refused.json()["errors"]] == [field]


async def test_the_form_of_a_right_is_saved_as_it_was_shown(
    client: AsyncClient, admin: Person, right_id: Named
) -> None:
    form = {"name": "file:read:all", "resource_type": "file", "action": "read", "scope": "global", "is_active": True}
    url = f"{URL}/{await right_id('file:read:all')}"
    saved = await client.put(url, json=form | {"description": "Reads papers", "conditions": {}}, headers=admin.headers)
    assert (saved.status_code, saved.json()["description"]) == (200, "Reads papers"), saved.text


async def test_a_right_that_nobody_has_described_says_what_its_name_means(client: AsyncClient, admin: Person) -> None:
    found = (await client.get(f"{URL}?search=file:read:branch", headers=admin.headers)).json()["items"]
    assert [(row["description"], row["is_system_permission"]) for row in found] == [("file: read, one's branch", True)]


async def test_rights_are_looked_for_as_the_page_does(client: AsyncClient, admin: Person) -> None:
    for query, names in (
        ("resource_type=file&action=read&is_active=true&search=", {f"file:read:{s}" for s in SCOPES}),
        ("resource_type=file&action=read&scope=global", {"file:read:all"}),
        ("resource_type=file&action=read&is_active=false", set()),
        ("action=view_all&resource_type=audit", set()),
    ):
        found = (await client.get(f"{URL}?{query}", headers=admin.headers)).json()
        assert {row["name"] for row in found["items"]} == names, query


SCOPES = ("own", "team", "department", "branch", "all")


async def test_roles_are_looked_for_as_the_page_does(client: AsyncClient, admin: Person) -> None:
    opened = await client.post(f"{URL}/roles", json=CLERK | UNLIMITED | {"is_active": False}, headers=admin.headers)
    assert (opened.status_code, opened.json()["is_active"]) == (201, False), opened.text
    for query, is_there in (
        ("is_active=true", False),
        ("is_active=false", True),
        ("is_system_role=false", True),
        ("is_system_role=true", False),
        ("level=5", True),
        ("level=6", False),
    ):
        found = (await client.get(f"{URL}/roles?size=100&{query}", headers=admin.headers)).json()["items"]
        assert ("archive_clerk" in {row["name"] for row in found}) is is_there, query


@pytest.mark.parametrize(
    "limit",
    [
        {"parent_role_id": NOBODY},
        {"is_default": True},
        {"branch_restricted": True},
        {"department_restricted": True},
        {"allowed_branches": [NOBODY]},
        {"allowed_departments": [NOBODY]},
    ],
)
async def test_a_role_is_not_said_to_be_limited_in_ways_it_is_not(
    client: AsyncClient, admin: Person, limit: dict[str, Any]
) -> None:
    refused = await client.post(f"{URL}/roles", json=CLERK | UNLIMITED | limit, headers=admin.headers)
    assert (refused.status_code, refused.json()["code"]) == (422, "NotProvidedFor"), refused.text
    opened = (await client.post(f"{URL}/roles", json=CLERK | UNLIMITED, headers=admin.headers)).json()
    url = f"{URL}/roles/{opened['id']}"
    refused = await client.put(url, json=UNLIMITED | limit, headers=admin.headers)
    assert [error["field"] for error in refused.json()["errors"]] == [*limit]


async def test_the_name_of_a_role_stays(client: AsyncClient, admin: Person) -> None:
    opened = (await client.post(f"{URL}/roles", json=CLERK, headers=admin.headers)).json()
    url = f"{URL}/roles/{opened['id']}"
    refused = await client.put(url, json=CLERK | {"name": "clerk"}, headers=admin.headers)
    assert (refused.status_code, refused.json()["code"]) == (422, "RoleNameFixed"), refused.text
    saved = await client.put(url, json=CLERK | UNLIMITED | {"display_name": "Clerk"}, headers=admin.headers)
    assert (saved.status_code, saved.json()["display_name"]) == (200, "Clerk"), saved.text


async def test_the_page_of_the_matrix_reads_what_it_gave_and_took(
    client: AsyncClient, admin: Person, role_id: Named, right_id: Named
) -> None:
    viewer, right = await role_id("viewer"), await right_id("analytics:read:all")
    url = f"{URL}/roles/{viewer}/permissions/{right}"
    for method, is_granted in (("POST", True), ("DELETE", False)):
        answer = await client.request(method, url, headers=admin.headers)
        assert (answer.status_code, answer.json()["is_granted"]) == (200, is_granted)
        matrix = (await client.get(f"{URL}/matrix", headers=admin.headers)).json()
        assert matrix["matrix"][viewer].get(right, False) is is_granted


async def test_many_rights_are_struck_out_at_once_or_none(
    client: AsyncClient, session: AsyncSession, admin: Person, right_id: Named, added: Permission
) -> None:
    ids = [str(added.id), await right_id("file:read:all")]
    refused = await client.post(f"{URL}/bulk", json={"action": "delete", "ids": ids}, headers=admin.headers)
    assert (refused.status_code, refused.json()["code"]) == (422, "SystemPermission"), refused.text
    wish = {"action": "delete", "ids": [str(added.id)]}
    for action, changed in (("activate", 0), ("delete", 1)):
        done = await client.post(f"{URL}/bulk", json=wish | {"action": action}, headers=admin.headers)
        assert done.json() == {"changed": changed, "success_count": 1, "failure_count": 0, "total": 1}, done.text
    gone = await client.post(f"{URL}/bulk", json=wish, headers=admin.headers)
    assert (gone.status_code, gone.json()["code"]) == (422, "NoSuchPermission")


@pytest.mark.parametrize(
    ("wish", "fields"),
    [
        ({"action": "deactivate", "ids": [NOBODY]}, ["action"]),
        ({"action": "delete"}, ["ids"]),
        ({"action": "grant", "permission_ids": [NOBODY]}, ["role_ids"]),
        ({"action": "revoke"}, ["role_ids", "permission_ids"]),
    ],
)
async def test_what_is_meant_for_many_is_said_whole(
    client: AsyncClient, admin: Person, wish: dict[str, Any], fields: list[str]
) -> None:
    refused = await client.post(f"{URL}/bulk", json=wish, headers=admin.headers)
    assert (refused.status_code, [error["field"] for error in refused.json()["errors"]]) == (422, fields)
