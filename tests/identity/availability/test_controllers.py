"""What is still free, and who may ask."""

from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.organization.branches.models import Branch
from tests.conftest import SignIn
from tests.identity.factories import a_user

URL = "/api/v1/validation"


async def ask(client: AsyncClient, headers: dict[str, str], what: str, **query: Any) -> tuple[int, bool, bool]:
    answer = await client.get(f"{URL}/check-{what}", params=query, headers=headers)
    body = answer.json()
    return answer.status_code, body.get("valid"), body.get("available")


async def test_a_taken_value_is_not_free_except_for_whom_it_belongs_to(
    client: AsyncClient, session: AsyncSession, sign_in: SignIn
) -> None:
    admin = await sign_in("admin")
    session.add(user := a_user(username="dara", email="dara@branch.example", employee_id="0042"))
    await session.commit()
    for what, name, taken, free in (
        ("username", "username", " Dara", "dara2"),
        ("email", "email", "DARA@branch.example", "dara2@branch.example"),
        ("employee-id", "employee_id", "0042", "0043"),
    ):
        assert await ask(client, admin.headers, what, **{name: taken}) == (200, True, False)
        for own in ("exclude_user_id", "exclude_id"):
            assert await ask(client, admin.headers, what, **{name: taken, own: user.id}) == (200, True, True)
        assert await ask(client, admin.headers, what, **{name: free}) == (200, True, True)
        assert await ask(client, admin.headers, what, **{name: "?"}) == (200, False, False)


@pytest.mark.parametrize("role", ["manager", "officer", "auditor", "viewer"])
async def test_nobody_tries_out_names_who_opens_no_accounts(client: AsyncClient, sign_in: SignIn, role: str) -> None:
    person = await sign_in(role)
    for what, name in (("username", "username"), ("email", "email"), ("employee-id", "employee_id")):
        assert (await ask(client, person.headers, what, **{name: "dara@branch.example"}))[0] == 403


async def test_of_telephones_one_hears_what_one_may_see(
    client: AsyncClient, session: AsyncSession, sign_in: SignIn, branch: Branch
) -> None:
    manager = await sign_in("manager", branch_id=branch.id)
    session.add(a_user(branch_id=branch.id, phone_number="+85512345678"))
    session.add(a_user(phone_number="012 999 888"))
    await session.commit()
    assert await ask(client, manager.headers, "phone", phone="012 345 678") == (200, True, False)
    assert await ask(client, manager.headers, "phone", phone="012 999 888") == (200, True, True)
    assert await ask(client, manager.headers, "phone", phone="12") == (200, False, False)
