"""A long list is read from end to end while others write: each row that was there comes exactly once."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from httpx import AsyncClient
from msgspec import json
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.lending.applications.queries import ApplicationSortKey
from lc_workflow.lending.rules.stages import Stage
from lc_workflow.lending.rules.terms import Priority
from tests.conftest import Person, SignIn
from tests.lending.factories import an_application
from tests.lending.steps import URL
from tests.moments import NOON

CARDS = f"{URL}/cards"
HOW_MANY = 500


async def write(session: AsyncSession, officer: Person, numbers: range) -> set[str]:
    """Write applications, seven of each moment, some without an amount, a name, or both."""
    rows = [
        an_application(
            officer.user.id,
            branch_id=officer.user.branch_id,
            created_at=NOON + timedelta(minutes=number // 7),
            requested_amount=Decimal(number % 40) if number % 3 else None,
            full_name_khmer=f"សុខ {number % 25}" if number % 4 else None,
            submitted_at=NOON + timedelta(days=number % 9) if number % 2 else None,
            workflow_status=[*Stage][number % 5],
            priority_level=[*Priority][number % 3],
        )
        for number in numbers
    ]
    session.add_all(rows)
    await session.commit()
    return {str(row.id) for row in rows}


async def go_on(client: AsyncClient, officer: Person, **query: Any) -> dict[str, Any]:
    answer = await client.get(CARDS, params=query, headers=officer.headers)
    assert answer.status_code == 200, answer.text
    page: dict[str, Any] = answer.json()
    return page


async def test_each_comes_once_while_others_are_written(
    client: AsyncClient, session: AsyncSession, officer: Person
) -> None:
    there = await write(session, officer, range(HOW_MANY))
    page = await go_on(client, officer, size=90)
    assert (page["total"], page["page"], page["pages"]) == (HOW_MANY, 1, 6)
    met = [row["id"] for row in page["items"]]
    turn = 0
    while page["next"]:
        turn += 1
        await write(session, officer, range(turn, turn + 5))  # among the oldest …
        await write(session, officer, range(HOW_MANY + turn, HOW_MANY + turn + 20))  # … and the newest
        page = await go_on(client, officer, size=90, after=page["next"])
        assert (page["total"], page["page"], page["pages"], page["size"]) == (None, None, None, 90)
        met += [row["id"] for row in page["items"]]
    assert len(met) == len(set(met))
    assert there <= set(met)


async def test_every_order_goes_on_as_its_pages_do(client: AsyncClient, session: AsyncSession, officer: Person) -> None:
    await write(session, officer, range(60))
    for sort_by in ApplicationSortKey:
        for sort_order in ("asc", "desc"):
            order = {"sort_by": sort_by.value, "sort_order": sort_order}
            whole = await go_on(client, officer, size=60, **order)
            assert (len(whole["items"]), whole["next"]) == (60, None)
            page = await go_on(client, officer, size=25, **order)
            met = page["items"]
            while page["next"]:
                page = await go_on(client, officer, size=25, after=page["next"], **order)
                met += page["items"]
            assert met == whole["items"], order


@pytest.mark.parametrize(
    "url",
    [
        URL, CARDS, "/api/v1/customers", "/api/v1/users", "/api/v1/files", "/api/v1/users/notifications",
        "/api/v1/audit", "/api/v1/audit/personal-reads",
    ],
)  # fmt: skip
async def test_a_made_up_cursor_is_refused(client: AsyncClient, sign_in: SignIn, url: str) -> None:
    admin = await sign_in("admin")
    made = ("x", "ខ", *(urlsafe_b64encode(text).decode() for text in (b"[]", b'["x",[1]]', b'["",[[]]]', b"\xff")))
    for cursor in made:
        refused = await client.get(url, params={"after": cursor}, headers=admin.headers)
        assert (refused.status_code, refused.json()["code"]) == (422, "BadCursor"), cursor


async def test_a_cursor_belongs_to_its_order_and_holds_what_its_columns_hold(
    client: AsyncClient, session: AsyncSession, officer: Person
) -> None:
    await write(session, officer, range(3))
    page = await go_on(client, officer, size=1, sort_by="requested_amount")
    other = await client.get(CARDS, params={"after": page["next"]}, headers=officer.headers)
    assert other.json()["code"] == "BadCursor"
    name = decoded(page["next"])[0]
    for amount in ('"NaN"', '"1e999999"', "[]", '"much"', str(10**40)):
        made = urlsafe_b64encode(f'["{name}",[{amount},"{officer.user.id}"]]'.encode()).decode()
        query = {"after": made, "sort_by": "requested_amount"}
        refused = await client.get(CARDS, params=query, headers=officer.headers)
        assert (refused.status_code, refused.json()["code"]) == (422, "BadCursor"), amount


def decoded(cursor: str) -> Any:

    return json.decode(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
