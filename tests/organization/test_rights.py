"""Who may do what with the company's shape."""

import pytest
from httpx import AsyncClient

from lc_workflow.identity.rules.roles import Role
from lc_workflow.organization.branches.models import Branch
from tests.conftest import SignIn

NOBODYS_ID = "00000000-0000-4000-8000-000000000000"
WISHES = {
    "branches": {"name": "Kampot", "code": "KP01"},
    "departments": {"name": "Credit", "code": "CR"},
    "positions": {"name": "Credit officer"},
    "employees": {"full_name_khmer": "សុខ ចាន់ធី", "full_name_latin": "SOK CHANTHY"},
}
"""The least that each of them needs."""


@pytest.mark.parametrize("noun", WISHES)
@pytest.mark.parametrize("role", Role)
async def test_everyone_reads_the_company(client: AsyncClient, sign_in: SignIn, role: Role, noun: str) -> None:
    person = await sign_in(role)
    for slash in ("", "/"):
        answer = await client.get(f"/api/v1/{noun}{slash}", headers=person.headers)
        assert (answer.status_code, answer.json()["total"]) == (200, 0), answer.text
    assert (await client.get(f"/api/v1/{noun}/{NOBODYS_ID}", headers=person.headers)).status_code == 404


@pytest.mark.parametrize("noun", WISHES)
@pytest.mark.parametrize("role", Role)
async def test_only_administrators_shape_the_company_and_managers_hire(
    client: AsyncClient, sign_in: SignIn, branch: Branch, role: Role, noun: str
) -> None:
    person = await sign_in(role, branch_id=branch.id)
    may_write = role is Role.ADMIN or (role is Role.MANAGER and noun == "employees")
    may_close = role is Role.ADMIN

    made = await client.post(f"/api/v1/{noun}/", json=WISHES[noun], headers=person.headers)
    assert made.status_code == (201 if may_write else 403), made.text
    url = f"/api/v1/{noun}/{made.json().get('id', NOBODYS_ID)}"
    changed = await client.patch(url, json={"is_active": True}, headers=person.headers)
    assert changed.status_code == (200 if may_write else 403), changed.text
    closed = await client.delete(url, headers=person.headers)
    assert closed.status_code == (204 if may_close else 403), closed.text


@pytest.mark.parametrize("path", [*WISHES, "branches/active", "departments/active", "employees/next-code"])
async def test_strangers_learn_nothing(client: AsyncClient, path: str) -> None:
    assert (await client.get(f"/api/v1/{path}")).status_code == 401


@pytest.mark.parametrize("noun", WISHES)
@pytest.mark.parametrize("name", ["is_active", "page", "size", "search"])
async def test_empty_filters_count_as_absent(client: AsyncClient, sign_in: SignIn, noun: str, name: str) -> None:
    person = await sign_in("viewer")
    assert (await client.get(f"/api/v1/{noun}?{name}=", headers=person.headers)).status_code == 200


@pytest.mark.parametrize("noun", ["branches", "departments"])
async def test_a_manager_must_be_somebody(client: AsyncClient, sign_in: SignIn, noun: str) -> None:
    admin = await sign_in("admin")
    wish = WISHES[noun] | {"manager_id": NOBODYS_ID}
    refused = await client.post(f"/api/v1/{noun}", json=wish, headers=admin.headers)
    assert (refused.status_code, refused.json()["code"]) == (422, "NoSuchManager")
    assert [error["field"] for error in refused.json()["errors"]] == ["manager_id"]

    wish["manager_id"] = str(admin.user.id)
    opened = await client.post(f"/api/v1/{noun}", json=wish, headers=admin.headers)
    assert (opened.status_code, opened.json()["manager_id"]) == (201, str(admin.user.id))
    url = f"/api/v1/{noun}/{opened.json()['id']}"
    refused = await client.patch(url, json={"manager_id": NOBODYS_ID}, headers=admin.headers)
    assert (refused.status_code, refused.json()["code"]) == (422, "NoSuchManager")
    cleared = await client.patch(url, json={"manager_id": None}, headers=admin.headers)
    assert (cleared.status_code, cleared.json()["manager_id"]) == (200, None)


@pytest.mark.parametrize(
    ("noun", "field", "refusal"),
    [
        ("branches", "code", "BranchCodeTaken"),
        ("departments", "code", "DepartmentCodeTaken"),
        ("positions", "name", "PositionNameTaken"),
    ],
)
async def test_what_must_be_unique_is_refused_twice(
    client: AsyncClient, sign_in: SignIn, noun: str, field: str, refusal: str
) -> None:
    admin = await sign_in("admin")
    url = f"/api/v1/{noun}"
    first = (await client.post(url, json=WISHES[noun], headers=admin.headers)).json()
    again = await client.post(url, json=WISHES[noun], headers=admin.headers)
    assert (again.status_code, again.json()["code"]) == (422, refusal)
    assert [error["field"] for error in again.json()["errors"]] == [field]

    second = (await client.post(url, json=WISHES[noun] | {field: "Other"}, headers=admin.headers)).json()
    renamed = await client.patch(f"{url}/{second['id']}", json={field: first[field]}, headers=admin.headers)
    assert (renamed.status_code, renamed.json()["code"]) == (422, refusal)
    assert (await client.get(f"{url}/{second['id']}", headers=admin.headers)).json() == second

    looks_alike = [first[field].lower()] + [f" {first[field]}\u200b"] * (field == "name")
    for typed in looks_alike:
        again = await client.post(url, json=WISHES[noun] | {field: typed}, headers=admin.headers)
        assert (again.status_code, again.json()["code"]) == (422, refusal)
        renamed = await client.patch(f"{url}/{second['id']}", json={field: typed}, headers=admin.headers)
        assert (renamed.status_code, renamed.json()["code"]) == (422, refusal)
    written_anew = await client.patch(f"{url}/{first['id']}", json={field: first[field].lower()}, headers=admin.headers)
    assert (written_anew.status_code, written_anew.json()[field]) == (200, first[field].lower())
