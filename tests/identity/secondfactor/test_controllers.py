"""A second factor over HTTP: set up, asked for, used once, lost and taken away."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

import pyotp
import pytest
from httpx import AsyncClient, Response
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.identity.roles.models import CompanyRole, UserRole
from lc_workflow.identity.secondfactor.models import RecoveryCode, SecondFactor
from lc_workflow.identity.sessions.service import AdministratorService
from lc_workflow.identity.users.models import Session, SignInChallenge, User
from lc_workflow.kernel.errors import Missing
from lc_workflow.platform.config import Settings
from tests.conftest import CHEAP, Person, SignIn
from tests.identity.factories import PASSWORD, a_user
from tests.moments import NOON

AUTH = "/api/v1/auth"
FACTOR = f"{AUTH}/second-factor"


def code_at(secret: str, at: datetime = NOON) -> str:
    return pyotp.TOTP(secret).at(at)


async def sign_in_as(client: AsyncClient, user: User, password: str = PASSWORD) -> Response:
    return await client.post(f"{AUTH}/login", data={"username": user.username, "password": password})


async def pass_on(client: AsyncClient, challenge: str, code: str, **more: str) -> Response:
    return await client.post(f"{AUTH}/login/second-factor", json={"challenge": challenge, "code": code, **more})


@pytest.fixture
async def person(sign_in: SignIn) -> Person:
    return await sign_in("officer", username="dara")


@pytest.fixture
async def secret(client: AsyncClient, session: AsyncSession, person: Person) -> str:
    """The secret of a second factor that was set up a minute ago."""
    begun = (await client.post(FACTOR, json={"password": PASSWORD}, headers=person.headers)).json()
    answer = await client.post(f"{FACTOR}/confirm", json={"code": code_at(begun["secret"])}, headers=person.headers)
    assert answer.status_code == 200, answer.text
    await session.execute(update(SecondFactor).values(last_step=None))
    await session.commit()
    return str(begun["secret"])


async def test_a_second_factor_counts_once_a_code_confirms_it(
    client: AsyncClient, session: AsyncSession, person: Person, announced: Any
) -> None:
    standing = (await client.get(FACTOR, headers=person.headers)).json()
    assert standing == {"enabled": False, "required": False, "confirmed_at": None, "recovery_codes_left": 0}
    wrong = await client.post(FACTOR, json={"password": "wrong"}, headers=person.headers)
    assert wrong.json()["code"] == "PasswordWrong"
    begun = (await client.post(FACTOR, json={"password": PASSWORD}, headers=person.headers)).json()
    assert begun["otpauth_uri"].startswith("otpauth://totp/LC%20Workflow:dara?secret=")
    assert (await sign_in_as(client, person.user)).status_code == 200  # it does not count yet

    refused = await client.post(f"{FACTOR}/confirm", json={"code": "000000"}, headers=person.headers)
    assert (refused.status_code, refused.json()["code"]) == (422, "CodeRefused")
    confirmed = await client.post(f"{FACTOR}/confirm", json={"code": code_at(begun["secret"])}, headers=person.headers)
    codes = confirmed.json()["recovery_codes"]
    assert len(set(codes)) == 10
    again = await client.post(FACTOR, json={"password": PASSWORD}, headers=person.headers)
    assert again.json()["code"] == "AlreadyEnrolled"
    standing = (await client.get(FACTOR, headers=person.headers)).json()
    assert (standing["enabled"], standing["recovery_codes_left"]) == (True, 10)

    factor = (await session.scalars(select(SecondFactor))).one()
    assert begun["secret"].encode() not in factor.secret
    digests = (await session.scalars(select(RecoveryCode.digest))).all()
    assert not any(code.encode() in digest for code in codes for digest in digests)
    assert await announced() == ["SignedIn", "SecondFactorSetUp"]


async def test_a_right_password_waits_for_the_code_and_no_code_is_taken_twice(
    client: AsyncClient, session: AsyncSession, person: Person, secret: str
) -> None:
    before = len((await session.scalars(select(Session.id))).all())
    first = await sign_in_as(client, person.user)
    assert first.status_code == 202
    waiting = first.json()
    assert set(waiting) == {"challenge", "expires_in", "enrolment_required", "second_factor_required"}
    assert waiting["enrolment_required"] is False
    assert len((await session.scalars(select(Session.id))).all()) == before
    code = code_at(secret)
    entry = await pass_on(client, waiting["challenge"], f"{code[:3]} {code[3:]}")
    assert entry.status_code == 200, entry.text
    headers = {"Authorization": f"Bearer {entry.json()['access_token']}"}
    assert (await client.get(f"{AUTH}/me", headers=headers)).status_code == 200

    used = await pass_on(client, waiting["challenge"], code)
    assert (used.status_code, used.json()["code"]) == (401, "ChallengeInvalid")
    another = (await sign_in_as(client, person.user)).json()["challenge"]
    for replayed in (code, code_at(secret, NOON - timedelta(seconds=30))):
        assert (await pass_on(client, another, replayed)).json()["code"] == "WrongCode"
    assert (await pass_on(client, another, code_at(secret, NOON + timedelta(seconds=30)))).status_code == 200


async def test_codes_around_now_are_taken_and_others_are_not(client: AsyncClient, person: Person, secret: str) -> None:
    challenge = (await sign_in_as(client, person.user)).json()["challenge"]
    for seconds in (-90, 90, 3_600):
        moment = NOON + timedelta(seconds=seconds)
        assert (await pass_on(client, challenge, code_at(secret, moment))).json()["code"] == "WrongCode"
    assert (await pass_on(client, challenge, code_at(secret, NOON - timedelta(seconds=30)))).status_code == 200


async def test_guesses_lock_the_account_like_wrong_passwords(
    client: AsyncClient, person: Person, secret: str, announced: Any
) -> None:
    challenge = (await sign_in_as(client, person.user)).json()["challenge"]
    statuses = [(await pass_on(client, challenge, f"00000{number}")).status_code for number in range(5)]
    assert statuses == [401, 401, 401, 401, 423]
    assert (await pass_on(client, challenge, code_at(secret))).status_code == 423
    assert (await sign_in_as(client, person.user)).status_code == 423
    kinds = await announced()
    assert (kinds.count("SecondFactorFailed"), kinds.count("AccountLocked")) == (5, 1)


async def test_a_challenge_waits_five_minutes_and_is_stored_as_a_hash(
    client: AsyncClient, session: AsyncSession, person: Person, secret: str
) -> None:
    challenge = (await sign_in_as(client, person.user)).json()["challenge"]
    row = (await session.scalars(select(SignInChallenge))).one()
    assert challenge.encode() not in row.digest
    row.expires_at = NOON
    await session.commit()
    assert (await pass_on(client, challenge, code_at(secret))).json()["code"] == "ChallengeInvalid"
    assert (await pass_on(client, "nonsense", code_at(secret))).json()["code"] == "ChallengeInvalid"


async def test_a_code_on_paper_opens_once(
    client: AsyncClient, person: Person, secret: str, announced: Callable[[], Awaitable[list[str]]]
) -> None:
    renewed = await client.post(f"{FACTOR}/recovery-codes", json={"code": code_at(secret)}, headers=person.headers)
    assert (await announced())[-1] == "RecoveryCodesRenewed"
    paper = renewed.json()["recovery_codes"][0]
    challenge = (await sign_in_as(client, person.user)).json()["challenge"]
    assert (await pass_on(client, challenge, paper.lower().replace("-", " "))).status_code == 200
    assert (await announced())[-2:] == ["RecoveryCodeUsed", "SignedIn"]
    challenge = (await sign_in_as(client, person.user)).json()["challenge"]
    assert (await pass_on(client, challenge, paper)).json()["code"] == "WrongCode"


async def test_a_role_that_requires_it_makes_people_set_it_up_on_the_way_in(
    client: AsyncClient, session: AsyncSession
) -> None:
    session.add_all([teller := a_user(role="teller"), officer := a_user(role="officer")])
    await session.commit()
    before = [(await sign_in_as(client, user)).json()["refresh_token"] for user in (teller, officer)]
    await session.execute(update(CompanyRole).where(CompanyRole.name == "teller").values(requires_second_factor=True))
    await session.commit()
    assert (await sign_in_as(client, officer)).status_code == 200
    renewed = [await client.post(f"{AUTH}/refresh", json={"refresh_token": token}) for token in before]
    assert [answer.status_code for answer in renewed] == [401, 200], "what was opened without one does not go on"
    waiting = (await sign_in_as(client, teller)).json()
    assert waiting["enrolment_required"] is True
    assert (await pass_on(client, waiting["challenge"], "123456")).json()["code"] == "WrongCode"
    begun = await client.post(f"{FACTOR}/enrol", json={"challenge": waiting["challenge"]})
    assert begun.status_code == 200, begun.text
    secret = begun.json()["secret"]
    entry = (await pass_on(client, waiting["challenge"], code_at(secret))).json()
    assert len(entry["recovery_codes"]) == 10
    headers = {"Authorization": f"Bearer {entry['access_token']}"}
    assert (await client.get(FACTOR, headers=headers)).json()["required"] is True
    kept = await client.post(f"{FACTOR}/remove", json={"password": PASSWORD, "code": "1"}, headers=headers)
    assert kept.json()["code"] == "SecondFactorRequired"
    waiting = (await sign_in_as(client, teller)).json()
    assert waiting["enrolment_required"] is False
    refused = await client.post(f"{FACTOR}/enrol", json={"challenge": waiting["challenge"]})
    assert refused.json()["code"] == "AlreadyEnrolled"


async def test_a_new_password_lets_no_sign_in_go_on_that_began_with_the_old_one(
    client: AsyncClient, session: AsyncSession, sign_in: SignIn
) -> None:
    """Who stole the password of somebody without a second factor would set one up for themselves."""
    admin = await sign_in("admin")
    session.add(teller := a_user(role="teller"))
    await session.execute(update(CompanyRole).where(CompanyRole.name == "teller").values(requires_second_factor=True))
    await session.commit()
    challenge = (await sign_in_as(client, teller)).json()["challenge"]
    reset = {"password": "another-Long-pass-7"}
    answer = await client.patch(f"/api/v1/users/{teller.id}", json=reset, headers=admin.headers)
    assert answer.status_code == 200, answer.text
    refused = await client.post(f"{FACTOR}/enrol", json={"challenge": challenge})
    assert refused.json()["code"] == "ChallengeInvalid"


async def test_it_is_given_up_with_password_and_code_and_reset_by_an_administrator(
    client: AsyncClient, sign_in: SignIn, person: Person, secret: str
) -> None:
    admin, manager = await sign_in("admin"), await sign_in("manager")
    url = f"/api/v1/users/{person.user.id}/second-factor"
    assert (await client.delete(url, headers=manager.headers)).status_code == 403
    own = await client.delete(f"/api/v1/users/{admin.user.id}/second-factor", headers=admin.headers)
    assert (own.status_code, own.json()["code"]) == (403, "NotYoursToChange")  # with a session alone, as a thief has it
    for password, code, refusal in (("wrong", code_at(secret), "PasswordWrong"), (PASSWORD, "000000", "CodeRefused")):
        wish = {"password": password, "code": code}
        refused = await client.post(f"{FACTOR}/remove", json=wish, headers=person.headers)
        assert (refused.status_code, refused.json()["code"]) == (422, refusal)
    assert (await sign_in_as(client, person.user)).status_code == 202, "it still counts"
    assert (await client.delete(url, headers=admin.headers)).status_code == 204
    assert (await client.get(f"{AUTH}/me", headers=person.headers)).status_code == 401
    assert (await client.delete(url, headers=admin.headers)).json()["code"] == "NotEnrolled"
    assert (await sign_in_as(client, person.user)).status_code == 200


async def test_who_gives_it_up_signs_in_with_the_password_again(
    client: AsyncClient, person: Person, secret: str
) -> None:
    wish = {"password": PASSWORD, "code": code_at(secret)}
    assert (await client.post(f"{FACTOR}/remove", json=wish, headers=person.headers)).status_code == 204
    assert (await sign_in_as(client, person.user)).status_code == 200


async def test_an_administrator_without_password_and_telephone_is_let_in_from_the_server(
    client: AsyncClient,
    session: AsyncSession,
    sign_in: SignIn,
    house_settings: Settings,
    announced: Callable[[], Awaitable[list[str]]],
) -> None:
    admin, manager = await sign_in("admin", username="vanna"), await sign_in("manager", username="bopha")
    begun = (await client.post(FACTOR, json={"password": PASSWORD}, headers=admin.headers)).json()
    confirmed = {"code": code_at(begun["secret"])}
    assert (await client.post(f"{FACTOR}/confirm", json=confirmed, headers=admin.headers)).status_code == 200
    administrators = AdministratorService(session, passwords=CHEAP, policy=house_settings.passwords)
    with pytest.raises(Missing):
        await administrators.recover_admin(manager.user.username, new := "Branch#2026-anew", at=NOON)
    await administrators.recover_admin(" Vanna", new, at=NOON)
    assert (await client.get(f"{AUTH}/me", headers=admin.headers)).status_code == 401
    assert (await sign_in_as(client, admin.user)).status_code == 401
    entry = await sign_in_as(client, admin.user, new)
    assert (entry.status_code, "access_token" in entry.json()) == (200, True), "no second factor is asked for"
    assert (await announced()).count("AdministratorRecovered") == 1
    told = await client.get(
        "/api/v1/security/alerts", headers={"Authorization": f"Bearer {entry.json()['access_token']}"}
    )
    assert "Administrator let in from the server" in told.text


async def test_a_code_typed_on_a_khmer_keyboard_is_taken(client: AsyncClient, person: Person, secret: str) -> None:
    khmer = code_at(secret).translate(str.maketrans("0123456789", "០១២៣៤៥៦៧៨៩"))
    renewed = await client.post(f"{FACTOR}/recovery-codes", json={"code": khmer}, headers=person.headers)
    assert renewed.status_code == 200, renewed.text


async def test_an_administrator_by_a_further_role_is_let_in_again_from_the_server_too(
    client: AsyncClient, session: AsyncSession, sign_in: SignIn, house_settings: Settings
) -> None:
    """They may be the last one there is: nobody takes that role from them."""
    manager = await sign_in("manager", username="vanna")
    role = (await session.scalars(select(CompanyRole.id).where(CompanyRole.name == "admin"))).one()
    session.add(UserRole(user_id=manager.user.id, role_id=role, given_by=manager.user.id, given_at=NOON))
    await session.commit()
    administrators = AdministratorService(session, passwords=CHEAP, policy=house_settings.passwords)
    await administrators.recover_admin("vanna", new := "Branch#2026-anew", at=NOON)
    assert (await sign_in_as(client, manager.user, new)).status_code == 200
