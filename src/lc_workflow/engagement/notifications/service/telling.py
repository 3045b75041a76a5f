"""Telling people of an event, in the transaction of the listener that heard it; heard twice, it is told once."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import UnsetType
from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.engagement.notifications.models import Notification
from lc_workflow.engagement.notifications.schemas import LiveNotification, Sender
from lc_workflow.engagement.notifications.service.hearers import WRITE_ONCE, hearers
from lc_workflow.engagement.preferences.models import NotificationPreference, quiet_hours, shows
from lc_workflow.engagement.rules.quiet import is_quiet
from lc_workflow.engagement.rules.wording import Words
from lc_workflow.identity.users.models import User
from lc_workflow.kernel.events import Event
from lc_workflow.lending.applications.access import seen_by_accounts
from lc_workflow.lending.applications.models import CustomerApplication
from lc_workflow.lending.events import AboutApplication
from lc_workflow.lending.rules.terms import Priority
from lc_workflow.platform.manifest import Hearing


async def say(
    event: Event,
    hearing: Hearing,
    people: Sequence[Any],
    said: Words,
    *,
    type_: str,
    priority: Priority,
    sender: Sender | None,
    **about: object,
) -> None:
    """Store the same words for some `hearers`, and send them to those online; `about` is the data for programs.

    What somebody does not want to see in the app is stored as dismissed; in quiet hours nothing is sent live.
    """
    if not people:
        return
    about |= {"title_khmer": said.title_khmer, "message_khmer": said.message_khmer}
    unwanted = {person.id for person in people if not shows(person, type_)}
    new = await WRITE_ONCE.rows(
        hearing.session,
        people=[person.id for person in people],
        unwanted=[*unwanted],
        event_id=hearing.event_id,
        type=type_,
        title=said.title,
        message=said.message,
        priority=priority,
        data=about,
        at=event.at,
    )
    quiet = unwanted | {person.id for person in people if is_quiet(quiet_hours(person), event.at)}
    for user_id, id_ in new:
        if user_id not in quiet:
            live = LiveNotification(id_, said.title, said.message, about, priority, event.at, sender)
            _send(hearing, user_id, live)


async def say_of_loan(
    event: AboutApplication,
    hearing: Hearing,
    who: ColumnElement[bool],
    words: Words,
    *,
    type_: str,
    priority: Priority,
    **about: object,
) -> None:
    """Tell those who may see a loan now what an event means for it, except whoever caused the event.

    Nobody, when the application is gone.
    """
    row = CustomerApplication
    asked = select(row.full_name_latin, row.full_name_khmer, row.user_id, row.branch_id)
    loan = (await hearing.session.execute(asked.where(row.id == event.application_id))).one_or_none()
    if loan is None:
        return
    sender = await sender_of(hearing.session, event.actor_id)
    sees = seen_by_accounts(loan.user_id, loan.branch_id, at=event.at)
    people = await active(hearing.session, who, sees, User.id.is_distinct_from(event.actor_id))
    said = words.about(actor=sender.name if sender else None, latin=loan.full_name_latin, khmer=loan.full_name_khmer)
    about["application_id"] = str(event.application_id)
    await say(event, hearing, people, said, type_=type_, priority=priority, sender=sender, **about)


async def send_written(
    hearing: Hearing, *, message_id: UUID, sender_id: UUID | None, pattern: str | UnsetType, at: datetime
) -> None:
    """Send the notifications of a message, which are stored already, to those online and not in quiet hours.

    `pattern` is the one it was broadcast to, where there was one.
    """
    session, shown = hearing.session, (Notification.event_id == message_id) & Notification.dismissed_at.is_(None)
    rows = (await session.scalars(select(Notification).where(shown).order_by(Notification.user_id))).all()
    found = await session.scalars(
        select(NotificationPreference).where(
            NotificationPreference.user_id.in_(select(Notification.user_id).where(shown)),
            NotificationPreference.is_quiet,
        )
    )
    quiet = {preference.user_id for preference in found if is_quiet(preference.quiet, at)}
    sender = await sender_of(session, sender_id)
    for row in rows:
        if row.user_id not in quiet:
            live = LiveNotification(
                row.id, row.title, row.message, row.data, row.priority, row.created_at, sender, pattern
            )
            _send(hearing, row.user_id, live)


async def active(session: AsyncSession, *who: ColumnElement[bool]) -> Sequence[Any]:
    """Read who of these people is to be told: those who work here."""
    return (await session.execute(hearers().where(*who))).all()


async def sender_of(session: AsyncSession, actor_id: UUID | None) -> Sender | None:
    """Read who did something; None where the house did it itself."""
    if actor_id is None:
        return None
    who = select(User.first_name, User.last_name, User.role).where(User.id == actor_id)
    actor = (await session.execute(who)).one_or_none()
    return Sender(actor_id, f"{actor.first_name} {actor.last_name}", actor.role) if actor else None


def _send(hearing: Hearing, user_id: UUID, live: LiveNotification) -> None:
    hearing.send(f"user:{user_id}", msgspec.to_builtins(live))
