"""Attacks on access tokens, over HTTP."""

from base64 import urlsafe_b64encode
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import jwt
import msgspec
import pytest
from httpx import AsyncClient
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.platform.config import Settings
from lc_workflow.platform.security.tokens import Tokens
from tests.conftest import SignIn
from tests.identity.factories import a_session, a_user
from tests.moments import NOON

ME = "/api/v1/auth/me"
THIRTY_MINUTES = timedelta(minutes=30)
OTHER_KEY = "another secret that the house has never heard of, and long"


@pytest.fixture
async def token(sign_in: SignIn) -> str:
    """The token of somebody who is signed in."""
    return (await sign_in("officer")).headers["Authorization"].removeprefix("Bearer ")


@pytest.fixture
def forge(token: str, house_settings: Settings) -> Callable[..., str]:
    """Sign the same claims anew, changed as an attacker would, or as a colleague of another service might."""
    genuine = jwt.decode(token, options={"verify_signature": False})
    header = jwt.get_unverified_header(token)

    def forge(
        *,
        key: str | None = None,
        algorithm: str = "HS256",
        kid: object = header["kid"],
        without: str = "",
        **changes: Any,
    ) -> str:
        claims = {name: value for name, value in {**genuine, **changes}.items() if name != without}
        head = {"alg": algorithm, "typ": "JWT"} | ({} if kid is None else {"kid": kid})
        # Written by hand: the library refuses to write some of these.
        body = b".".join(urlsafe_b64encode(msgspec.json.encode(part)).rstrip(b"=") for part in (head, claims))
        if algorithm == "none":
            return f"{body.decode()}."
        mac = jwt.get_algorithm_by_name(algorithm)
        signature = mac.sign(body, mac.prepare_key(key or house_settings.secret_key))
        return f"{body.decode()}.{urlsafe_b64encode(signature).rstrip(b'=').decode()}"

    return forge


async def status_of(client: AsyncClient, token: str) -> tuple[int, str]:
    answer = await client.get(ME, headers={"Authorization": f"Bearer {token}"})
    return answer.status_code, answer.json().get("code", "")


async def test_a_token_that_was_signed_anew_with_the_right_key_is_right(
    client: AsyncClient, forge: Callable[..., str]
) -> None:
    assert await status_of(client, forge()) == (200, "")


def seconds(moment: datetime) -> int:
    return int(moment.timestamp())


@pytest.mark.parametrize(
    "attack",
    [
        {"algorithm": "none"},
        {"algorithm": "HS384"},
        {"algorithm": "HS512"},
        {"key": OTHER_KEY},
        {"kid": None},
        {"kid": "unknown"},
        {"kid": ""},
        {"kid": 7},
        {"kid": None, "key": OTHER_KEY},
        {"kid": ["a"]},
        {"kid": {"a": 1}},
        {"kid": "../../dev/null", "key": OTHER_KEY},
        {"aud": "another-service"},
        {"aud": []},
        {"aud": None},
        {"typ": "refresh"},
        {"typ": None},
        {"typ": ["access"]},
        {"iat": seconds(NOON + timedelta(minutes=1))},
        {"iat": "noon"},
        {"exp": "never"},
        {"exp": 10**30},
        {"exp": None},
        {"sub": "admin"},
        {"sub": 1},
        {"sub": None},
        {"sid": "x"},
        {"without": "sub"},
        {"without": "sid"},
        {"without": "aud"},
        {"without": "typ"},
        {"without": "iat"},
        {"without": "exp"},
    ],
    ids=str,
)
async def test_a_forged_token_is_none(client: AsyncClient, forge: Callable[..., str], attack: dict[str, Any]) -> None:
    assert await status_of(client, forge(**attack)) == (401, "TokenInvalid")


@pytest.mark.parametrize(
    ("attack", "code"),
    [
        ({"exp": seconds(NOON)}, "TokenExpired"),
        ({"exp": seconds(NOON - timedelta(days=300))}, "TokenExpired"),
        ({"sub": str(uuid4())}, "SessionEnded"),
        ({"sid": str(uuid4())}, "SessionEnded"),
    ],
)
async def test_a_token_of_nobody_or_of_yesterday_is_refused(
    client: AsyncClient, forge: Callable[..., str], attack: dict[str, Any], code: str
) -> None:
    assert await status_of(client, forge(**attack)) == (401, code)


async def test_clocks_may_differ_a_little(client: AsyncClient, forge: Callable[..., str]) -> None:
    assert await status_of(client, forge(iat=seconds(NOON + timedelta(seconds=4)))) == (200, "")


async def test_a_session_opens_nothing_for_another_person(
    client: AsyncClient, session: AsyncSession, forge: Callable[..., str]
) -> None:
    session.add(other := a_user())
    await session.commit()
    assert await status_of(client, forge(sub=str(other.id))) == (401, "SessionEnded")


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        "Basic {token}",
        "{token}",
        "Bearer {token} and more",
        "Bearer {token}x",
        "Bearer {head}.{body}.",
        "Bearer {head}.{body}",
        "Bearer .{body}.{sign}",
        "Bearer ...",
        "Bearer é{token}",
        "Bearer {long}",
        "Bearer null",
    ],
)
async def test_what_is_no_token_is_refused(client: AsyncClient, token: str, header: str) -> None:
    head, body, sign = token.split(".")
    text = header.format(token=token, head=head, body=body, sign=sign, long="a." * 3_000)
    answer = await client.get(ME, headers={b"Authorization": text.encode("latin-1")})
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert answer.json()["code"] in {"TokenMissing", "TokenInvalid"}


async def test_the_scheme_may_be_written_in_any_case(client: AsyncClient, token: str) -> None:
    assert (await client.get(ME, headers={"Authorization": f"bearer  {token}"})).status_code == 200


async def test_no_token_opens_a_door_from_the_address_line(client: AsyncClient, token: str) -> None:
    answer = await client.get(ME, params={"token": token, "access_token": token})
    assert (answer.status_code, answer.json()["code"]) == (401, "TokenMissing")


async def test_tokens_of_the_previous_key_are_read_while_new_ones_use_the_next(session: AsyncSession) -> None:
    session.add(user := a_user())
    await session.flush()
    session.add(visit := a_session(user.id))
    await session.flush()
    former = Tokens("the former secret, which was long enough too", algorithm="HS256", lifetime=THIRTY_MINUTES)
    present = Tokens(
        "the present secret, which is also long enough",
        previous=("the former secret, which was long enough too",),
        algorithm="HS256",
        lifetime=THIRTY_MINUTES,
    )
    old = former.issue(user.id, visit.id, at=NOON)
    new = present.issue(user.id, visit.id, at=NOON)
    assert present.read(old, at=NOON).subject == present.read(new, at=NOON).subject == user.id
    assert jwt.get_unverified_header(old)["kid"] != jwt.get_unverified_header(new)["kid"]
