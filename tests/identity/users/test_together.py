"""Changes to accounts that happen at the same moment."""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from httpx import AsyncClient
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.identity.rules.roles import Role
from lc_workflow.identity.rules.statuses import UserStatus
from lc_workflow.identity.users.models import Session, User
from lc_workflow.platform.config import Settings
from lc_workflow.platform.security.tokens import Tokens
from tests.conftest import reopen_house
from tests.identity.conftest import Gate
from tests.identity.factories import PASSWORD, a_session, a_user

URL = "/api/v1/users"

Look = Callable[[], AsyncSession]
Headers = dict[str, str]


async def move_in(look: Look, *users: User) -> None:
    async with look() as session:
        session.add_all(users)
        await session.commit()


async def signed_in(look: Look, settings: Settings, user: User) -> Headers:
    """Open a session for somebody without a password having been looked at."""
    async with look() as session:
        session.add(visit := a_session(user.id))
        await session.commit()
    tokens = Tokens(settings.secret_key, algorithm=settings.algorithm, lifetime=timedelta(minutes=30))
    return {"Authorization": f"Bearer {tokens.issue(user.id, visit.id, at=datetime.now(UTC))}"}


async def enter(client: AsyncClient, user: User) -> Headers:
    answer = await client.post("/api/v1/auth/login", json={"username": user.username, "password": PASSWORD})
    assert answer.status_code == 200, answer.text
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


@pytest.mark.parametrize("how", ["delete", "role", "status"])
async def test_two_administrators_who_put_each_other_out_leave_one(
    own_settings: Settings, look: Look, how: str
) -> None:
    async def put_out(client: AsyncClient, user: User, headers: Headers) -> int:
        path = f"{URL}/{user.id}"
        if how == "delete":
            return (await client.delete(path, headers=headers)).status_code
        change = {"role": "officer"} if how == "role" else {"status": "suspended"}
        answer = await client.patch(path, json=change, headers=headers)
        return answer.status_code

    done = 204 if how == "delete" else 200
    async with reopen_house(own_settings) as client:
        for _ in range(8):
            first, second = a_user(role=Role.ADMIN), a_user(role=Role.ADMIN)
            await move_in(look, first, second)
            one, other = await enter(client, first), await enter(client, second)
            outcomes = Counter(await asyncio.gather(put_out(client, second, one), put_out(client, first, other)))
            async with look() as session:
                left = await session.scalars(
                    select(User).where(User.role == Role.ADMIN, User.status == UserStatus.ACTIVE)
                )
                (survivor,) = left.all()
                # The loser came too late: they are the last one, or their session or their right has ended.
                assert [won for won in outcomes if won in {200, 204}] == [done]
                assert outcomes[done] == 1
                assert outcomes.keys() <= {done, 401, 404, 422}
                survivor.status = UserStatus.ARCHIVED
                await session.commit()


async def test_the_last_administrator_stays(own_settings: Settings, look: Look) -> None:
    """Whoever holds an older right cannot use it to leave the house without an administrator."""
    await move_in(look, first := a_user(role=Role.ADMIN), second := a_user(role=Role.ADMIN))
    async with reopen_house(own_settings) as client, look() as session:
        one, other = await enter(client, first), await enter(client, second)
        # Both requests are under way: the first holds the row the second waits for.
        await session.get_one(User, first.id, with_for_update=True)
        waiting = asyncio.create_task(client.patch(f"{URL}/{first.id}", json={"role": "viewer"}, headers=other))
        while not await _somebody_waits(look):  # noqa: ASYNC110 - PostgreSQL does not tell who waits
            await asyncio.sleep(0.01)
        assert (await client.delete(f"{URL}/{second.id}", headers=one)).status_code == 204
        await session.rollback()
        answer = await waiting
        assert (answer.status_code, answer.json()["code"]) == (422, "LastAdministrator")
        assert (await client.get(URL, headers=one)).status_code == 200


@pytest.mark.parametrize("field", ["username", "email", "employee_id"])
async def test_of_many_accounts_with_one_name_at_once_one_is_opened(
    own_settings: Settings, look: Look, field: str
) -> None:
    await move_in(look, chief := a_user(role=Role.ADMIN))
    shared = {"username": "dara", "email": "dara@branch.example", "employee_id": "0042"}[field]
    async with reopen_house(own_settings) as client:
        headers = await enter(client, chief)
        answers = await asyncio.gather(
            *(
                client.post(
                    URL,
                    json={
                        "username": f"dara{number}",
                        "email": f"dara{number}@branch.example",
                        "password": "Dara#2026pass",
                        "first_name": "Dara",
                        "last_name": "Keo",
                        field: shared,
                    },
                    headers=headers,
                )
                for number in range(8)
            )
        )
    assert Counter(answer.status_code for answer in answers) == {201: 1, 422: 7}
    (code,) = {answer.json()["code"] for answer in answers if answer.status_code == 422}
    assert code == {"username": "UsernameTaken", "email": "EmailTaken", "employee_id": "EmployeeIdTaken"}[field]


async def test_somebody_who_signs_in_while_they_are_suspended_stays_out(own_settings: Settings, look: Look) -> None:
    await move_in(look, chief := a_user(role=Role.ADMIN))
    async with reopen_house(own_settings) as client:
        headers = await enter(client, chief)
        for _ in range(8):
            await move_in(look, person := a_user())
            body = {"username": person.username, "password": PASSWORD}
            *entries, change = await asyncio.gather(
                *(client.post("/api/v1/auth/login", json=body) for _ in range(3)),
                client.patch(f"{URL}/{person.id}", json={"status": "suspended"}, headers=headers),
            )
            assert change.status_code == 200
            for entry in entries:
                assert entry.status_code in {200, 403}
                if entry.status_code == 200:
                    token = {"Authorization": f"Bearer {entry.json()['access_token']}"}
                    assert (await client.get("/api/v1/auth/me", headers=token)).status_code == 401
            async with look() as session:
                open_visits = select(func.count()).where(Session.user_id == person.id, Session.ended_at.is_(None))
                assert await session.scalar(open_visits) == 0


async def test_others_are_served_while_an_account_is_opened_or_reset(
    own_settings: Settings, look: Look, gate: Gate
) -> None:
    await move_in(look, chief := a_user(role=Role.ADMIN), person := a_user())
    headers = await signed_in(look, own_settings, chief)
    async with reopen_house(replace(own_settings, pool_size=1, pool_overflow=0)) as client:
        wish = {"password": "Given#2026pass"}
        resetting = asyncio.create_task(client.patch(f"{URL}/{person.id}", json=wish, headers=headers))
        assert await gate.arrival()
        assert (await client.get(f"{URL}/{person.id}", headers=headers)).status_code == 200
        assert not resetting.done()
        gate.open()
        assert (await resetting).status_code == 200


async def _somebody_waits(look: Look) -> bool:
    async with look() as session:
        return bool(await session.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")))
