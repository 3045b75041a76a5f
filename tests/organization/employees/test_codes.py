"""Employee codes over HTTP."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from httpx import AsyncClient
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.organization.employees.models import CodeReservation
from lc_workflow.organization.rules.codes import RESERVED_FOR
from tests.conftest import SignIn
from tests.moments import NOON
from tests.organization.factories import an_employee

URL = "/api/v1/employees"
NAMES = {"full_name_khmer": "សុខ ចាន់ធី", "full_name_latin": "SOK CHANTHY"}


async def test_the_next_code_is_suggested(client: AsyncClient, session: AsyncSession, sign_in: SignIn) -> None:
    session.add_all([an_employee(employee_code="0001"), an_employee(employee_code="1200", is_active=False)])
    viewer = await sign_in("viewer")

    async def suggested(query: str) -> dict[str, str]:
        answer: dict[str, str] = (await client.get(f"{URL}/next-code{query}", headers=viewer.headers)).json()
        return answer

    assert await suggested("") == {"code": "0002", "pattern": "????"}
    assert await suggested("?pattern=") == {"code": "0002", "pattern": "????"}
    assert await suggested("?pattern=12%3F%3F") == {"code": "1201", "pattern": "12??"}
    assert (await suggested("?pattern=EMP"))["code"] == "PatternUnreadable"
    assert (await suggested("?pattern=1200"))["code"] == "NoCodeLeft"


async def test_a_code_is_checked_while_it_is_typed(client: AsyncClient, session: AsyncSession, sign_in: SignIn) -> None:
    session.add(employee := an_employee(employee_code="0042"))
    viewer = await sign_in("viewer")

    async def check(code: str) -> tuple[bool, str, str | None]:
        answer = await client.get(f"{URL}/check-code/{code}", headers=viewer.headers)
        assert answer.status_code == 200, answer.text
        known = answer.json()
        return known["available"], known["code"], known["existing_employee"] and known["existing_employee"]["id"]

    assert await check("0042") == (False, "0042", str(employee.id))
    assert await check("0043") == (True, "0043", None)
    for code in ("0", "004", "00420", "EMP-1", "%E1%9F%A1%E1%9F%A2", "'--"):
        assert (await check(code))[::2] == (False, None)


async def test_who_is_hired_without_a_code_gets_the_next_one(
    client: AsyncClient, session: AsyncSession, sign_in: SignIn
) -> None:
    session.add(an_employee(employee_code="0001"))
    admin = await sign_in("admin")
    codes = [
        (await client.post(URL, json=NAMES | wish, headers=admin.headers)).json()["employee_code"]
        for wish in ({}, {"employee_code": "0004"}, {"employee_code": ""}, {})
    ]
    assert codes == ["0002", "0004", "0003", "0005"]


async def test_two_employees_never_share_a_code(client: AsyncClient, session: AsyncSession, sign_in: SignIn) -> None:
    session.add_all([an_employee(employee_code="0001", is_active=False), other := an_employee(employee_code="0002")])
    admin = await sign_in("admin")
    hired = await client.post(URL, json=NAMES | {"employee_code": "0001"}, headers=admin.headers)
    changed = await client.patch(f"{URL}/{other.id}", json={"employee_code": "0001"}, headers=admin.headers)
    for answer in (hired, changed):
        assert (answer.status_code, answer.json()["code"]) == (422, "EmployeeCodeTaken")
        assert [error["field"] for error in answer.json()["errors"]] == ["employee_code"]
    recoded = await client.patch(f"{URL}/{other.id}", json={"employee_code": "0003"}, headers=admin.headers)
    assert recoded.json()["employee_code"] == "0003"


async def test_reserved_codes_wait_for_a_day(
    client: AsyncClient,
    session: AsyncSession,
    sign_in: SignIn,
    announced: Callable[[], Awaitable[list[str]]],
) -> None:
    session.add(an_employee(employee_code="0002"))
    admin = await sign_in("admin")

    async def reserve(**wish: object) -> list[str]:
        answer = await client.post(f"{URL}/generate-codes", json=wish, headers=admin.headers)
        assert answer.status_code == 201, answer.text
        codes: list[str] = answer.json()["codes"]
        assert answer.json()["count"] == len(codes)
        assert answer.json()["expires_at"].startswith("2026-11-25T05:00:00")
        return codes

    async def next_code() -> str:
        answer = await client.get(f"{URL}/next-code", headers=admin.headers)
        return str(answer.json()["code"])

    assert await reserve(count=3) == ["0001", "0003", "0004"]
    assert await reserve(count=2, pattern="12??") == ["1200", "1201"]
    assert await reserve(count=2, pattern="12??") == ["1202", "1203"]
    assert await next_code() == "0005"
    assert await announced() == ["EmployeeCodesReserved"] * 3

    named = await client.post(URL, json=NAMES | {"employee_code": "0003"}, headers=admin.headers)
    assert named.status_code == 201
    unnamed = await client.post(URL, json=NAMES, headers=admin.headers)
    assert unnamed.json()["employee_code"] == "0005"

    await session.execute(update(CodeReservation).values(expires_at=NOON))
    await session.commit()
    assert await next_code() == "0001"
    assert await reserve(count=1) == ["0001"]
    await session.execute(update(CodeReservation).values(expires_at=NOON + timedelta(seconds=1)))
    await session.commit()
    assert await next_code() == "0004"
    assert timedelta(days=1) == RESERVED_FOR


@pytest.mark.parametrize(
    ("wish", "refusal"),
    [
        ({"count": 0}, "InvalidInput"),
        ({"count": 101}, "InvalidInput"),
        ({}, "InvalidInput"),
        ({"count": 1, "pattern": "EMP-???"}, "PatternUnreadable"),
        ({"count": 11, "pattern": "120?"}, "NoCodeLeft"),
    ],
)
async def test_codes_are_reserved_within_reason(
    client: AsyncClient, sign_in: SignIn, wish: dict[str, object], refusal: str
) -> None:
    admin = await sign_in("admin")
    answer = await client.post(f"{URL}/generate-codes", json=wish, headers=admin.headers)
    assert (answer.status_code, answer.json()["code"]) == (422, refusal)


@pytest.mark.parametrize(("role", "status"), [("manager", 201), ("officer", 403), ("teller", 403), ("auditor", 403)])
async def test_who_hires_reserves_codes(client: AsyncClient, sign_in: SignIn, role: str, status: int) -> None:
    person = await sign_in(role)
    answer = await client.post(f"{URL}/generate-codes", json={"count": 1}, headers=person.headers)
    assert answer.status_code == status
