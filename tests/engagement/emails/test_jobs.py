"""E-mail to people, over a real SMTP server."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from httpx import AsyncClient
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from structlog.testing import capture_logs

from lc_workflow.engagement.emails.jobs import BATCH, LEASE, MOST_ATTEMPTS, send_emails
from lc_workflow.engagement.notifications.models import Notification
from lc_workflow.engagement.rules.wording import BREACH, PAYMENT, TASK, UPDATE
from lc_workflow.identity.rules.statuses import UserStatus
from lc_workflow.platform.config import MailServer
from lc_workflow.platform.jobs import Workplace
from lc_workflow.platform.watching.metrics import Called
from tests.conftest import Person, SignIn
from tests.engagement.conftest import Tell
from tests.engagement.emails.postoffice import PostOffice, open_post_office
from tests.engagement.webhooks.listening import certified
from tests.figures import counting_calls
from tests.lending.factories import an_application
from tests.lending.steps import Draft, Take
from tests.moments import NOON

TONIGHT = NOON + timedelta(hours=8)
PREFERENCES = "/api/v1/users/notifications/preferences"
Send = Callable[..., Awaitable[None]]


@pytest.fixture
async def office() -> AsyncIterator[PostOffice]:
    async with open_post_office() as office:
        yield office


@pytest.fixture
def send(workplace: Workplace, office: PostOffice) -> Send:
    """Send what is due at a moment."""

    async def send(at: datetime = NOON, **changes: Any) -> None:
        server = replace(
            MailServer(host="127.0.0.1", port=office.port, sender="LC <lc@branch.example>", security="none"), **changes
        )
        await send_emails(replace(workplace, clock=lambda: at, settings=replace(workplace.settings, mail=server)))

    return send


@pytest.fixture
async def teller(sign_in: SignIn) -> Person:
    return await sign_in("teller", email="dara@branch.example")


def a_notification(user_id: UUID, **changes: Any) -> Notification:
    return Notification(
        **{
            "user_id": user_id,
            "event_id": uuid4(),
            "type": "application_update",
            "title": "Application\napproved",
            "message": "It was approved.",
            "priority": "normal",
            "data": {"message_khmer": "បានអនុម័ត"},
            "created_at": NOON,
            "email_due_at": NOON,
            **changes,
        }
    )


async def still_due(session: AsyncSession) -> list[Notification]:
    rows = await session.scalars(select(Notification).where(Notification.email_due_at.is_not(None)))
    return list(rows)


async def test_a_message_arrives_by_e_mail_once(
    client: AsyncClient, sign_in: SignIn, teller: Person, office: PostOffice, send: Send
) -> None:
    admin = await sign_in("admin")
    name = {"category": "general", "key": "company_name", "value": "Micro & Sons"}
    await client.post("/api/v1/settings", json=name, headers=admin.headers)
    body = {"user_ids": [str(teller.user.id)], "title": "Tonight", "message": "We close at 22:00."}
    await client.post("/api/v1/users/notifications/send", json=body, headers=admin.headers)
    silent = body | {"send_email": False, "title": "Nothing to mail"}
    await client.post("/api/v1/users/notifications/send", json=silent, headers=admin.headers)
    assert office.letters == []
    await send()
    await send(NOON + timedelta(days=1))
    assert [(letter["To"], letter["Subject"], letter["From"]) for letter in office.letters] == [
        ("dara@branch.example", "Tonight", "LC <lc@branch.example>")
    ]
    assert office.letters[0]["Date"] == format_datetime(NOON), "a letter without a date is taken for spam"
    text, html = (office.letters[0].get_body(kind) for kind in (["plain"], ["html"]))
    assert text is not None
    assert html is not None
    assert text.get_content().replace("\r\n", "\n") == "We close at 22:00.\n\n-- \nMicro & Sons\n"
    assert "<p>We close at 22:00.</p>" in html.get_content()
    assert "<address>Micro &amp; Sons</address>" in html.get_content()


async def test_several_notifications_are_one_letter_in_both_languages(
    session: AsyncSession, teller: Person, office: PostOffice, send: Send
) -> None:
    session.add_all([a_notification(teller.user.id), a_notification(teller.user.id, title="Application returned")])
    await session.commit()
    await send()
    [letter] = office.letters
    assert "and 1 more" in letter["Subject"]
    for kind in ("plain", "html"):
        body = letter.get_body([kind])
        assert body is not None
        assert "បានអនុម័ត" in body.get_content()
    assert await still_due(session) == []


@pytest.mark.parametrize("kind", [UPDATE, TASK, BREACH, PAYMENT])
async def test_no_letter_names_a_customer_to_whoever_may_see_the_application_no_longer(
    session: AsyncSession, sign_in: SignIn, teller: Person, office: PostOffice, send: Send, kind: str
) -> None:
    drafter = await sign_in("officer")
    session.add(application := an_application(drafter.user.id))
    await session.flush()
    about = {"type": kind, "data": {"application_id": str(application.id)}}
    session.add_all([a_notification(person.user.id, **about) for person in (drafter, teller)])
    await session.commit()
    await send()
    assert [letter["To"] for letter in office.letters] == [drafter.user.email]
    assert await still_due(session) == []


async def test_who_does_not_want_a_type_by_e_mail_gets_none(
    client: AsyncClient, session: AsyncSession, teller: Person, office: PostOffice, send: Send
) -> None:
    wish = {"email_notifications": {"application_update": False}}
    await client.put(PREFERENCES, json=wish, headers=teller.headers)
    session.add(a_notification(teller.user.id))
    await session.commit()
    await send()
    assert (office.letters, await still_due(session)) == ([], [])


@pytest.mark.parametrize(
    ("wish", "hours"),
    [
        ({"quiet_hours": {"enabled": True, "start_time": "11:00", "end_time": "13:00"}}, 1),
        ({"notification_frequency": "daily"}, 20),
    ],
)
async def test_e_mail_waits_for_the_end_of_quiet_hours_and_for_the_days_letter(
    client: AsyncClient, session: AsyncSession, teller: Person, office: PostOffice, send: Send, wish: Any, hours: int
) -> None:
    await client.put(PREFERENCES, json=wish, headers=teller.headers)
    session.add_all([a_notification(teller.user.id), a_notification(teller.user.id)])
    await session.commit()
    await send()
    await send(NOON + timedelta(hours=hours, minutes=-1))
    assert office.letters == []
    await send(NOON + timedelta(hours=hours))
    assert len(office.letters) == 1


@pytest.mark.parametrize(
    "changes",
    [{"read_at": NOON}, {"dismissed_at": NOON + timedelta(minutes=1)}, {"created_at": NOON - timedelta(days=10)}],
    ids=["read", "dismissed", "old"],
)
async def test_what_was_read_or_dismissed_or_is_old_news_is_not_sent(
    session: AsyncSession, teller: Person, office: PostOffice, send: Send, changes: Any
) -> None:
    session.add(a_notification(teller.user.id, **changes))
    await session.commit()
    await send()
    assert (office.letters, await still_due(session)) == ([], [])


async def test_what_somebody_does_not_want_to_see_in_the_app_is_mailed_all_the_same(
    session: AsyncSession, teller: Person, office: PostOffice, send: Send
) -> None:
    session.add(a_notification(teller.user.id, dismissed_at=NOON))  # as it is stored then
    await session.commit()
    await send()
    assert len(office.letters) == 1


async def test_who_has_left_gets_no_letter(
    session: AsyncSession, teller: Person, office: PostOffice, send: Send
) -> None:
    session.add(a_notification(teller.user.id))
    teller.user.status = UserStatus.INACTIVE
    await session.commit()
    await send()
    assert (office.letters, await still_due(session)) == ([], [])


async def test_what_a_colleague_writes_is_mailed_whatever_it_brings_along(
    session: AsyncSession, teller: Person, office: PostOffice, send: Send
) -> None:
    session.add(a_notification(teller.user.id, type="announcement", data={"application_id": str(uuid4())}))
    await session.commit()
    await send()
    assert len(office.letters) == 1


async def test_a_letter_that_comes_late_waits_for_the_end_of_quiet_hours_too(
    client: AsyncClient, session: AsyncSession, teller: Person, office: PostOffice, send: Send
) -> None:
    quiet = {"quiet_hours": {"enabled": True, "start_time": "11:00", "end_time": "13:00"}}
    await client.put(PREFERENCES, json=quiet, headers=teller.headers)
    session.add(a_notification(teller.user.id, created_at=NOON - timedelta(hours=2)))
    await session.commit()
    await send()
    assert office.letters == []
    await send(NOON + timedelta(hours=1))
    assert len(office.letters) == 1


async def test_however_many_are_due_all_are_sent_and_without_any_nobody_is_sent_to_the_server(
    session: AsyncSession, teller: Person, office: PostOffice, send: Send
) -> None:
    session.add_all([a_notification(teller.user.id) for _ in range(BATCH + 1)])
    await session.commit()
    await send()
    assert (len(office.letters), await still_due(session)) == (2, [])
    with counting_calls(Called.MAIL) as counted:
        await send(port=1)
    assert counted == {}


@pytest.mark.parametrize(("later", "letters"), [(LEASE - timedelta(minutes=1), 1), (LEASE, 2)])
async def test_a_letter_on_its_way_is_left_alone_until_its_process_must_have_died(
    session: AsyncSession, teller: Person, office: PostOffice, send: Send, later: timedelta, letters: int
) -> None:
    session.add(a_notification(teller.user.id))
    await session.commit()
    office.meanwhile.append(send(NOON + later))
    await send()
    assert len(office.letters) == letters
    assert len({letter["Message-ID"] for letter in office.letters}) == 1


async def test_an_address_the_server_does_not_know_holds_nobody_up(
    session: AsyncSession, teller: Person, sign_in: SignIn, office: PostOffice, send: Send
) -> None:
    other = await sign_in("teller", email="sokha@branch.example")
    office.refuses = {"dara@branch.example": "550 no such person"}
    session.add_all([a_notification(teller.user.id), a_notification(other.user.id)])
    await session.commit()
    with counting_calls(Called.MAIL) as counted:
        await send()
    assert counted == {"taken": 1, "lost": 1}
    assert [letter["To"] for letter in office.letters] == ["sokha@branch.example"]
    assert await still_due(session) == []


@pytest.mark.parametrize(
    ("address", "tried_again"), [("dara@branch.example", True), ("a@", False), ('"', False), ("a@[", False)]
)
async def test_a_full_mailbox_or_an_address_that_is_none_holds_nobody_up(
    session: AsyncSession, sign_in: SignIn, office: PostOffice, send: Send, address: str, *, tried_again: bool
) -> None:
    """The old service took any address, and these are read by nobody, Python's own library included."""
    people = [await sign_in("teller", email=f"sokha{number}@branch.example") for number in range(3)]
    first, *others = sorted((person.user for person in people), key=lambda user: user.id)
    first.email = address
    office.refuses = {"dara@branch.example": "452 mailbox full"}
    session.add_all([a_notification(user.id) for user in (first, *others)])
    await session.commit()
    await send()
    assert sorted(letter["To"] for letter in office.letters) == sorted(user.email for user in others)
    due = [(row.user_id, row.email_due_at) for row in await still_due(session)]
    assert due == ([(first.id, NOON + timedelta(minutes=2))] if tried_again else [])


async def test_a_letter_is_tried_again_while_the_server_is_away_and_given_up_in_the_end(
    session: AsyncSession, teller: Person, office: PostOffice, send: Send
) -> None:
    session.add_all([row := a_notification(teller.user.id), lost := a_notification(teller.user.id, title="Lost")])
    lost.email_attempts = MOST_ATTEMPTS
    await session.commit()
    office.refuses = {"dara@branch.example": "450 later"}
    await send()
    await session.refresh(row)
    assert (row.email_due_at, row.email_attempts) == (NOON + timedelta(minutes=2), 1)
    with counting_calls(Called.MAIL) as counted:
        await send(NOON + timedelta(minutes=2), port=1)
    assert counted == {"failed": 1}, "whoever watches the installation hears of it"
    await session.refresh(row)
    assert row.email_due_at == NOON + timedelta(minutes=6)
    office.refuses = {}
    await send(NOON + timedelta(minutes=6))
    assert [letter["Subject"] for letter in office.letters] == ["Application approved"]
    assert await still_due(session) == []


async def test_a_letter_that_is_given_up_leaves_a_line_in_the_log(
    session: AsyncSession, teller: Person, office: PostOffice, send: Send
) -> None:
    """Whoever looks after the installation finds it there, without whom it was for or what it said."""
    session.add(row := a_notification(teller.user.id))
    row.email_attempts = MOST_ATTEMPTS - 1
    await session.commit()
    office.refuses = {"dara@branch.example": "450 later"}
    with capture_logs() as logged, counting_calls(Called.MAIL) as counted:
        await send()
    assert counted == {"lost": 1}
    lines = [line for line in logged if line["log_level"] == "error"]
    assert lines == [
        {
            "event": "an e-mail was given up",
            "log_level": "error",
            "notification": str(row.id),
            "attempts": MOST_ATTEMPTS,
        }
    ]


async def test_no_password_and_no_letter_goes_over_a_line_that_is_not_encrypted_as_asked(
    session: AsyncSession, teller: Person, office: PostOffice, send: Send
) -> None:
    session.add(a_notification(teller.user.id))
    await session.commit()
    await send(security="starttls")
    assert office.letters == []
    assert len(await still_due(session)) == 1


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_a_letter_is_handed_only_to_a_server_that_a_trusted_authority_vouches_for(
    session: AsyncSession, teller: Person, send: Send, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, security: str
) -> None:
    session.add(a_notification(teller.user.id))
    await session.commit()
    encrypted, authority = certified(tmp_path)
    async with open_post_office(**{security: encrypted}) as office:
        there = {"host": "localhost", "port": office.port, "security": security}
        await send(**there)
        assert office.letters == [], "nobody vouches for it"
        monkeypatch.setenv("SSL_CERT_FILE", str(authority))
        await send(NOON + timedelta(hours=1), **there | {"host": "127.0.0.1"})
        assert office.letters == [], "the certificate is another name's"
        await send(NOON + timedelta(hours=2), **there)
        assert len(office.letters) == 1
    assert await still_due(session) == []


async def test_without_a_mail_server_nothing_is_kept_for_later(
    session: AsyncSession, teller: Person, workplace: Workplace
) -> None:
    session.add_all([a_notification(teller.user.id), a_notification(teller.user.id, email_due_at=TONIGHT)])
    await session.commit()
    await send_emails(workplace)
    assert [row.email_due_at for row in await still_due(session)] == [TONIGHT]  # by then there may be one


async def test_the_steps_of_an_application_are_mailed_too(
    draft: Draft, take: Take, sign_in: SignIn, session: AsyncSession, tell: Tell, branch: Any
) -> None:
    await sign_in("teller", branch_id=branch.id)
    officer = await sign_in("officer", branch_id=branch.id)
    await take(officer, await draft(officer), "submit")
    await tell()
    rows = await session.scalars(select(Notification))
    assert {row.email_due_at for row in rows} == {NOON}
