"""Setting an installation up with its first administrator, over HTTP."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.identity.users.models import User
from tests.identity.factories import a_user

REQUIRED = "/api/v1/auth/setup-required"
SET_UP = "/api/v1/auth/setup-first-admin"
WISH: dict[str, Any] = {
    "username": "Chief",
    "email": "Chief@Branch.Example",
    "first_name": "Vanna",
    "last_name": "Keo",
    "password": "First#2026admin",
}


async def test_an_empty_house_gets_its_first_administrator(
    client: AsyncClient, session: AsyncSession, announced: Callable[[], Awaitable[list[str]]]
) -> None:
    before = (await client.get(REQUIRED)).json()
    assert (before["setup_required"], isinstance(before["message"], str)) == (True, True)
    answer = await client.post(SET_UP, json={**WISH, "role": "officer", "phone_number": "", "unknown": [1]})
    assert answer.status_code == 201, answer.text
    admin = answer.json()
    assert (admin["role"], admin["status"], admin["is_active"]) == ("admin", "active", True)
    assert (admin["username"], admin["email"]) == ("chief", "chief@branch.example")
    assert "password" not in answer.text
    assert (await client.get(REQUIRED)).json()["setup_required"] is False
    entry = await client.post("/api/v1/auth/login", data={"username": "CHIEF", "password": WISH["password"]})
    assert entry.status_code == 200
    assert str((await session.scalars(select(User.password_hash))).one()).startswith("$2b$")
    assert (await announced())[0] == "FirstAdminSetUp"


async def test_a_house_with_people_in_it_gets_no_first_administrator(
    client: AsyncClient, session: AsyncSession
) -> None:
    session.add(a_user())
    await session.commit()
    answer = await client.post(SET_UP, json=WISH)
    assert (answer.status_code, answer.json()["code"]) == (422, "SetupDone")
    assert len((await session.scalars(select(User))).all()) == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"username": ""}, "username"),
        ({"username": "ab"}, "username"),
        ({"username": "x" * 51}, "username"),
        ({"username": "a name"}, "username"),
        ({"username": "name\n"}, "username"),
        ({"username": "someone@branch.example"}, "username"),
        ({"username": "ខ្មែរ"}, "username"),
        ({"username": "na\0me"}, "username"),
        ({"email": "nobody"}, "email"),
        ({"email": "a" * 250 + "@b.kh"}, "email"),
        ({"first_name": "   "}, "first_name"),
        ({"first_name": "x" * 101}, "first_name"),
        ({"last_name": None}, "last_name"),
        ({"password": ""}, "password"),
        ({"password": 12345678}, "password"),
    ],
)
async def test_a_first_administrator_needs_a_whole_name(
    client: AsyncClient, session: AsyncSession, change: dict[str, Any], field: str
) -> None:
    answer = await client.post(SET_UP, json={**WISH, **change})
    assert answer.status_code == 422, answer.text
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert not (await session.scalars(select(User))).all()


async def test_the_first_administrators_password_meets_the_policy(client: AsyncClient, session: AsyncSession) -> None:
    answer = await client.post(SET_UP, json={**WISH, "password": "short"})
    assert (answer.status_code, answer.json()["code"]) == (422, "WeakPassword")
    assert not (await session.scalars(select(User))).all()
