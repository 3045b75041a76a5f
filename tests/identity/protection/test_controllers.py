"""Security: alerts are facts, and blocked addresses get no answer."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, cast

import pyotp
import pytest
from httpx import ASGITransport, AsyncClient
from litestar import Litestar
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.identity.protection.models import BlockedAddress
from lc_workflow.platform.security.blocklist import Blocklist
from tests.conftest import Person, Sessions, SignIn
from tests.identity.factories import PASSWORD, a_user
from tests.moments import NOON

URL = "/api/v1/security"
FACTOR = "/api/v1/auth/second-factor"


@pytest.fixture(autouse=True)
def _forgetful(application: tuple[Litestar, Sessions]) -> Iterator[None]:
    """What a process knows of blocked addresses must not outlive the test's own rows."""
    yield
    _blocklist(application[0]).forget()


def _blocklist(app: Litestar) -> Blocklist:
    return cast("Blocklist", app.dependencies["blocklist"].dependency())  # type: ignore[union-attr]


def caller(app: Litestar, host: str) -> AsyncClient:
    return AsyncClient(transport=ASGITransport(cast("Any", app), client=(host, 1)), base_url="http://test")


async def test_a_blocked_address_is_answered_nothing_until_it_is_let_in(
    client: AsyncClient, session: AsyncSession, admin: Person, house: tuple[Litestar, Sessions], announced: Any
) -> None:
    session.add(user := a_user())
    await session.commit()
    form = {"username": user.username, "password": PASSWORD}
    blocked = []
    for address in ("203.0.113.7", "198.51.100.0/24", "2001:db8:1::/48"):
        answer = await client.post(f"{URL}/blocked-addresses", json={"address": address}, headers=admin.headers)
        assert answer.status_code == 201, answer.text
        assert answer.json()["address"] == address
        blocked.append(answer.json()["id"])
    for host in ("203.0.113.7", "198.51.100.200", "2001:db8:1:2::3"):
        async with caller(house[0], host) as stranger:
            for refused in (
                await stranger.post("/api/v1/auth/login", data=form),
                await stranger.get("/api/v1/health/live"),
                await stranger.get("/api/v1/auth/me", headers=admin.headers),
            ):
                assert (refused.status_code, refused.json()["code"]) == (403, "AddressIsBlocked")
    async with caller(house[0], "203.0.113.8") as neighbour:
        assert (await neighbour.post("/api/v1/auth/login", data=form)).status_code == 200
    shown = (await client.get(f"{URL}/blocked-addresses", headers=admin.headers)).json()
    assert {one["address"] for one in shown} == {"203.0.113.7", "198.51.100.0/24", "2001:db8:1::/48"}
    assert (await client.delete(f"{URL}/blocked-addresses/{blocked[0]}", headers=admin.headers)).status_code == 204
    async with caller(house[0], "203.0.113.7") as forgiven:
        assert (await forgiven.post("/api/v1/auth/login", data=form)).status_code == 200
    assert (await announced()).count("AddressBlocked") == 3


async def test_a_block_runs_out_and_can_be_set_again(client: AsyncClient, session: AsyncSession, admin: Person) -> None:
    past = NOON - timedelta(minutes=1)
    session.add(
        BlockedAddress(network="203.0.113.7/32", reason=None, created_by=admin.user.id, created_at=past, until=past)
    )
    await session.commit()
    assert (await client.get(f"{URL}/blocked-addresses", headers=admin.headers)).json() == []
    wish = {"address": " 203.0.113.7 ", "minutes": 5, "reason": "Guesses passwords"}
    answer = await client.post(f"{URL}/blocked-addresses", json=wish, headers=admin.headers)
    assert answer.json()["until"] == "2026-11-24T05:05:00Z"
    again = await client.post(f"{URL}/blocked-addresses", json=wish, headers=admin.headers)
    assert (again.status_code, again.json()["code"]) == (422, "AlreadyBlocked")


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("nonsense", "NotAnAddress"),
        ("203.0.113.7/99", "NotAnAddress"),
        ("0.0.0.0/0", "NetworkTooWide"),
        ("10.0.0.0/8", "NetworkTooWide"),
        ("::/0", "NetworkTooWide"),
        ("127.0.0.1", "OwnAddress"),
        ("127.0.0.0/16", "OwnAddress"),
    ],
)
async def test_what_cannot_be_blocked_is_refused(client: AsyncClient, admin: Person, address: str, code: str) -> None:
    answer = await client.post(f"{URL}/blocked-addresses", json={"address": address}, headers=admin.headers)
    assert (answer.status_code, answer.json()["code"]) == (422, code)


async def test_alerts_tell_what_happened(client: AsyncClient, session: AsyncSession, admin: Person) -> None:
    session.add(user := a_user(username="dara"))
    await session.commit()
    for _ in range(5):
        await client.post("/api/v1/auth/login", data={"username": "dara", "password": "wrong"})
    session.add(other := a_user(username="sok"))
    await session.commit()
    entry = (await client.post("/api/v1/auth/login", data={"username": "sok", "password": PASSWORD})).json()
    for _ in range(2):
        await client.post("/api/v1/auth/refresh", json={"refresh_token": entry["refresh_token"]})
    alerts = (await client.get(f"{URL}/alerts", headers=admin.headers)).json()
    told = [(alert["type"], alert["severity"], alert["username"]) for alert in alerts["items"]]
    assert told == [("RefreshTokenReused", "high", "sok"), ("AccountLocked", "medium", "dara")]
    assert (alerts["total"], alerts["items"][0]["user_id"]) == (2, str(other.id))
    assert alerts["items"][1]["address"] == "127.0.0.1"
    high = (await client.get(f"{URL}/alerts?severity=high", headers=admin.headers)).json()
    assert [alert["type"] for alert in high["items"]] == ["RefreshTokenReused"]
    assert user.id != other.id


async def test_each_change_to_somebodys_access_is_an_alert(
    client: AsyncClient, session: AsyncSession, admin: Person, sign_in: SignIn
) -> None:
    dara = await sign_in("officer", username="dara")
    begun = (await client.post(FACTOR, json={"password": PASSWORD}, headers=dara.headers)).json()
    code = pyotp.TOTP(begun["secret"]).at(NOON)
    confirmed = await client.post(f"{FACTOR}/confirm", json={"code": code}, headers=dara.headers)
    for shown, status in (("000000", 401), (confirmed.json()["recovery_codes"][0], 200)):
        waiting = await client.post("/api/v1/auth/login", data={"username": "dara", "password": PASSWORD})
        wish = {"challenge": waiting.json()["challenge"], "code": shown}
        assert (await client.post("/api/v1/auth/login/second-factor", json=wish)).status_code == status
    account = f"/api/v1/users/{dara.user.id}"
    assert (await client.delete(f"{account}/second-factor", headers=admin.headers)).status_code == 204
    for change in ({"role": "teller"}, {"password": "Given#2026pass"}):
        assert (await client.patch(account, json=change, headers=admin.headers)).status_code == 200
    alerts = (await client.get(f"{URL}/alerts", headers=admin.headers)).json()["items"]
    assert {alert["username"] for alert in alerts} == {"dara"}
    assert [(alert["type"], alert["severity"]) for alert in reversed(alerts)] == [
        ("SecondFactorFailed", "high"),
        ("RecoveryCodeUsed", "medium"),
        ("SecondFactorReset", "medium"),
        ("RoleChanged", "low"),
        ("PasswordReset", "low"),
    ]


@pytest.mark.parametrize(("role", "reads"), [("auditor", 200), ("manager", 403), ("officer", 403)])
async def test_security_is_for_those_who_see_to_it(client: AsyncClient, sign_in: SignIn, role: str, reads: int) -> None:
    person = await sign_in(role)
    for path in ("alerts", "blocked-addresses"):
        assert (await client.get(f"{URL}/{path}", headers=person.headers)).status_code == reads
    answer = await client.post(f"{URL}/blocked-addresses", json={"address": "203.0.113.7"}, headers=person.headers)
    assert answer.status_code == 403
