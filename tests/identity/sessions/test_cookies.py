"""Sessions in cookies: for browsers that ask, and of no use to other sites' pages."""

from http.cookies import SimpleCookie
from typing import Any

import pytest
from httpx import AsyncClient, Response
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.identity.users.models import Session, User
from tests.conftest import SignIn
from tests.identity.factories import PASSWORD, a_user

AUTH = "/api/v1/auth"


@pytest.fixture
async def user(session: AsyncSession) -> User:
    session.add(user := a_user())
    await session.commit()
    return user


async def enter(client: AsyncClient, user: User, cookies: dict[str, str] | None = None, **form: str) -> Response:
    wish = {"username": user.username, "password": PASSWORD, "session": "cookie", **form}
    return await client.post(f"{AUTH}/login", data=wish, headers=carrying(cookies or {}))


def carrying(cookies: dict[str, str], csrf: str | None = None) -> dict[str, str]:
    headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())} if cookies else {}
    return headers | ({"X-CSRF-Token": csrf} if csrf is not None else {})


def cookies_of(answer: Response) -> dict[str, Any]:
    jar: SimpleCookie = SimpleCookie()
    for header in answer.headers.get_list("set-cookie"):
        jar.load(header)
    return dict(jar)


def values_of(answer: Response) -> dict[str, str]:
    return {name: morsel.value for name, morsel in cookies_of(answer).items()}


async def test_who_asks_for_cookies_gets_no_token_that_a_script_can_read(client: AsyncClient, user: User) -> None:
    answer = await enter(client, user)
    client.cookies.clear()
    assert answer.status_code == 200, answer.text
    assert set(answer.json()) == {"csrf_token", "expires_in", "user", "token_type"}
    cookies = cookies_of(answer)
    assert set(cookies) == {"lc_session", "lc_refresh", "lc_csrf"}
    for name, path, hidden in (
        ("lc_session", "/api/v1", True),
        ("lc_refresh", "/api/v1/auth", True),
        ("lc_csrf", "/", False),
    ):
        morsel = cookies[name]
        assert (morsel["path"], bool(morsel["httponly"]), bool(morsel["secure"])) == (path, hidden, True)
        assert morsel["samesite"].lower() == "lax"
    assert cookies["lc_csrf"].value == answer.json()["csrf_token"]


async def test_reading_needs_the_cookie_and_changing_needs_the_header_too(
    client: AsyncClient, session: AsyncSession, user: User
) -> None:
    session.add(other := a_user())
    await session.commit()
    cookies = values_of(await enter(client, user))
    others = values_of(await enter(client, other))
    client.cookies.clear()
    assert (await client.get(f"{AUTH}/me", headers=carrying(cookies))).json()["id"] == str(user.id)
    url, change = f"/api/v1/users/{user.id}", {"first_name": "New"}
    for csrf in (None, "", "nonsense", others["lc_csrf"]):
        refused = await client.patch(url, json=change, headers=carrying(cookies, csrf))
        assert (refused.status_code, refused.json()["code"]) == (403, "CsrfTokenWrong")
    assert (await client.post(f"{AUTH}/logout", headers=carrying(cookies))).json()["code"] == "CsrfTokenWrong"
    done = await client.patch(url, json=change, headers=carrying(cookies, cookies["lc_csrf"]))
    assert done.json()["first_name"] == "New"


async def test_a_bearer_token_needs_no_csrf_token_and_counts_before_a_cookie(
    client: AsyncClient, sign_in: SignIn, user: User
) -> None:
    person = await sign_in("officer")
    cookies = values_of(await enter(client, user))
    client.cookies.clear()
    url = f"/api/v1/users/{person.user.id}"
    answer = await client.patch(url, json={"first_name": "New"}, headers=carrying(cookies) | person.headers)
    assert answer.status_code == 200
    wrong = carrying(cookies) | {"Authorization": "Basic abc"}
    assert (await client.get(f"{AUTH}/me", headers=wrong)).json()["code"] == "TokenMissing"


async def test_a_session_in_cookies_is_renewed_and_ended(client: AsyncClient, user: User) -> None:
    cookies = values_of(await enter(client, user))
    client.cookies.clear()
    for csrf in (None, "nonsense"):
        refused = await client.post(f"{AUTH}/refresh", headers=carrying(cookies, csrf))
        assert refused.json()["code"] == "CsrfTokenWrong"
    renewed = await client.post(f"{AUTH}/refresh", headers=carrying(cookies, cookies["lc_csrf"]))
    assert renewed.status_code == 200, renewed.text
    fresh = values_of(renewed)
    client.cookies.clear()
    assert fresh["lc_refresh"] != cookies["lc_refresh"]
    ended = await client.post(f"{AUTH}/logout", headers=carrying(fresh, fresh["lc_csrf"]))
    client.cookies.clear()
    assert values_of(ended) == {"lc_session": "", "lc_refresh": "", "lc_csrf": ""}
    assert (await client.get(f"{AUTH}/me", headers=carrying(fresh))).status_code == 401
    missing = await client.post(f"{AUTH}/refresh", json={})
    assert (missing.status_code, missing.json()["errors"][0]["field"]) == (422, "refresh_token")


async def test_nobody_is_led_into_a_session_that_was_there_before(
    client: AsyncClient, session: AsyncSession, user: User
) -> None:
    """Session fixation: whatever cookies a browser brings, signing in opens a session of its own."""
    session.add(attacker := a_user())
    await session.commit()
    planted = values_of(await enter(client, attacker))
    client.cookies.clear()
    answer = await enter(client, user, cookies=planted)
    client.cookies.clear()
    mine = values_of(answer)
    assert not set(mine.values()) & set(planted.values())
    assert (await client.get(f"{AUTH}/me", headers=carrying(mine))).json()["id"] == str(user.id)
    assert (await client.get(f"{AUTH}/me", headers=carrying(planted))).json()["id"] == str(attacker.id)
    made_up = await enter(client, user, cookies={"lc_session": "x" * 40, "lc_refresh": "y" * 40, "lc_csrf": "z"})
    client.cookies.clear()
    assert made_up.status_code == 200
    assert len((await session.scalars(select(Session.id).where(Session.user_id == user.id))).all()) == 2


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://[", "https://test.evil.example", "http://"])
async def test_no_page_of_another_site_signs_a_browser_in(
    client: AsyncClient, session: AsyncSession, user: User, origin: str
) -> None:
    """A form that any site posts needs no preflight; it would choose whose account the browser goes on with."""
    form = {"username": user.username, "password": PASSWORD, "session": "cookie"}
    refused = await client.post(f"{AUTH}/login", data=form, headers={"Origin": origin})
    assert (refused.status_code, refused.json()["code"]) == (403, "OriginNotAllowed")
    assert "set-cookie" not in refused.headers
    assert (await session.scalars(select(Session.id))).all() == []
    for ours in ("http://test", "https://app.branch.example"):
        entered = await client.post(f"{AUTH}/login", data=form, headers={"Origin": ours})
        client.cookies.clear()
        assert (entered.status_code, set(values_of(entered))) == (200, {"lc_session", "lc_refresh", "lc_csrf"})
    form.pop("session")
    assert (await client.post(f"{AUTH}/login", data=form, headers={"Origin": origin})).status_code == 200


async def test_tokens_are_still_what_one_gets_who_asks_for_nothing(client: AsyncClient, user: User) -> None:
    answer = await client.post(f"{AUTH}/login", data={"username": user.username, "password": PASSWORD})
    assert "access_token" in answer.json()
    assert "set-cookie" not in answer.headers
