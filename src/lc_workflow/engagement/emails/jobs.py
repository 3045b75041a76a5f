"""Sending notifications by e-mail, as each person wants it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final
from uuid import UUID

import structlog
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.engagement.notifications.models import Notification
from lc_workflow.engagement.preferences.models import NotificationPreference
from lc_workflow.engagement.rules.letters import Told, letter_of, page_of
from lc_workflow.engagement.rules.quiet import MailFrequency, email_due
from lc_workflow.engagement.rules.wording import NAMING_A_CUSTOMER
from lc_workflow.identity.rules.statuses import UserStatus
from lc_workflow.identity.users.models import User
from lc_workflow.lending.applications.access import seen_by_accounts
from lc_workflow.lending.applications.models import CustomerApplication
from lc_workflow.platform.config import MailServer
from lc_workflow.platform.jobs import Job, Workplace
from lc_workflow.platform.watching.metrics import Called, Outcome, called
from lc_workflow.system.settings.models import COMPANY_NAME, COMPANY_NAME_KHMER
from lc_workflow.system.settings.service import SettingService

BATCH: Final = 200
"""Notifications handled in one transaction."""

LEASE: Final = timedelta(minutes=15)
"""After this time a letter is sent again if nobody recorded that it was sent, because the process died."""

MOST_ATTEMPTS: Final = 8
"""How often a letter is tried: with rests of 2 minutes, 4, 8 … for about four hours."""

TOO_OLD: Final = timedelta(days=9)
"""Anything older than a weekly letter plus a long outage is not sent any more."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailing:
    """One letter to one person, and the notifications it is about."""

    ids: tuple[UUID, ...]
    to: str
    told: tuple[Told, ...]
    attempts: int


async def send_emails(place: Workplace) -> None:
    """Send what is due; without a mail server it is cancelled, so that a later server does not send old news.

    No database connection is held while waiting for the server. A letter sent while the process died is sent once more,
    under the same Message-ID.
    """
    server = place.settings.mail
    if server is None:
        due = Notification.email_due_at <= place.clock()
        async with place.sessions() as session:
            await session.execute(update(Notification).where(due).values(email_due_at=None))
            await session.commit()
        return
    while True:
        async with place.sessions() as session:
            looked_at, mailings = await _take(session, at=place.clock())
            await session.commit()
            signed = await _signed(session) if mailings else ()
        if mailings:
            await _post(place, server, mailings, signed)
        if looked_at < BATCH:
            return


SEND_EMAILS = Job(name="send_emails", work=send_emails, every="* * * * *", outside=True)


async def _take(session: AsyncSession, *, at: datetime) -> tuple[int, list[Mailing]]:
    """Take the due notifications, as one letter for each person; postpone or cancel the rest."""
    found = (
        await session.execute(
            select(Notification, User.email, User.status)
            .join(User, User.id == Notification.user_id)
            .where(Notification.email_due_at <= at)
            .order_by(Notification.user_id, Notification.created_at, Notification.id)
            .limit(BATCH)
            .with_for_update(of=Notification, skip_locked=True)
        )
    ).all()
    people = {row.user_id for row, _, _ in found}
    chosen = {
        preference.user_id: preference
        for preference in await session.scalars(
            select(NotificationPreference).where(NotificationPreference.user_id.in_(people))
        )
    }
    unseen = await _about_what_is_unseen(session, [row for row, _, _ in found], at=at)
    leaving: list[tuple[str, Notification]] = []
    for row, email, status in found:
        is_theirs = status is UserStatus.ACTIVE and row.id not in unseen
        row.email_due_at = _due(row, chosen.get(row.user_id), at=at) if is_theirs else None
        if row.email_due_at is not None and row.email_due_at <= at:
            row.email_due_at = at + LEASE
            row.email_attempts += 1
            leaving.append((email, row))
    return len(found), [
        _mailing(email, [row for _, row in rows]) for email, rows in groupby(leaving, lambda one: one[0])
    ]


async def _about_what_is_unseen(
    session: AsyncSession, notifications: Collection[Notification], *, at: datetime
) -> set[UUID]:
    """Which of some notifications name an application that their person may not see any more."""
    about = {row.id: (row.user_id, named) for row in notifications if (named := _application_of(row))}
    if not about:
        return set()
    people, applications = zip(*about.values(), strict=True)
    sees = await session.execute(
        select(User.id, CustomerApplication.id).where(
            User.id.in_(people),
            CustomerApplication.id.in_(applications),
            seen_by_accounts(CustomerApplication.user_id, CustomerApplication.branch_id, at=at),
        )
    )
    seen = {(person, application) for person, application in sees}
    return {notification for notification, pair in about.items() if pair not in seen}


def _application_of(row: Notification) -> UUID | None:
    """The application that a notification of ours is about; None for messages that people write."""
    if row.type not in NAMING_A_CUSTOMER:
        return None
    try:
        return UUID(_text(row, "application_id") or "")
    except ValueError:
        return None


def _due(row: Notification, preference: NotificationPreference | None, *, at: datetime) -> datetime | None:
    """When a notification is to be sent; None when it is not: not wanted, read already, or outdated."""
    seen = row.read_at is not None or (row.dismissed_at is not None and row.dismissed_at > row.created_at)
    if seen or row.email_attempts >= MOST_ATTEMPTS or row.created_at < at - TOO_OLD:
        return None
    if preference is None:
        return at
    if not preference.mails(row.type):
        return None
    due = email_due(row.created_at, preference.notification_frequency, preference.quiet)
    return due if due > at else email_due(at, MailFrequency.IMMEDIATE, preference.quiet)


def _mailing(email: str, rows: Sequence[Notification]) -> Mailing:
    return Mailing(
        ids=tuple(row.id for row in rows),
        to=email,
        attempts=max(row.email_attempts for row in rows),
        told=tuple(
            Told(
                title=row.title,
                message=row.message,
                title_khmer=_text(row, "title_khmer"),
                message_khmer=_text(row, "message_khmer"),
            )
            for row in rows
        ),
    )


def _text(row: Notification, name: str) -> str | None:
    return value if isinstance(value := row.data.get(name), str) else None


async def _signed(session: AsyncSession) -> tuple[str, ...]:
    """The institution's name, from its settings."""
    settings = SettingService(session)
    names = [await settings.value_of(key) for key in (COMPANY_NAME_KHMER, COMPANY_NAME)]
    return tuple(name for name in names if isinstance(name, str) and name)


async def _post(place: Workplace, server: MailServer, mailings: Sequence[Mailing], signed: Sequence[str]) -> None:
    # Loading the client takes time and memory; an installation without a mail server need not pay for it.
    from lc_workflow.platform.mail.smtp import Letter, MailFailed, MailPutOff, MailRefused, connected  # noqa: PLC0415

    waiting = list(mailings)
    try:
        async with connected(server) as post:
            while waiting:
                mailing = waiting[0]
                subject, text = letter_of(mailing.told, signed=signed)
                try:
                    await post.send(
                        Letter(
                            key=str(mailing.ids[0]),
                            at=place.clock(),
                            to=mailing.to,
                            subject=subject,
                            text=text,
                            html=page_of(mailing.told, signed=signed),
                        )
                    )
                    called(Called.MAIL, Outcome.TAKEN)
                    await _write_down(place, mailing, email_due_at=None, emailed_at=place.clock())
                except MailRefused as refused:
                    log.warning("an e-mail was refused for good", notification=str(mailing.ids[0]), cause=str(refused))
                    called(Called.MAIL, Outcome.LOST)
                    await _write_down(place, mailing, email_due_at=None)
                except MailPutOff as later:
                    log.warning("an e-mail has to wait", notification=str(mailing.ids[0]), cause=str(later))
                    await _put_off(place, mailing)
                waiting.pop(0)
    except MailFailed as failed:
        log.warning("e-mail has to wait", letters=len(waiting), cause=str(failed))
        called(Called.MAIL, Outcome.FAILED)
        for mailing in waiting:
            await _put_off(place, mailing)


async def _put_off(place: Workplace, mailing: Mailing) -> None:
    if mailing.attempts >= MOST_ATTEMPTS:  # the next run cancels it
        log.error("an e-mail was given up", notification=str(mailing.ids[0]), attempts=mailing.attempts)
        called(Called.MAIL, Outcome.LOST)
    await _write_down(place, mailing, email_due_at=place.clock() + timedelta(minutes=2**mailing.attempts))


async def _write_down(place: Workplace, mailing: Mailing, **columns: datetime | None) -> None:
    async with place.sessions() as session:
        await session.execute(update(Notification).where(Notification.id.in_(mailing.ids)).values(**columns))
        await session.commit()
