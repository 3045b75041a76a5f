"""Staying signed in, ending it, and changing one's password, over HTTP."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from httpx import AsyncClient, Response
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.identity.rules.roles import Role
from lc_workflow.identity.rules.statuses import UserStatus
from lc_workflow.identity.users.models import RefreshToken, Session, User
from tests.conftest import SignIn
from tests.identity.factories import PASSWORD, a_user
from tests.identity.rules.test_roles import MENU, SHOWN
from tests.moments import NOON

LOGIN = "/api/v1/auth/login"
REFRESH = "/api/v1/auth/refresh"
ME = "/api/v1/auth/me"
CHANGE = "/api/v1/users/me/change-password"
NEXT_PASSWORD = "Next#2026pass"

Told = Callable[[], Awaitable[list[str]]]


@pytest.fixture
async def sokha(session: AsyncSession) -> User:
    session.add(user := a_user(username="sokha"))
    await session.commit()
    return user


@pytest.fixture
def enter(client: AsyncClient, sokha: User) -> Callable[..., Awaitable[dict[str, Any]]]:
    """Sign Sokha in, answering the whole entry."""

    async def enter(password: str = PASSWORD) -> dict[str, Any]:
        answer = await client.post(LOGIN, json={"username": sokha.username, "password": password})
        assert answer.status_code == 200, answer.text
        entry: dict[str, Any] = answer.json()
        return entry

    return enter


Enter = Callable[..., Awaitable[dict[str, Any]]]


def bearer(entry: dict[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Bearer {entry['access_token']}"}


async def renew(client: AsyncClient, entry: dict[str, Any]) -> Response:
    return await client.post(REFRESH, json={"refresh_token": entry["refresh_token"]})


class TestRefreshing:
    """A refresh token is used once; its coming back ends the session."""

    async def test_tokens_are_renewed_and_the_former_access_token_lives_on(
        self, client: AsyncClient, enter: Enter
    ) -> None:
        first = await enter()
        answer = await renew(client, first)
        assert answer.status_code == 200
        second = answer.json()
        assert second.keys() == first.keys()
        assert second["refresh_token"] != first["refresh_token"]
        assert second["access_token"] != first["access_token"]
        assert second["user"]["login_count"] == 1, "a renewal is no sign-in"
        for entry in (first, second):
            assert (await client.get(ME, headers=bearer(entry))).status_code == 200
        assert (await renew(client, second)).status_code == 200

    async def test_a_token_that_comes_back_ends_the_whole_family(
        self, client: AsyncClient, session: AsyncSession, enter: Enter, announced: Told
    ) -> None:
        first, elsewhere = await enter(), await enter()
        second = (await renew(client, first)).json()
        stolen = await renew(client, first)
        assert (stolen.status_code, stolen.json()["code"]) == (401, "TokenReused")
        for entry in (first, second):
            assert (await client.get(ME, headers=bearer(entry))).json()["code"] == "SessionEnded"
        again = await renew(client, second)
        assert (again.status_code, again.json()["code"]) == (401, "SessionEnded")
        assert (await client.get(ME, headers=bearer(elsewhere))).status_code == 200, "other sessions go on"
        assert (await renew(client, elsewhere)).status_code == 200
        ended = [visit.ended_at for visit in await session.scalars(select(Session))]
        assert sorted(ended, key=str) == [NOON, None]
        assert (await announced()).count("RefreshTokenReused") == 1

    async def test_a_token_that_nobody_knows_ends_nobodys_session(self, client: AsyncClient, enter: Enter) -> None:
        first = await enter()
        second = (await renew(client, first)).json()
        unknown = await renew(client, first | {"refresh_token": "a guess"})
        assert (unknown.status_code, unknown.json()["code"]) == (401, "RefreshTokenInvalid")
        assert (await client.get(ME, headers=bearer(second))).status_code == 200

    async def test_a_thief_who_tries_again_fills_no_journal(
        self, client: AsyncClient, enter: Enter, announced: Told
    ) -> None:
        entry = await enter()
        await renew(client, entry)
        codes = [(await renew(client, entry)).json()["code"] for _ in range(3)]
        assert codes == ["TokenReused"] * 3
        assert (await announced()).count("RefreshTokenReused") == 1

    async def test_an_expired_token_renews_nothing_and_ends_nothing(
        self, client: AsyncClient, session: AsyncSession, enter: Enter
    ) -> None:
        entry = await enter()
        await session.execute(update(RefreshToken).values(expires_at=NOON))
        await session.commit()
        answer = await renew(client, entry)
        assert (answer.status_code, answer.json()["code"]) == (401, "RefreshTokenInvalid")
        assert (await client.get(ME, headers=bearer(entry))).status_code == 200

    @pytest.mark.parametrize("token", ["x", "é" * 100, "a" * 200, "' OR 1=1 --"])
    async def test_an_unknown_token_renews_nothing(self, client: AsyncClient, token: str) -> None:
        answer = await client.post(REFRESH, json={"refresh_token": token})
        assert (answer.status_code, answer.json()["code"]) == (401, "RefreshTokenInvalid")

    async def test_an_access_token_is_no_refresh_token(self, client: AsyncClient, enter: Enter) -> None:
        entry = await enter()
        for body in ({"refresh_token": entry["access_token"]}, {"refresh_token": entry["access_token"][:200]}):
            assert (await client.post(REFRESH, json=body)).status_code in {401, 422}
        answer = await client.get(ME, headers={"Authorization": f"Bearer {entry['refresh_token']}"})
        assert (answer.status_code, answer.json()["code"]) == (401, "TokenInvalid")

    @pytest.mark.parametrize("body", [b"", b"{}", b'{"refresh_token": ""}', b'{"refresh_token": null}', b"[1]"])
    async def test_a_renewal_without_a_token_is_refused(self, client: AsyncClient, body: bytes) -> None:
        answer = await client.post(REFRESH, content=body, headers={"content-type": "application/json"})
        assert answer.status_code == 422, answer.text

    @pytest.mark.parametrize("status", [status for status in UserStatus if status is not UserStatus.ACTIVE])
    async def test_an_account_that_was_closed_is_not_renewed(
        self, client: AsyncClient, session: AsyncSession, sokha: User, enter: Enter, status: UserStatus
    ) -> None:
        entry = await enter()
        sokha.status = status
        await session.commit()
        answer = await renew(client, entry)
        assert (answer.status_code, answer.json()["code"]) == (401, "SessionEnded")

    async def test_after_signing_out_nothing_is_renewed(self, client: AsyncClient, enter: Enter) -> None:
        entry = await enter()
        assert (await client.post("/api/v1/auth/logout", headers=bearer(entry))).status_code == 200
        assert (await renew(client, entry)).json()["code"] == "SessionEnded"
        assert (await client.post("/api/v1/auth/logout", headers=bearer(entry))).status_code == 401


class TestRightsOnEveryRequest:
    """An account is looked at anew with each request."""

    @pytest.mark.parametrize("status", [status for status in UserStatus if status is not UserStatus.ACTIVE])
    async def test_a_closed_account_is_out_with_its_next_request(
        self, client: AsyncClient, session: AsyncSession, sign_in: SignIn, status: UserStatus
    ) -> None:
        person = await sign_in("officer")
        assert (await client.get(ME, headers=person.headers)).status_code == 200
        person.user.status = status
        await session.commit()
        answer = await client.get(ME, headers=person.headers)
        assert (answer.status_code, answer.json()["code"]) == (401, "SessionEnded")

    async def test_an_ended_session_is_out_with_its_next_request(
        self, client: AsyncClient, session: AsyncSession, sign_in: SignIn
    ) -> None:
        person = await sign_in("officer")
        await session.execute(update(Session).where(Session.user_id == person.user.id).values(ended_at=NOON))
        await session.commit()
        assert (await client.get(ME, headers=person.headers)).status_code == 401

    async def test_another_role_counts_from_the_next_request_on(
        self, client: AsyncClient, session: AsyncSession, sign_in: SignIn
    ) -> None:
        person = await sign_in("admin")
        assert (await client.get("/api/v1/users", headers=person.headers)).json()["total"] == 1
        session.add(a_user())
        person.user.role = Role.OFFICER
        await session.commit()
        assert (await client.get("/api/v1/users", headers=person.headers)).json()["total"] == 1
        rights = (await client.get(f"{ME}/permissions", headers=person.headers)).json()
        assert rights["roles"][0]["name"] == "officer"

    async def test_a_locked_account_keeps_the_sessions_it_has(
        self, client: AsyncClient, session: AsyncSession, sign_in: SignIn
    ) -> None:
        person = await sign_in("officer")
        person.user.failed_login_attempts, person.user.locked_until = 5, NOON + timedelta(minutes=30)
        await session.commit()
        assert (await client.get(ME, headers=person.headers)).status_code == 200, "or a stranger could put them out"


class TestWhoIAm:
    """`me` and `me/permissions`, as the web app reads them on every page."""

    async def test_me_has_every_field_of_the_contract(self, client: AsyncClient, sign_in: SignIn) -> None:
        person = await sign_in("manager")
        me = (await client.get(f"{ME}/", headers=person.headers)).json()
        assert me.keys() == {
            *("id", "username", "email", "first_name", "last_name", "phone_number", "employee_id", "role", "status"),
            *("status_reason", "is_active", "department_id", "branch_id", "position_id", "portfolio_id"),
            *("line_manager_id", "department", "branch", "position", "portfolio", "line_manager"),
            *("profile_image_url", "onboarding_completed", "onboarding_completed_at", "last_login_at"),
            *("last_activity_at", "login_count", "failed_login_attempts", "created_at", "updated_at", "role_name"),
        }
        assert (me["id"], me["role"], me["status"], me["is_active"]) == (
            str(person.user.id),
            "manager",
            "active",
            True,
        )
        assert me["created_at"] == "2026-11-24T05:00:00Z"

    async def test_permissions_are_taken_apart_for_the_menu(self, client: AsyncClient, sign_in: SignIn) -> None:
        person = await sign_in("manager")
        rights = (await client.get(f"{ME}/permissions", headers=person.headers)).json()
        assert rights.keys() == {"user_id", "roles", "direct_permissions", "effective_permissions"}
        assert (rights["user_id"], rights["direct_permissions"]) == (str(person.user.id), [])
        (role,) = rights["roles"]
        assert role.keys() == {"id", "name", "display_name", "level", "is_active", "is_system_role", "until"}
        assert (role["name"], role["display_name"], role["level"]) == ("manager", "Branch manager", 80)
        approve = next(
            entry
            for entry in rights["effective_permissions"]
            if entry["permission"]["resource_type"] == "application" and entry["permission"]["action"] == "approve"
        )
        assert approve.keys() == {"permission", "source", "role_name", "is_granted", "until", "reason"}
        assert approve["permission"].keys() == {"id", "name", "resource_type", "action", "scope"}
        assert (approve["is_granted"], approve["role_name"], approve["permission"]["scope"]) == (
            True,
            "manager",
            "branch",
        )

    @pytest.mark.parametrize("role", SHOWN)
    async def test_each_role_is_told_its_menu(self, client: AsyncClient, sign_in: SignIn, role: Role) -> None:
        person = await sign_in(role)
        rights = (await client.get(f"{ME}/permissions", headers=person.headers)).json()["effective_permissions"]
        held = {
            (one["permission"]["resource_type"], one["permission"]["action"]) for one in rights if one["is_granted"]
        }
        shown = {noun: {verb for verb in verbs if (noun, verb) in held} for noun, verbs in MENU.items()}
        assert {noun: verbs for noun, verbs in shown.items() if verbs} == SHOWN[role]

    @pytest.mark.parametrize("path", ["me", "me/permissions", "logout"])
    async def test_strangers_are_asked_to_sign_in(self, client: AsyncClient, path: str) -> None:
        answer = await client.request("POST" if path == "logout" else "GET", f"/api/v1/auth/{path}")
        assert (answer.status_code, answer.json()["code"]) == (401, "TokenMissing")


class TestChangingThePassword:
    """With the old password, and at the cost of all other sessions."""

    async def test_the_new_password_opens_and_the_old_does_not(
        self, client: AsyncClient, enter: Enter, announced: Told
    ) -> None:
        here, there = await enter(), await enter()
        answer = await client.patch(
            CHANGE, json={"old_password": PASSWORD, "new_password": NEXT_PASSWORD}, headers=bearer(here)
        )
        assert answer.status_code == 200, answer.text
        assert (await client.get(ME, headers=bearer(here))).status_code == 200
        assert (await renew(client, here)).status_code == 200
        assert (await client.get(ME, headers=bearer(there))).status_code == 401
        assert (await renew(client, there)).json()["code"] == "SessionEnded"
        assert (await client.post(LOGIN, json={"username": "sokha", "password": PASSWORD})).status_code == 401
        await enter(NEXT_PASSWORD)
        assert (await announced()).count("PasswordChanged") == 1

    @pytest.mark.parametrize("old", ["wrong", PASSWORD + " ", "x" * 100, "ក" * 60])
    async def test_without_the_old_password_nothing_changes(
        self, client: AsyncClient, session: AsyncSession, sokha: User, enter: Enter, old: str
    ) -> None:
        entry, before = await enter(), sokha.password_hash
        answer = await client.patch(
            CHANGE, json={"old_password": old, "new_password": NEXT_PASSWORD}, headers=bearer(entry)
        )
        assert (answer.status_code, answer.json()["code"]) == (422, "WrongPassword"), "a 401 would log the person out"
        assert answer.json()["errors"] == [{"field": "old_password", "msg": "is wrong", "loc": "body"}]
        await session.refresh(sokha)
        assert sokha.password_hash == before

    async def test_the_old_password_is_no_new_one(self, client: AsyncClient, enter: Enter) -> None:
        same = {"old_password": PASSWORD, "new_password": PASSWORD}
        answer = await client.patch(CHANGE, json=same, headers=bearer(await enter()))
        assert (answer.status_code, answer.json()["code"]) == (422, "WeakPassword")
        assert answer.json()["detail"] == "The password needs to be another than the old one."
        assert answer.json()["errors"] == [
            {"field": "new_password", "msg": "needs to be another than the old one", "loc": "body"}
        ]

    @pytest.mark.parametrize("new", ["short", "x" * 73, "ក" * 25])
    async def test_a_weak_password_is_refused_before_the_old_one_is_looked_at(
        self, client: AsyncClient, enter: Enter, new: str
    ) -> None:
        answer = await client.patch(
            CHANGE, json={"old_password": "wrong", "new_password": new}, headers=bearer(await enter())
        )
        assert (answer.status_code, answer.json()["code"]) == (422, "WeakPassword")

    async def test_strangers_change_nothing(self, client: AsyncClient) -> None:
        body = {"old_password": PASSWORD, "new_password": NEXT_PASSWORD}
        assert (await client.patch(CHANGE, json=body)).status_code == 401
