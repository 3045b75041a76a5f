"""Signing in when many do it at once, in several processes, or while something else happens."""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from httpx import ASGITransport, AsyncClient, Response
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.identity.rules.roles import Role
from lc_workflow.identity.users.models import Session, User
from lc_workflow.platform.config import Settings
from lc_workflow.platform.journal.models import JournalEntry
from tests.conftest import open_house, reopen_house
from tests.identity.conftest import Gate
from tests.identity.factories import PASSWORD, a_user
from tests.moments import PATIENCE

LOGIN = "/api/v1/auth/login"
ME = "/api/v1/auth/me"
SET_UP = "/api/v1/auth/setup-first-admin"
CHANGE = "/api/v1/users/me/change-password"

Look = Callable[[], AsyncSession]


async def move_in(look: Look, *users: User) -> None:
    async with look() as session:
        session.add_all(users)
        await session.commit()


async def enter(client: AsyncClient, username: str = "sokha", password: str = PASSWORD) -> Response:
    return await client.post(LOGIN, json={"username": username, "password": password})


def bearer(answer: Response) -> dict[str, str]:
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


def from_address(client: AsyncClient, address: str) -> AsyncClient:
    transport = client._transport
    assert isinstance(transport, ASGITransport)
    return AsyncClient(transport=ASGITransport(transport.app, client=(address, 1)), base_url="http://test")


async def test_two_first_administrators_at_once_are_one(own_settings: Settings, look: Look) -> None:
    async with reopen_house(own_settings) as client:
        answers = await asyncio.gather(
            *(
                client.post(
                    SET_UP,
                    json={
                        "username": f"chief{number}",
                        "email": f"chief{number}@branch.example",
                        "first_name": "Vanna",
                        "last_name": "Keo",
                        "password": "First#2026admin",
                    },
                )
                for number in range(12)
            )
        )
    assert Counter(answer.status_code for answer in answers) == {201: 1, 422: 11}
    assert {answer.json().get("code") for answer in answers} == {None, "SetupDone"}
    async with look() as session:
        (admin,) = await session.scalars(select(User))
        assert admin.role == Role.ADMIN
        assert await session.scalar(select(func.count()).where(JournalEntry.kind == "FirstAdminSetUp")) == 1


async def test_wrong_passwords_at_once_are_all_counted(own_settings: Settings, look: Look) -> None:
    await move_in(look, a_user(username="sokha"))
    async with reopen_house(own_settings) as client:
        four = await asyncio.gather(*(enter(client, password="wrong") for _ in range(4)))
        async with look() as session:
            (user,) = await session.scalars(select(User))
            assert user.failed_login_attempts == 4, "they are kept although the answers are refusals"
        twelve = await asyncio.gather(*(enter(client, password="wrong") for _ in range(12)))
        right = await enter(client)
    assert [answer.status_code for answer in (*four, *twelve, right)] == [401] * 4 + [423] * 13
    async with look() as session:
        (user,) = await session.scalars(select(User))
        assert user.failed_login_attempts == 5
        assert user.locked_until is not None
        assert await session.scalar(select(func.count()).where(JournalEntry.kind == "AccountLocked")) == 1
        assert await session.scalar(select(func.count()).select_from(Session)) == 0


async def test_of_a_hundred_renewals_with_one_token_one_wins(own_settings: Settings, look: Look) -> None:
    await move_in(look, a_user(username="sokha"))
    async with reopen_house(own_settings, in_background=False) as client:
        entry = (await enter(client)).json()
        body = {"refresh_token": entry["refresh_token"]}
        answers = await asyncio.gather(*(client.post("/api/v1/auth/refresh", json=body) for _ in range(100)))
        won = [answer.json() for answer in answers if answer.status_code == 200]
        assert len(won) == 1
        assert Counter(answer.json().get("code") for answer in answers) == {None: 1, "TokenReused": 99}
        lost = await client.get(ME, headers={"Authorization": f"Bearer {won[0]['access_token']}"})
        assert (lost.status_code, lost.json()["code"]) == (401, "SessionEnded"), "one of the hundred was a thief"
    async with look() as session:
        assert await session.scalar(select(func.count()).where(JournalEntry.kind == "RefreshTokenReused")) == 1


async def test_what_ends_in_one_process_ends_in_all(own_settings: Settings, look: Look) -> None:
    await move_in(look, a_user(username="chief", role=Role.ADMIN), sokha := a_user(username="sokha"))
    async with reopen_house(own_settings) as here, reopen_house(own_settings) as there:
        chief = bearer(await enter(here, "chief"))

        signed_out = bearer(await enter(here))
        assert (await there.get(ME, headers=signed_out)).status_code == 200
        await here.post("/api/v1/auth/logout", headers=signed_out)
        assert (await in_a_moment(there, signed_out, 401)).json()["code"] == "SessionEnded"

        suspended = bearer(await enter(there))
        answer = await here.patch(
            f"/api/v1/users/{sokha.id}", json={"status": "suspended", "status_reason": "Audit"}, headers=chief
        )
        assert answer.status_code == 200, answer.text
        assert (await in_a_moment(there, suspended, 401)).json()["code"] == "SessionEnded"
        assert (await enter(there)).status_code == 403

        await here.patch(f"/api/v1/users/{sokha.id}", json={"status": "active"}, headers=chief)
        assert (await there.get(ME, headers=suspended)).json()["code"] == "SessionEnded", "an ended session stays ended"
        fresh = bearer(await enter(there))

        await here.patch(f"/api/v1/users/{sokha.id}", json={"role": "admin"}, headers=chief)
        users = await in_a_moment(there, fresh, 200, "/api/v1/users")
        assert users.json()["total"] == 2, "the new role counts"
        assert (await here.delete(f"/api/v1/users/{sokha.id}", headers=chief)).status_code == 204
        assert (await in_a_moment(there, fresh, 401)).json()["code"] == "SessionEnded"


async def in_a_moment(client: AsyncClient, headers: dict[str, str], status: int, path: str = ME) -> Response:
    """Ask until PostgreSQL has told the process what another one did, which takes a moment after the commit."""
    async with asyncio.timeout(PATIENCE):
        while (answer := await client.get(path, headers=headers)).status_code != status:  # noqa: ASYNC110
            await asyncio.sleep(0.001)
    return answer


async def test_keys_are_changed_without_putting_anybody_out(own_settings: Settings, look: Look) -> None:
    await move_in(look, a_user(username="sokha"))
    renewed = replace(
        own_settings,
        secret_key="the key of next year, which is long enough too",
        previous_secret_keys=(own_settings.secret_key,),
    )
    async with reopen_house(own_settings) as before, open_house(renewed) as after:
        old, new = bearer(await enter(before)), bearer(await enter(after))
        assert (await after.get(ME, headers=old)).status_code == 200
        assert (await after.get(ME, headers=new)).status_code == 200
        assert (await before.get(ME, headers=new)).json()["code"] == "TokenInvalid"
    async with open_house(replace(renewed, previous_secret_keys=())) as later:
        assert (await later.get(ME, headers=old)).json()["code"] == "TokenInvalid"
        assert (await later.get(ME, headers=new)).status_code == 200


async def test_a_name_is_tried_five_times_a_minute_from_one_address(own_settings: Settings, look: Look) -> None:
    await move_in(look, a_user(username="sokha"), a_user(username="dara"))
    async with open_house(replace(own_settings, rate_limit_enabled=True)) as client:
        tries = [await enter(client, name, "wrong") for name in ("nobody", "NOBODY", " nobody ", "Nobody", "nobody")]
        assert [answer.status_code for answer in tries] == [401] * 4 + [423]
        known = [await enter(client, "dara", "wrong") for _ in range(5)]
        assert [body_of(answer) for answer in tries] == [body_of(answer) for answer in known], (
            "who is there is not told"
        )
        sixth = await enter(client, "nobody", "wrong")
        assert (sixth.status_code, sixth.json()["code"]) == (429, "TooMany")
        assert 1 <= int(sixth.headers["Retry-After"]) <= 60
        assert (sixth.headers["X-RateLimit-Limit"], sixth.headers["X-RateLimit-Remaining"]) == ("5", "0")
        assert sixth.headers["X-RateLimit-Reset"] == sixth.headers["Retry-After"]
        assert (await enter(client, "sokha")).status_code == 200, "a colleague at the same address comes in"
        async with from_address(client, "10.0.0.9") as elsewhere:
            locked = [await enter(elsewhere, name, "wrong") for name in ("nobody", "dara")]
            assert {answer.status_code for answer in locked} == {423}
            assert (await enter(elsewhere, "somebody", "wrong")).status_code == 401


def body_of(answer: Response) -> tuple[int, str | None, Any]:
    return answer.status_code, answer.headers.get("Retry-After"), {**answer.json(), "request_id": ""}


async def test_an_old_password_is_guessed_five_times_a_minute(own_settings: Settings, look: Look) -> None:
    await move_in(look, a_user(username="sokha"))
    async with open_house(replace(own_settings, rate_limit_enabled=True)) as client:
        headers = bearer(await enter(client))
        guess = {"old_password": "wrong", "new_password": "Next#2026pass"}
        statuses = [(await client.patch(CHANGE, json=guess, headers=headers)).status_code for _ in range(6)]
    assert statuses == [422] * 5 + [429]


async def test_one_address_asks_as_often_as_the_variables_allow_whatever_it_asks(own_settings: Settings) -> None:
    async with open_house(replace(own_settings, rate_limit_enabled=True, rate_limit_requests=3)) as client:
        paths = ("/auth/setup-required", "/auth/me", "/applications", "/auth/setup-required")
        answers = [await client.get(f"/api/v1{path}") for path in paths]
        assert [answer.status_code for answer in answers] == [200, 401, 401, 429]
        assert (await client.get("/api/v1/health/live")).status_code == 200, "who watches the house is not counted"


async def test_the_policy_comes_from_the_variables(own_settings: Settings, look: Look) -> None:
    await move_in(look, a_user(username="sokha"))
    variables = {
        "DATABASE_URL": "postgresql://lender@db.example/loans",
        "SECRET_KEY": own_settings.secret_key,
        "MIN_PASSWORD_LENGTH": "12",
        **dict.fromkeys((f"REQUIRE_PASSWORD_{what}" for what in ("SPECIAL_CHARS", "NUMBERS", "UPPERCASE")), "true"),
    }
    strict = replace(own_settings, passwords=Settings.from_environ(variables).passwords)
    async with open_house(strict) as client:
        headers = bearer(await enter(client))
        wish = {"old_password": PASSWORD, "new_password": "twelveletters"}
        answer = await client.patch(CHANGE, json=wish, headers=headers)
        assert answer.json()["detail"] == "The password needs a special character, a number, an uppercase letter."
        answer = await client.patch(CHANGE, json=wish | {"new_password": "Elevensign#"}, headers=headers)
        assert answer.json()["detail"] == "The password needs at least 12 characters, a number."
        wish["new_password"] = "Twelve#letters1"
        assert (await client.patch(CHANGE, json=wish, headers=headers)).status_code == 200


class TestWhileAPasswordIsHashed:
    """Hashing takes as long as a hundred queries; meanwhile it holds neither the loop nor a connection."""

    async def test_others_are_served_while_somebody_signs_in(
        self, own_settings: Settings, look: Look, gate: Gate
    ) -> None:
        await move_in(look, a_user(username="sokha"))
        async with reopen_house(replace(own_settings, pool_size=1, pool_overflow=0)) as client:
            signing_in = asyncio.create_task(enter(client))
            assert await gate.arrival()
            assert (await client.get("/api/v1/auth/setup-required")).json()["setup_required"] is False
            assert not signing_in.done()
            gate.open()
            assert (await signing_in).status_code == 200

    async def test_others_are_served_while_an_administrator_is_set_up(self, own_settings: Settings, gate: Gate) -> None:
        wish = {"username": "chief", "email": "c@b.kh", "first_name": "A", "last_name": "B", "password": "First#2026"}
        async with reopen_house(replace(own_settings, pool_size=1, pool_overflow=0)) as client:
            setting_up = asyncio.create_task(client.post(SET_UP, json=wish))
            assert await gate.arrival()
            assert (await client.get("/api/v1/auth/setup-required")).json()["setup_required"] is True
            gate.open()
            assert (await setting_up).status_code == 201

    async def test_the_old_password_comes_too_late_while_it_is_changed(
        self, own_settings: Settings, look: Look, gate: Gate
    ) -> None:
        await move_in(look, a_user(username="sokha"), chief := a_user(username="chief", role=Role.ADMIN))
        async with reopen_house(own_settings) as client:
            late = asyncio.create_task(enter(client))
            assert await gate.arrival()
            headers = bearer(await enter(client, "chief"))
            people = (await client.get("/api/v1/users?search=sokha", headers=headers)).json()["items"]
            answer = await client.patch(
                f"/api/v1/users/{people[0]['id']}", json={"password": "Given#2026pass"}, headers=headers
            )
            assert answer.status_code == 200, answer.text
            gate.open()
            assert (await late).status_code == 401
            assert (await enter(client, password="Given#2026pass")).status_code == 200
        async with look() as session:
            visits = (await session.scalars(select(Session).where(Session.user_id != chief.id))).all()
            assert len(visits) == 1
