"""Activation codes over HTTP: who gives them out, who can use them, and for how long."""

from typing import Any

import pytest
from httpx import AsyncClient, Response
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.identity.activation.service import GOOD_FOR, new_activation
from lc_workflow.identity.rules.statuses import UserStatus
from lc_workflow.identity.users.models import Activation, Session, User
from tests.conftest import SignIn
from tests.identity.factories import PASSWORD as OLD
from tests.identity.factories import a_session, a_user
from tests.moments import NOON

PASSWORD = "Own#2026pass"


async def invite(client: AsyncClient, headers: dict[str, str], user: User) -> Response:
    return await client.post(f"/api/v1/users/{user.id}/activation", headers=headers)


async def activate(client: AsyncClient, username: str, code: str, password: str = PASSWORD) -> Response:
    wish = {"username": username, "code": code, "password": password}
    return await client.post("/api/v1/auth/activate", json=wish)


async def test_a_code_sets_a_password_once_and_ends_what_went_on_with_the_old_one(
    client: AsyncClient, session: AsyncSession, sign_in: SignIn, announced: Any
) -> None:
    admin = await sign_in("admin")
    session.add(user := a_user(username="dara", status=UserStatus.PENDING, failed_login_attempts=3))
    await session.flush()
    session.add(a_session(user.id))
    await session.commit()
    first = (await invite(client, admin.headers, user)).json()
    answer = await invite(client, admin.headers, user)
    assert answer.status_code == 201, answer.text
    code = answer.json()["code"]
    assert answer.json()["expires_at"] == (NOON + GOOD_FOR).isoformat().replace("+00:00", "Z")
    assert code.encode() not in (await session.scalars(select(Activation.digest))).all()

    assert (await activate(client, "dara", first["code"])).json()["code"] == "ActivationCodeInvalid"
    assert (await activate(client, admin.user.username, code)).json()["code"] == "ActivationCodeInvalid"
    assert (await activate(client, "dara", code, "short")).json()["code"] == "WeakPassword"
    typed = code.lower().replace("-", " ")
    assert (await activate(client, " Dara@", typed)).json()["code"] == "ActivationCodeInvalid"
    assert (await activate(client, user.email.upper(), typed)).status_code == 200
    again = await activate(client, "dara", code)
    assert (again.status_code, again.json()["code"]) == (422, "ActivationCodeInvalid")

    await session.refresh(user)
    assert (user.status, user.failed_login_attempts) == ("active", 0)
    assert (await session.scalars(select(Session.ended_at).where(Session.user_id == user.id))).all() == [NOON]
    entry = await client.post("/api/v1/auth/login", data={"username": "dara", "password": PASSWORD})
    assert entry.status_code == 200
    kinds = ["AccountInvited", "AccountInvited", "AccountActivated", "AccountStatusMoved", "SignedIn"]
    assert await announced() == kinds


async def test_a_password_that_is_set_in_another_way_ends_the_codes_that_are_out(
    client: AsyncClient, sign_in: SignIn
) -> None:
    admin, dara = await sign_in("admin"), await sign_in("officer", username="dara")
    for url, wish, headers in (
        ("/api/v1/users/me/change-password", {"old_password": OLD, "new_password": PASSWORD}, dara.headers),
        (f"/api/v1/users/{dara.user.id}", {"password": "Reset#2026pass"}, admin.headers),
    ):
        code = (await invite(client, admin.headers, dara.user)).json()["code"]
        answer = await client.patch(url, json=wish, headers=headers)
        assert answer.status_code in {200, 204}, answer.text
        assert (await activate(client, "dara", code)).json()["code"] == "ActivationCodeInvalid"


async def test_an_expired_code_and_one_of_a_closed_account_set_nothing(
    client: AsyncClient, session: AsyncSession, sign_in: SignIn
) -> None:
    admin = await sign_in("admin")
    session.add_all([late := a_user(username="late"), gone := a_user(username="gone", status=UserStatus.SUSPENDED)])
    await session.flush()
    expired, code = new_activation(late.id, by=admin.user.id, at=NOON - GOOD_FOR)
    valid, other = new_activation(gone.id, by=admin.user.id, at=NOON)
    session.add_all([expired, valid])
    await session.commit()
    assert (await activate(client, "late", code)).json()["code"] == "ActivationCodeInvalid"
    closed = await activate(client, "gone", other)
    assert (closed.status_code, closed.json()["code"]) == (403, "AccountClosed")
    assert (await invite(client, admin.headers, gone)).json()["code"] == "AccountClosed"
    assert (await invite(client, admin.headers, admin.user)).json()["code"] == "NotYoursToChange"


@pytest.mark.parametrize("role", ["manager", "officer", "auditor"])
async def test_only_who_manages_accounts_gives_codes_out(
    client: AsyncClient, session: AsyncSession, sign_in: SignIn, role: str
) -> None:
    person = await sign_in(role)
    session.add(user := a_user())
    await session.commit()
    assert (await invite(client, person.headers, user)).status_code == 403
