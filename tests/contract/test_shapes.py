"""What we answer has the fields and the kinds of value the web app reads."""

import json
import re
from collections.abc import Awaitable, Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.organization.branches.models import Branch
from tests.conftest import Person, SignIn
from tests.identity.factories import PASSWORD
from tests.organization.factories import a_department, a_position, an_employee

SHAPES: dict[str, dict[str, str]] = json.loads(Path(__file__).with_name("shapes.json").read_text("utf-8"))
V1 = "/api/v1"
ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[1-5][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
"""The pattern by which the web app's pages accept an id."""


def is_date(value: object) -> bool:
    return isinstance(value, str) and len(value) == len("2026-11-24") and bool(date.fromisoformat(value))


def is_moment(value: object) -> bool:
    return isinstance(value, str) and datetime.fromisoformat(value).utcoffset() is not None


KINDS: dict[str, Callable[[Any], bool]] = {
    "id": lambda value: isinstance(value, str) and bool(ID.fullmatch(value)),
    "string": lambda value: isinstance(value, str),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "boolean": lambda value: isinstance(value, bool),
    "array": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
    "date": is_date,
    "moment": is_moment,
    "anything": lambda _: True,
}


def check(shape: str, answer: Any) -> Any:
    """Compare an answer with its shape; more fields than the web app reads are no fault."""
    wrong = {
        field: answer.get(field, "absent")
        for field, kind in SHAPES[shape].items()
        if field not in answer
        or not ((answer[field] is None and kind.endswith("?")) or KINDS[kind.removesuffix("?")](answer[field]))
    }
    assert not wrong, f"{shape}: {wrong}"
    return answer


Get = Callable[..., Awaitable[Any]]


@pytest.fixture
def get(client: AsyncClient, admin: Person) -> Get:
    async def get(path: str, person: Person = admin) -> Any:
        answer = await client.get(f"{V1}{path}", headers=person.headers)
        assert answer.status_code == 200, (path, answer.text)
        return answer.json()

    return get


async def test_signing_in(client: AsyncClient, session: AsyncSession, get: Get, admin: Person) -> None:
    form = {"username": admin.user.username, "password": PASSWORD}
    check("user", check("sign_in", (await client.post(f"{V1}/auth/login", data=form)).json())["user"])
    check("user", await get("/auth/me"))
    rights = check("rights", await get("/auth/me/permissions"))
    permissions = [check("effective_permission", entry)["permission"] for entry in rights["effective_permissions"]]
    assert {"id", "name", "resource_type", "action", "scope"} <= permissions[0].keys()
    assert {"id", "name", "display_name", "level", "is_active", "is_system_role"} <= rights["roles"][0].keys()
    wrong = await client.post(f"{V1}/auth/login", data=form | {"password": "wrong"})
    assert (wrong.status_code, check("problem", wrong.json())["status"]) == (401, 401)


async def test_the_company(session: AsyncSession, get: Get, admin: Person, branch: Branch) -> None:
    session.add_all([department := a_department(), position := a_position()])
    await session.flush()
    session.add(employee := an_employee(branch_id=branch.id, department_id=department.id))
    admin.user.branch_id, admin.user.department_id, admin.user.position_id = branch.id, department.id, position.id
    session.add(admin.user)
    await session.commit()
    for noun, plural in (("branch", "branches"), ("department", "departments"), ("position", "positions")):
        row = check("page", await get(f"/{plural}/"))["items"][0]
        assert check(noun, await get(f"/{plural}/{row['id']}")) == row
    check("employee", check("page", await get("/employees"))["items"][0])
    check("employee", await get(f"/employees/{employee.id}"))
    check("next_code", await get("/employees/next-code"))
    check("code_check", await get(f"/employees/check-code/{employee.employee_code}"))
    check("department_with_counts", (await get("/departments?include_counts=true"))["items"][0])
    check("department_with_relations", await get(f"/departments/{department.id}/with-relations"))
    check("user", check("page", await get(f"/departments/{department.id}/users"))["items"][0])
    person = check("user", check("page", await get("/users"))["items"][0])
    assert person["branch"]["name"] == "Phnom Penh 1"


async def test_an_application_with_its_papers(
    client: AsyncClient,
    session: AsyncSession,
    get: Get,
    sign_in: SignIn,
    branch: Branch,
    draft: Callable[..., Awaitable[dict[str, Any]]],
) -> None:
    officer = await sign_in("officer", branch_id=branch.id)
    session.add(employee := an_employee(branch_id=branch.id))
    await session.commit()
    drafted = check("application", await draft(officer, employee_assignments=[{"employee_id": str(employee.id)}]))
    check("assignment", drafted["employee_assignments"][0])
    upload = await client.post(
        f"{V1}/files/upload",
        files={"file": ("note.txt", b"The shop is open every day.", "text/plain")},
        data={"application_id": drafted["id"], "document_type": "other", "folder_id": ""},
        headers=officer.headers,
    )
    assert upload.status_code == 201, upload.text
    file = check("file", upload.json())
    check("file", check("page", await get(f"/files?application_id={drafted['id']}&size=1000"))["items"][0])
    assert check("download", await get(f"/files/{file['id']}/download"))["url"].startswith("http")
    folders = await get(f"/folders/?application_id={drafted['id']}")
    assert check("folder", folders[0])["file_count"] == 1
    whole = check("application", await get(f"/applications/{drafted['id']}"))
    check("document", whole["documents"][0])
    check("application", check("page", await get("/applications/?size=1000"))["items"][0])
    customer = check("customer", check("page", await get("/customers"))["items"][0])
    assert SHAPES["user"].keys() <= customer.keys(), "a customer has the fields of a user"
    assert customer["branch"]["name"] == branch.name
    assert await get(f"/customers/{customer['id']}") == customer
    assert isinstance(await get(f"/customers/{customer['id']}/applications"), list)
    assert isinstance(await get(f"/employees/assignments/application/{drafted['id']}"), list)
    stats = check("stats", await get("/dashboard/stats"))
    check("application_counts", stats["applications"])
    check("user_counts", stats["users"])
    check("recent_application", (await get("/dashboard/recent-applications?limit=5"))[0])
    check("activity", (await get("/dashboard/activity-timeline?days=7"))[0])
    check("performance", await get("/dashboard/performance-metrics"))


async def test_settings_enumerations_and_notifications(client: AsyncClient, get: Get, admin: Person) -> None:
    for kind in ("id-card-types", "product-types", "loan-purposes", "loan-statuses"):
        check("choice", (await get(f"/enums/{kind}"))[0])
    made = await client.post(f"{V1}/settings/initialize", headers=admin.headers)
    check("initialized", made.json())
    category = next(iter((await get("/settings/")).values()))
    check("setting", next(iter(category.values())))
    check("notifications", await get("/users/notifications/summary?days=30"))
    marked = await client.put(f"{V1}/users/notifications/mark-all-read", headers=admin.headers)
    assert marked.json()["count"] == 0
