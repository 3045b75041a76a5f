"""Other systems hear of applications, over a real HTTP server."""

import asyncio
import hashlib
import hmac
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from httpx import AsyncClient
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from structlog.testing import capture_logs

from lc_workflow.engagement.rules.webhooks import MOST_ATTEMPTS
from lc_workflow.engagement.webhooks.jobs import DELIVER, deliver, deliver_what_is_due, tidy_webhooks
from lc_workflow.engagement.webhooks.models import Webhook, WebhookDelivery
from lc_workflow.platform.callbacks import CallFailed, is_private, trust
from lc_workflow.platform.callbacks import call as post
from lc_workflow.platform.jobs import Workplace
from lc_workflow.platform.watching.metrics import Called
from lc_workflow.system.settings.models import Setting
from tests.conftest import Person, SignIn
from tests.engagement.conftest import Tell
from tests.engagement.webhooks.listening import Listener, certified, listening
from tests.figures import counting_calls
from tests.lending.steps import Draft, Take
from tests.moments import NOON
from tests.statements import sent

URL = "/api/v1/webhooks"
OUTSIDE = "https://core.bank.example/hook"
Call = Callable[..., Awaitable[None]]


@pytest.fixture
async def listener() -> AsyncIterator[Listener]:
    async with listening() as listener:
        yield listener


@pytest.fixture
async def webhook(session: AsyncSession, admin: Person, listener: Listener) -> Webhook:
    row = Webhook(
        url=listener.url,
        events=[],
        secret="the secret of the other side",
        created_by=admin.user.id,
        created_at=NOON,
        updated_at=NOON,
    )
    session.add(row)
    await session.commit()
    return row


@pytest.fixture
def call(workplace: Workplace, tell: Tell, session: AsyncSession, webhook: Webhook) -> Call:
    """Tell what is untold, and make the calls that are due at a moment."""

    async def call(at: datetime = NOON, *, private: bool = True) -> None:
        await tell()
        place = replace(workplace, clock=lambda: at, settings=replace(workplace.settings, webhooks_private=private))
        await deliver_what_is_due(place)
        names = await session.scalars(text("SELECT task_name FROM procrastinate_jobs WHERE status = 'todo'"))
        if DELIVER.name in names.all():
            await deliver(place, webhook.id)

    return call


def signed(secret: str, headers: dict[str, str], body: bytes) -> str:
    text = headers["x-webhook-timestamp"].encode() + b"." + body
    return hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()


async def calls_of(session: AsyncSession) -> list[WebhookDelivery]:
    rows = await session.scalars(select(WebhookDelivery).order_by(WebhookDelivery.number))
    return list(rows)


async def test_a_webhook_is_registered_listed_rotated_and_removed_and_that_is_on_record(
    client: AsyncClient, admin: Person, announced: Callable[[], Awaitable[list[str]]]
) -> None:
    wish = {"url": OUTSIDE, "events": ["ApplicationMoved"], "description": "Core banking"}
    made = await client.post(URL, json=wish, headers=admin.headers)
    assert made.status_code == 201, made.text
    secret, webhook_id = made.json()["secret"], made.json()["id"]
    [listed] = (await client.get(URL, headers=admin.headers)).json()
    assert (listed["url"], listed["events"]) == (OUTSIDE, ["ApplicationMoved"])
    assert "secret" not in listed
    turned = await client.post(f"{URL}/{webhook_id}/rotate-secret", headers=admin.headers)
    assert turned.json()["secret"] not in {secret, None}
    assert (await client.delete(f"{URL}/{webhook_id}", headers=admin.headers)).status_code == 200
    assert (await client.get(URL, headers=admin.headers)).json() == []
    assert await announced() == ["WebhookRegistered", "WebhookSecretRotated", "WebhookRemoved"]
    for method, path in (("DELETE", ""), ("POST", "/rotate-secret"), ("GET", "/deliveries")):
        gone = await client.request(method, f"{URL}/{webhook_id}{path}", headers=admin.headers)
        assert gone.status_code == 404
    assert (await client.post(f"{URL}/deliveries/{uuid4()}/replay", headers=admin.headers)).status_code == 404
    assert "ApplicationMoved" in (await client.get(f"{URL}/events", headers=admin.headers)).json()


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        ({"url": "http://127.0.0.1/hook"}, "PrivateAddress"),
        ({"url": "http://10.1.2.3:8080/hook"}, "PrivateAddress"),
        ({"url": "http://169.254.169.254/latest"}, "PrivateAddress"),
        ({"url": "http://localhost/hook"}, "PrivateAddress"),
        ({"url": "http://database:5432/"}, "PrivateAddress"),
        ({"url": "ftp://core.bank.example/hook"}, "InvalidInput"),
        ({"url": "https://core.bank.example:70000/hook"}, "InvalidInput"),
        ({"url": "https://user:password@core.bank.example/"}, "InvalidInput"),
        ({"url": "https://core.bank.example/hook#loans"}, "InvalidInput"),
        ({"url": OUTSIDE, "events": ["SignedIn"]}, "NoSuchEvent"),
    ],
)
async def test_what_cannot_be_called_is_refused(
    client: AsyncClient, admin: Person, wish: dict[str, Any], code: str
) -> None:
    answer = await client.post(URL, json=wish, headers=admin.headers)
    assert (answer.status_code, answer.json()["code"]) == (422, code), answer.text


async def test_only_fifty_systems_are_called(client: AsyncClient, session: AsyncSession, admin: Person) -> None:
    session.add_all(
        Webhook(url=OUTSIDE, events=[], secret="s", created_by=admin.user.id, created_at=NOON, updated_at=NOON)
        for _ in range(50)
    )
    await session.commit()
    answer = await client.post(URL, json={"url": OUTSIDE}, headers=admin.headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "TooManyWebhooks")


async def test_a_manager_does_not_look_after_webhooks(client: AsyncClient, sign_in: SignIn) -> None:
    manager = await sign_in("manager")
    assert (await client.get(URL, headers=manager.headers)).status_code == 403
    assert (await client.post(URL, json={"url": OUTSIDE}, headers=manager.headers)).status_code == 403


async def test_the_steps_of_an_application_are_told_in_order_signed_and_once(
    draft: Draft, take: Take, officer: Person, listener: Listener, call: Call, session: AsyncSession, webhook: Webhook
) -> None:
    application = await draft(officer)
    assert (await take(officer, application, "submit")).is_success
    await call()
    await call()
    assert [(told["event"], told["application_id"]) for told in listener.calls] == [
        ("ApplicationDrafted", application["id"]),
        ("ApplicationMoved", application["id"]),
    ]
    assert listener.calls[1]["data"]["action"] == "submit"
    for headers, body, row in zip(listener.headers, listener.bodies, await calls_of(session), strict=True):
        assert headers["x-webhook-signature"] == signed(webhook.secret, headers, body)
        assert headers["x-webhook-id"] == str(row.event_id)
        assert headers["line"] == "POST /hook?of=branch HTTP/1.1"
        assert (row.status, row.last_status, row.delivered_at) == ("delivered", 200, NOON)


async def test_whoever_reads_the_description_can_check_a_call(
    client: AsyncClient, draft: Draft, officer: Person, listener: Listener, call: Call, webhook: Webhook
) -> None:
    document = (await client.get("/schema/openapi.json")).json()
    said = document["paths"][URL]["post"]["description"]
    await draft(officer)
    await call()
    [headers], [body] = listener.headers, listener.calls
    for name in (*body, *(name for name in headers if name.startswith("x-"))):
        assert f"`{name}`" in said or f"`{name.title()}`" in said, name
    assert "HMAC-SHA256" in said


async def test_ten_systems_are_told_of_a_fact_in_as_many_statements_as_one(
    engine: AsyncEngine, session: AsyncSession, tell: Tell, webhook: Webhook, draft: Draft, sign_in: SignIn
) -> None:
    officer = await sign_in("officer")
    await draft(officer)
    with sent(engine) as for_one:
        await tell()
    await session.execute(text("DELETE FROM procrastinate_jobs"))
    dated = {"created_by": webhook.created_by, "created_at": NOON, "updated_at": NOON}
    others = [Webhook(url=OUTSIDE, events=[], secret="s", **dated) for _ in range(9)]
    session.add_all(others)
    await session.commit()
    await draft(officer)
    with sent(engine) as for_ten:
        await tell()
    asked = await session.scalars(
        text("SELECT args->>'webhook_id' FROM procrastinate_jobs WHERE task_name = :name"), {"name": DELIVER.name}
    )
    assert sorted(asked.all()) == sorted(str(each.id) for each in (webhook, *others))
    assert len(for_ten) == len(for_one)


async def test_only_what_a_webhook_asks_for_is_told(
    draft: Draft, officer: Person, listener: Listener, call: Call, session: AsyncSession, webhook: Webhook
) -> None:
    webhook.events = ["ApplicationMoved"]
    await session.commit()
    await draft(officer)
    await call()
    assert listener.calls == []


async def test_calls_are_signed_with_the_old_secret_too_for_a_day(
    client: AsyncClient, admin: Person, draft: Draft, officer: Person, listener: Listener, call: Call, webhook: Webhook
) -> None:
    old = webhook.secret
    new = (await client.post(f"{URL}/{webhook.id}/rotate-secret", headers=admin.headers)).json()["secret"]
    await draft(officer)
    await call()
    [headers], [body] = listener.headers, listener.bodies
    assert headers["x-webhook-signature"].split(",") == [signed(new, headers, body), signed(old, headers, body)]
    await draft(officer, id_number="010234568")
    await call(NOON + timedelta(hours=24))
    assert listener.headers[1]["x-webhook-signature"] == signed(new, listener.headers[1], listener.bodies[1])


async def test_a_failed_call_is_made_again_and_what_follows_waits_for_it(
    draft: Draft, take: Take, officer: Person, listener: Listener, call: Call, session: AsyncSession
) -> None:
    listener.moods = [500, 302]
    application = await draft(officer)
    await take(officer, application, "submit")
    await call()
    assert [told["event"] for told in listener.calls] == ["ApplicationDrafted"]
    first, second = await calls_of(session)
    assert (first.status, first.last_status, first.due_at) == ("waiting", 500, NOON + timedelta(seconds=15))
    assert (second.attempts, second.status) == (0, "waiting")
    await call(NOON + timedelta(seconds=15))  # a redirect is no yes, and is not followed
    assert len(listener.calls) == 2
    await call(NOON + timedelta(minutes=2))
    assert [told["event"] for told in listener.calls] == ["ApplicationDrafted"] * 3 + ["ApplicationMoved"]


async def test_the_first_call_that_is_made_again_is_made_when_it_is_due(
    draft: Draft, officer: Person, listener: Listener, call: Call, session: AsyncSession
) -> None:
    listener.moods = [500, 500]
    await draft(officer)
    await draft(officer, id_number="010234568")
    await call()
    waiting = text("SELECT scheduled_at FROM procrastinate_jobs WHERE status = 'todo' AND scheduled_at IS NOT NULL")
    assert list(await session.scalars(waiting)) == [NOON + timedelta(seconds=15)]


async def test_what_is_given_up_holds_nobody_up_and_is_replayed_by_hand(
    client: AsyncClient, admin: Person, draft: Draft, take: Take, officer: Person, listener: Listener, call: Call,
    session: AsyncSession, webhook: Webhook, tell: Tell,
) -> None:  # fmt: skip
    application = await draft(officer)
    await take(officer, application, "submit")
    await tell()
    first, _ = await calls_of(session)
    first.attempts = MOST_ATTEMPTS - 1
    await session.commit()
    listener.moods = [503]
    with capture_logs() as logged, counting_calls(Called.WEBHOOK) as counted:
        await call()
    assert counted == {"failed": 1, "lost": 1, "taken": 1}
    assert [told["event"] for told in listener.calls] == ["ApplicationDrafted", "ApplicationMoved"]
    (line,) = [line for line in logged if line["event"] == "a webhook call was given up"]
    assert (line["log_level"], line["delivery"], line["attempts"]) == ("error", str(first.id), MOST_ATTEMPTS)
    url = f"{URL}/{webhook.id}/deliveries"
    [dead] = (await client.get(f"{url}?status=given_up", headers=admin.headers)).json()["items"]
    assert (dead["event"], dead["last_status"], dead["status"]) == ("ApplicationDrafted", 503, "given_up")
    replay = f"{URL}/deliveries/{dead['id']}/replay"
    assert (await client.post(replay, headers=admin.headers)).json()["status"] == "waiting"
    await call()
    assert [told["event"] for told in listener.calls][2:] == ["ApplicationDrafted"]
    again = await client.post(replay, headers=admin.headers)
    assert (again.status_code, again.json()["code"]) == (422, "DeliveryNotGivenUp")
    assert (await client.get(f"{url}?status=delivered", headers=admin.headers)).json()["total"] == 2
    assert (await client.get(f"{url}?status=waiting", headers=admin.headers)).json()["total"] == 0


async def test_an_address_that_nobody_has_is_tried_and_given_up_as_any_other(
    draft: Draft, officer: Person, call: Call, session: AsyncSession, webhook: Webhook
) -> None:
    webhook.url = "http://256.1.1.1/hook"
    await session.commit()
    await draft(officer)
    await call()
    [row] = await calls_of(session)
    assert (row.status, row.due_at) == ("waiting", NOON + timedelta(seconds=15))


async def test_a_name_that_leads_into_a_private_network_is_not_called(
    draft: Draft, officer: Person, listener: Listener, call: Call, session: AsyncSession
) -> None:
    await draft(officer)
    await call(private=False)
    [row] = await calls_of(session)
    assert (listener.calls, row.status, row.last_status) == ([], "waiting", None)
    assert row.last_error is not None
    assert "private network" in row.last_error


async def test_a_name_that_leads_elsewhere_a_moment_later_is_called_where_it_led_when_it_was_looked_at(
    listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    async def getaddrinfo(host: str, port: int, **_: Any) -> list[tuple[Any, ...]]:
        asked.append(host)
        address = "127.0.0.1" if len(asked) == 1 else "169.254.169.254"
        return [(socket.AF_INET, socket.SOCK_STREAM, 0, "", (address, port))]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo)
    url = f"http://core.bank.example:{listener.port}/hook"
    trusted = trust(None)
    assert await post(url, b"{}", key="1", secrets=["s"], at=NOON, private_allowed=True, trusted=trusted) == 200
    assert asked.count("core.bank.example") == 1
    assert listener.headers[0]["host"] == f"core.bank.example:{listener.port}"


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.0.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "::1", "fe80::1%eth0", "fd00::1",
     "::ffff:10.0.0.1", "0.0.0.0", "224.0.0.1", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::", "::10.0.0.1",
     "::ffff:0:10.0.0.1", "fec0::1", "64:ff9b:1::a00:1"],
)  # fmt: skip
def test_private_addresses_are_known_in_every_form(address: str) -> None:
    assert is_private(address)


@pytest.mark.parametrize(
    "address", ["93.184.216.34", "2606:2800:220:1::1", "::ffff:93.184.216.34", "64:ff9b::5db8:d822"]
)
def test_addresses_of_the_open_internet_are_called(address: str) -> None:
    assert not is_private(address)


async def test_secrets_are_sealed_where_they_are_kept_and_calls_are_signed_all_the_same(
    client: AsyncClient,
    session: AsyncSession,
    admin: Person,
    officer: Person,
    listener: Listener,
    workplace: Workplace,
    tell: Tell,
    draft: Draft,
) -> None:
    private = replace(workplace, settings=replace(workplace.settings, webhooks_private=True))
    made = (await client.post(URL, json={"url": OUTSIDE}, headers=admin.headers)).json()
    turned = await client.post(f"{URL}/{made['id']}/rotate-secret", headers=admin.headers)
    row = await session.get_one(Webhook, made["id"])
    kept = (await session.execute(text("SELECT secret, previous_secret FROM webhooks"))).one()
    for secret in (made["secret"], turned.json()["secret"]):
        assert not any(secret.encode() in bytes(sealed) for sealed in kept)
    row.url = listener.url
    await session.commit()
    await draft(officer)
    await tell()
    await deliver(private, row.id)
    signatures = listener.headers[0]["x-webhook-signature"].split(",")
    assert signatures == [
        signed(secret, listener.headers[0], listener.bodies[0]) for secret in (turned.json()["secret"], made["secret"])
    ]


async def test_at_night_old_calls_are_forgotten(
    session: AsyncSession,
    webhook: Webhook,
    officer: Person,
    listener: Listener,
    workplace: Workplace,
    call: Call,
    draft: Draft,
) -> None:
    listener.moods = [200, 500]
    for number in range(2):
        await draft(officer, id_number=f"{number}")
        await call()
    session.add(Setting(category="engagement", key="webhook_kept_days", value=7, created_at=NOON, updated_at=NOON))
    await session.commit()
    await tidy_webhooks(replace(workplace, clock=lambda: NOON + timedelta(days=7)))
    assert len(await calls_of(session)) == 2
    await tidy_webhooks(replace(workplace, clock=lambda: NOON + timedelta(days=7, seconds=1)))
    assert [row.status for row in await calls_of(session)] == ["waiting"]


async def test_a_call_is_encrypted_and_only_for_whom_a_trusted_authority_vouches(tmp_path: Path) -> None:
    encrypted, authority = certified(tmp_path)
    async with listening(encrypted) as listener:
        url = f"https://localhost:{listener.port}/hook"

        async def tell_them(ca: Path | None, url: str = url) -> int:
            return await post(url, b"{}", key="1", secrets=["s"], at=NOON, private_allowed=True, trusted=trust(ca))

        assert await tell_them(authority) == 200
        with pytest.raises(CallFailed):
            await tell_them(None)
        with pytest.raises(CallFailed):  # the certificate is another name's
            await tell_them(authority, url.replace("localhost", "127.0.0.1"))
    assert len(listener.calls) == 1
