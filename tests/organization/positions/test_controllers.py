"""Positions over HTTP."""

from collections.abc import Awaitable, Callable

from httpx import AsyncClient
from sqlalchemy.ext.asyncio import AsyncSession

from tests.conftest import SignIn
from tests.organization.factories import a_position

URL = "/api/v1/positions"


async def test_a_position_is_opened_changed_and_closed(
    client: AsyncClient, sign_in: SignIn, announced: Callable[[], Awaitable[list[str]]]
) -> None:
    admin = await sign_in("admin")
    opened = await client.post(f"{URL}/", json={"name": "មន្ត្រីឥណទាន", "description": ""}, headers=admin.headers)
    assert opened.status_code == 201, opened.text
    position = opened.json()
    assert (position["name"], position["description"], position["is_active"]) == ("មន្ត្រីឥណទាន", None, True)
    url = f"{URL}/{position['id']}"

    changed = await client.patch(url, json={"name": "Credit officer"}, headers=admin.headers)
    assert changed.json() == position | {"name": "Credit officer"}
    for _ in range(2):
        assert (await client.delete(url, headers=admin.headers)).status_code == 204
    assert (await client.get(url, headers=admin.headers)).json()["is_active"] is False
    assert (await client.patch(url, json={"is_active": True}, headers=admin.headers)).json()["is_active"] is True
    assert await announced() == ["PositionOpened", "PositionChanged", "PositionClosed", "PositionChanged"]


async def test_a_list_is_searched_filtered_and_paged(
    client: AsyncClient, session: AsyncSession, sign_in: SignIn
) -> None:
    session.add_all([a_position(name="Teller"), a_position(name="Head teller", is_active=False), a_position(name="IT")])
    viewer = await sign_in("viewer")

    async def names(query: str) -> list[str]:
        items = (await client.get(f"{URL}{query}", headers=viewer.headers)).json()["items"]
        return [item["name"] for item in items]

    assert await names("") == ["Head teller", "IT", "Teller"]
    assert await names("?search=teller&is_active=true") == ["Teller"]
    assert await names("?size=2&page=2") == ["Teller"]
