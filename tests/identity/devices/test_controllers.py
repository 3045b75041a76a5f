"""Where people are signed in, and who ends it."""

from typing import Any

from httpx import AsyncClient
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.identity.users.models import User
from tests.conftest import SignIn
from tests.identity.factories import PASSWORD, a_session, a_user

V1 = "/api/v1"


async def entry(client: AsyncClient, user: User, device: str = "Firefox") -> dict[str, str]:
    form = {"username": user.username, "password": PASSWORD}
    answer = await client.post(f"{V1}/auth/login", data=form, headers={"user-agent": device})
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


async def status(client: AsyncClient, headers: dict[str, str]) -> int:
    return (await client.get(f"{V1}/auth/me", headers=headers)).status_code


async def test_people_see_where_they_are_signed_in_and_end_what_is_not_theirs(
    client: AsyncClient, session: AsyncSession, announced: Any
) -> None:
    session.add_all([user := a_user(), other := a_user()])
    await session.flush()
    session.add(a_session(user.id))  # its tokens have run out: it is not shown, and ends with the others
    await session.commit()
    here, there, further = [await entry(client, user, device) for device in ("Here", "There", "Further")]
    stranger = await entry(client, other)
    shown = (await client.get(f"{V1}/auth/sessions", headers=here)).json()
    assert {one["device"]: one["is_current"] for one in shown} == {"Here": True, "There": False, "Further": False}
    assert set(shown[0]) == {"id", "created_at", "last_used_at", "expires_at", "address", "device", "is_current"}
    there_id = next(one["id"] for one in shown if one["device"] == "There")

    assert (await client.delete(f"{V1}/auth/sessions/{there_id}", headers=stranger)).status_code == 404
    assert (await client.delete(f"{V1}/auth/sessions/{there_id}", headers=here)).status_code == 204
    assert [await status(client, one) for one in (here, there, further)] == [200, 401, 200]
    assert (await client.delete(f"{V1}/auth/sessions/{there_id}", headers=here)).status_code == 404
    assert (await client.delete(f"{V1}/auth/sessions", headers=here)).json() == {"count": 2}
    assert [await status(client, one) for one in (here, further, stranger)] == [200, 401, 200]
    assert (await client.delete(f"{V1}/auth/sessions", headers=here)).json() == {"count": 0}
    assert (await announced()).count("SessionsEnded") == 2


async def test_an_administrator_ends_anothers_sessions(
    client: AsyncClient, session: AsyncSession, sign_in: SignIn
) -> None:
    admin, manager = await sign_in("admin"), await sign_in("manager")
    session.add(user := a_user())
    await session.commit()
    one, two = await entry(client, user), await entry(client, user)
    url = f"{V1}/users/{user.id}/sessions"
    assert (await client.get(url, headers=manager.headers)).status_code == 403
    shown = (await client.get(url, headers=admin.headers)).json()
    assert (len(shown), {one["is_current"] for one in shown}) == (2, {False})
    first = min(shown, key=lambda one: one["id"])["id"]
    assert (await client.delete(f"{url}/{first}", headers=admin.headers)).status_code == 204
    assert sorted([await status(client, one), await status(client, two)]) == [200, 401]
    assert (await client.delete(url, headers=admin.headers)).json() == {"count": 1}
    assert [await status(client, headers) for headers in (one, two)] == [401, 401]


async def test_a_session_whose_tokens_have_run_out_is_not_shown(
    client: AsyncClient, session: AsyncSession, sign_in: SignIn
) -> None:
    person = await sign_in("officer")
    assert (await client.get(f"{V1}/auth/sessions", headers=person.headers)).json() == []
