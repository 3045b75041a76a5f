"""Signing in over HTTP: who comes in, who does not, and what is counted."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import bcrypt
import pytest
from httpx import AsyncClient, Response
from litestar import Litestar
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.identity.rules.statuses import UserStatus
from lc_workflow.identity.users.models import RefreshToken, Session, User
from tests.conftest import Sessions
from tests.identity.factories import PASSWORD, a_user
from tests.moments import NOON
from tests.organization.factories import a_branch, a_department, a_position, an_employee

LOGIN = "/api/v1/auth/login"
ME = "/api/v1/auth/me"


async def sign_in_with(client: AsyncClient, username: str, password: str = PASSWORD, **more: str) -> Response:
    return await client.post(LOGIN, data={"username": username, "password": password}, **more)  # type: ignore[arg-type]


def bearer(answer: Response) -> dict[str, str]:
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


NAMES = ("sokha", "nobody", "no@body.example", "invited")
"""Somebody, two whom nobody knows, and one who has set no password yet."""


@pytest.fixture
async def sokha(session: AsyncSession) -> User:
    session.add(user := a_user(username="sokha", email="sokha@branch.example"))
    await session.commit()
    return user


async def test_a_person_signs_in_with_a_form(client: AsyncClient, session: AsyncSession, sokha: User) -> None:
    answer = await sign_in_with(client, "sokha", headers={"User-Agent": "Field app 7"})  # type: ignore[arg-type]
    assert answer.status_code == 200, answer.text
    entry = answer.json()
    assert entry.keys() == {"access_token", "refresh_token", "token_type", "expires_in", "user"}
    assert (entry["token_type"], entry["expires_in"]) == ("bearer", 1800)
    assert (entry["user"]["username"], entry["user"]["login_count"]) == ("sokha", 1)
    assert "password" not in answer.text
    me = await client.get(ME, headers=bearer(answer))
    assert (me.status_code, me.json()) == (200, entry["user"])
    visit = (await session.scalars(select(Session))).one()
    assert (visit.user_id, visit.device, visit.address, visit.ended_at) == (sokha.id, "Field app 7", "127.0.0.1", None)
    await session.refresh(sokha)
    assert (sokha.last_login_at, sokha.last_activity_at, sokha.login_count) == (NOON, NOON, 1)


@pytest.mark.parametrize("name", ["sokha", "SOKHA", "  Sokha ", "sokha@branch.example", "Sokha@Branch.Example"])
@pytest.mark.usefixtures("sokha")
async def test_a_name_or_an_address_in_any_case_will_do(client: AsyncClient, name: str) -> None:
    assert (await client.post(LOGIN, json={"username": name, "password": PASSWORD})).status_code == 200


async def test_the_answer_shows_the_persons_place_in_the_company(client: AsyncClient, session: AsyncSession) -> None:
    session.add_all([branch := a_branch(), department := a_department(), position := a_position()])
    session.add(chief := an_employee(full_name_latin="KEO DARA"))
    await session.flush()
    session.add(
        a_user(
            username="dara",
            branch_id=branch.id,
            department_id=department.id,
            position_id=position.id,
            line_manager_id=chief.id,
        )
    )
    await session.commit()
    user = (await sign_in_with(client, "dara")).json()["user"]
    assert (user["branch"]["name"], user["department"]["name"]) == (branch.name, department.name)
    assert (user["position"]["name"], user["portfolio"]) == (position.name, None)
    assert user["line_manager"].keys() >= {"id", "employee_code", "full_name_khmer", "full_name_latin", "is_active"}


@pytest.mark.usefixtures("sokha")
async def test_a_wrong_password_and_an_unknown_name_read_alike(
    client: AsyncClient, session: AsyncSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    session.add(a_user(username="invited", password_hash=None))
    await session.commit()
    checked: list[bytes] = []
    real = bcrypt.checkpw

    def counting(secret: bytes, digest: bytes) -> bool:
        checked.append(digest)
        return real(secret, digest)

    monkeypatch.setattr(bcrypt, "checkpw", counting)
    answers = [await sign_in_with(client, name, "not the password") for name in NAMES]
    assert {answer.status_code for answer in answers} == {401}
    without_id = [{**answer.json(), "request_id": ""} for answer in answers]
    assert all(answer == without_id[0] for answer in without_id)
    assert without_id[0]["code"] == "WrongCredentials"
    assert len(checked) == len(NAMES), "an unknown name costs the same work"
    assert {digest[:7] for digest in checked} == {b"$2b$04$"}


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, {"username", "password"}),
        ({"username": "sokha"}, {"password"}),
        ({"username": "", "password": ""}, {"username", "password"}),
        ({"username": "so\0kha", "password": "x"}, {"username"}),
        ({"username": "sokha", "password": "pass\0word"}, {"password"}),
        ({"username": "x" * 255, "password": "x"}, {"username"}),
        ({"username": "sokha", "password": "x" * 201}, {"password"}),
        ({"username": ["a", "b"], "password": "x"}, {"username"}),
    ],
)
async def test_a_sign_in_that_makes_no_sense_names_its_fields(
    client: AsyncClient, body: dict[str, str], fields: set[str]
) -> None:
    answers = [await client.post(LOGIN, json=body)]
    if body:  # an empty form is none
        answers.append(await client.post(LOGIN, data=body))
    for answer in answers:
        assert answer.status_code == 422, answer.text
        assert {error["field"] for error in answer.json()["errors"]} == fields


@pytest.mark.parametrize("host", ["branch.example:99999", "a:b:c", "branch.example:x", "a b"])
@pytest.mark.usefixtures("sokha")
async def test_a_host_that_is_no_address_is_no_mistake_of_ours(client: AsyncClient, host: str) -> None:
    answer = await sign_in_with(client, "sokha", headers={"Host": host})  # type: ignore[arg-type]
    assert (answer.status_code, answer.json()["code"]) == (422, "MalformedRequest"), "links are made with it"


@pytest.mark.parametrize(
    ("content", "media_type", "status"),
    [
        (b"", "application/json", 422),
        (b"{", "application/json", 422),
        (b"[]", "application/json", 422),
        (b'{"username": "a\\ud800", "password": "b\\udfff"}', "application/json", 422),
        (b'{"username": 1, "password": {}}', "application/json", 422),
        (b"username=%ff%fe&password=%ff", "application/x-www-form-urlencoded", 422),
        (b"username=a&password=b", "text/plain", 415),
        (b"<a/>", "application/xml", 415),
        (b"username=a&password=b", "", 415),
    ],
)
async def test_a_body_that_cannot_be_read_is_no_mistake_of_ours(
    client: AsyncClient, content: bytes, media_type: str, status: int
) -> None:
    answer = await client.post(LOGIN, content=content, headers={"content-type": media_type})
    assert answer.status_code == status, answer.text
    assert isinstance(answer.json()["detail"], str)


@pytest.mark.parametrize("password", ["x" * 73, "x" * 200, "ក" * 25, PASSWORD + "x" * 60, " ", "🙂" * 50])
@pytest.mark.usefixtures("sokha")
async def test_a_password_that_bcrypt_would_cut_is_simply_wrong(client: AsyncClient, password: str) -> None:
    assert (await sign_in_with(client, "sokha", password)).status_code == 401


async def test_no_password_is_right_because_its_beginning_is(client: AsyncClient, session: AsyncSession) -> None:
    longest = "a" * 72
    digest = bcrypt.hashpw(longest.encode(), bcrypt.gensalt(4)).decode()
    session.add(a_user(username="long", password_hash=digest))
    await session.commit()
    assert (await sign_in_with(client, "long", longest)).status_code == 200
    assert (await sign_in_with(client, "long", longest + "a")).status_code == 401


class TestLockout:
    """Five wrong passwords in a row lock an account for half an hour."""

    async def test_the_fifth_wrong_password_locks(
        self,
        client: AsyncClient,
        session: AsyncSession,
        sokha: User,
        announced: Callable[[], Awaitable[list[str]]],
    ) -> None:
        statuses = [(await sign_in_with(client, "sokha", "wrong")).status_code for _ in range(4)]
        assert statuses == [401] * 4
        fifth = await sign_in_with(client, "sokha", "wrong")
        assert (fifth.status_code, fifth.json()["code"]) == (423, "AccountIsLocked")
        assert fifth.headers["Retry-After"] == "1800"
        assert fifth.json()["detail"] == "This account is locked after 5 wrong passwords; try again in 30 minutes."
        await session.refresh(sokha)
        assert (sokha.failed_login_attempts, sokha.locked_until) == (5, NOON + timedelta(minutes=30))
        assert await announced() == ["AccountLocked"]

    async def test_a_locked_account_opens_with_no_password(
        self, client: AsyncClient, session: AsyncSession, sokha: User
    ) -> None:
        sokha.failed_login_attempts, sokha.locked_until = 5, NOON + timedelta(seconds=61)
        await session.commit()
        for password in (PASSWORD, "wrong"):
            answer = await sign_in_with(client, "sokha", password)
            assert (answer.status_code, answer.headers["Retry-After"]) == (423, "61")
            assert "in 2 minutes" in answer.json()["detail"]
        await session.refresh(sokha)
        assert sokha.failed_login_attempts == 5, "a locked door does not count knocks"

    async def test_the_lock_ends_and_counting_starts_anew(
        self, client: AsyncClient, session: AsyncSession, sokha: User
    ) -> None:
        sokha.failed_login_attempts, sokha.locked_until = 5, NOON
        await session.commit()
        assert (await sign_in_with(client, "sokha", "wrong")).status_code == 401
        await session.refresh(sokha)
        assert sokha.failed_login_attempts == 1
        assert sokha.locked_until is None

    async def test_the_right_password_forgets_the_wrong_ones(
        self, client: AsyncClient, session: AsyncSession, sokha: User
    ) -> None:
        sokha.failed_login_attempts = 4
        await session.commit()
        answer = await sign_in_with(client, "sokha")
        assert (answer.status_code, answer.json()["user"]["failed_login_attempts"]) == (200, 0)
        assert (await sign_in_with(client, "sokha", "wrong")).status_code == 401

    async def test_an_unknown_name_locks_nobody(self, client: AsyncClient) -> None:
        assert {(await sign_in_with(client, "nobody", "wrong")).status_code for _ in range(7)} == {401}


@pytest.mark.parametrize("status", [status for status in UserStatus if status is not UserStatus.ACTIVE])
async def test_an_account_that_is_not_active_says_so_only_to_its_owner(
    client: AsyncClient, session: AsyncSession, status: UserStatus
) -> None:
    session.add(user := a_user(username="closed", status=status))
    await session.commit()
    answer = await sign_in_with(client, "closed")
    assert (answer.status_code, answer.json()["code"]) == (403, "AccountDisabled")
    assert status in answer.json()["detail"]
    stranger = await sign_in_with(client, "closed", "wrong")
    assert (stranger.status_code, stranger.json()["code"]) == (401, "WrongCredentials")
    await session.refresh(user)
    assert (user.login_count, user.failed_login_attempts) == (0, 1)
    assert not (await session.scalars(select(Session))).all()


async def test_every_sign_in_is_a_session_of_its_own_and_on_record(
    client: AsyncClient, session: AsyncSession, sokha: User, announced: Callable[[], Awaitable[list[str]]]
) -> None:
    first, second = await sign_in_with(client, "sokha"), await sign_in_with(client, "sokha")
    assert len((await session.scalars(select(Session))).all()) == 2
    assert (await client.post("/api/v1/auth/logout", headers=bearer(first))).status_code == 200
    assert (await client.get(ME, headers=bearer(first))).status_code == 401
    assert (await client.get(ME, headers=bearer(second))).status_code == 200
    await session.refresh(sokha)
    assert sokha.login_count == 2
    assert await announced() == ["SignedIn", "SignedIn", "SignedOut"]


@pytest.mark.usefixtures("sokha")
async def test_no_refresh_token_is_stored_as_it_is(client: AsyncClient, session: AsyncSession) -> None:
    refresh_token = (await sign_in_with(client, "sokha")).json()["refresh_token"]
    stored = (await session.scalars(select(RefreshToken))).one()
    assert refresh_token.encode() not in stored.digest
    assert stored.expires_at == NOON + timedelta(days=7)


async def test_a_sign_in_is_not_to_be_kept(client: AsyncClient, sokha: User) -> None:
    assert (await sign_in_with(client, sokha.username)).headers["cache-control"] == "no-store"


def test_the_documentation_says_what_signing_in_takes(house: tuple[Litestar, Sessions]) -> None:
    operation = house[0].openapi_schema.to_schema()["paths"]["/api/v1/auth/login"]["post"]
    content = operation["requestBody"]["content"]
    assert content.keys() == {"application/x-www-form-urlencoded", "application/json"}
    assert content["application/json"]["schema"]["required"] == ["username", "password"]
    assert operation["responses"].keys() >= {"200", "401", "403", "422", "423", "429"}
