"""Writing to colleagues: to some, to a branch, to a department, to all."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, DateTime, and_, case, exists, func, literal, null, or_, select, true
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.engagement.events import MessageSent
from lc_workflow.engagement.messages.access import SEND, reached_by
from lc_workflow.engagement.messages.schemas import Message, Sent, ToPerson
from lc_workflow.engagement.notifications.models import Notification
from lc_workflow.engagement.preferences.models import NotificationPreference
from lc_workflow.engagement.rules.wording import ONBOARDING, TRIAL, WELCOME, Notice
from lc_workflow.identity.roles.models import CompanyRole
from lc_workflow.identity.roles.service import held_by
from lc_workflow.identity.users.models import User
from lc_workflow.kernel.errors import FieldError, Invalid, Missing
from lc_workflow.kernel.principal import Principal
from lc_workflow.organization.branches.models import Branch
from lc_workflow.organization.departments.models import Department
from lc_workflow.platform.journal.models import JournalEntry
from lc_workflow.platform.service import Service


class NoSuchRecipients(Invalid):
    """Some of the people do not exist, do not work here any more, or are not the sender's to write to."""


class NoSuchPattern(Invalid):
    """The pattern names nobody who can be written to."""


class NoWayChosen(Invalid):
    """The message would neither be shown in the app nor sent by e-mail, so nobody would read it."""


class MessageService(Service[Notification]):
    """What one person writes to many; each message is one statement and one fact, however many receive it."""

    noun = "notification"

    def __init__(self, session: AsyncSession, *, mails: bool) -> None:
        """Open the service on the request's session; `mails` says whether this installation sends e-mail."""
        super().__init__(session)
        self._mails = mails

    async def to_people(
        self, message: Message, user_ids: Sequence[UUID], *, principal: Principal, at: datetime
    ) -> Sent:
        """Write to certain people: to all of them or to none.

        Raises:
            NoSuchRecipients: Names those who cannot be written to.
            NoWayChosen: Neither in the app nor by e-mail, or by e-mail alone where none is sent.
        """
        reached = await self.session.scalars(select(User.id).where(User.id.in_(user_ids), reached_by(principal)))
        unknown = set(user_ids) - set(reached)
        if unknown:
            raise NoSuchRecipients(
                "Some of these people are not there, or are not yours to write to.",
                errors=tuple(
                    FieldError(
                        "user_id" if isinstance(message, ToPerson) else f"user_ids[{index}]",
                        "is nobody you can write to",
                    )
                    for index, user_id in enumerate(user_ids)
                    if user_id in unknown
                )[:100],
            )
        return await self._send(message, User.id.in_(user_ids), to="people", principal=principal, at=at)

    async def to_branch(self, message: Message, branch_id: UUID, *, principal: Principal, at: datetime) -> Sent:
        """Write to everybody in a branch.

        Raises:
            Missing: There is no such branch, or it is not the person's to write to.
            NoWayChosen: Neither in the app nor by e-mail, or by e-mail alone where none is sent.
        """
        known = await self.session.scalar(select(exists().where(Branch.id == branch_id)))
        if not known or not principal.reaches(SEND, owner_id=None, branch_id=branch_id):
            raise Missing("There is no such branch, or it is not yours to write to.")
        where = User.branch_id == branch_id
        return await self._send(message, where, to=f"branch:{branch_id}", principal=principal, at=at)

    async def to_department(self, message: Message, department_id: UUID, *, principal: Principal, at: datetime) -> Sent:
        """Write to those in a department whom the person may write to.

        Raises:
            Missing: There is no such department.
            NoWayChosen: Neither in the app nor by e-mail, or by e-mail alone where none is sent.
        """
        if not await self.session.scalar(select(exists().where(Department.id == department_id))):
            raise Missing("There is no such department.")
        where = User.department_id == department_id
        return await self._send(message, where, to=f"department:{department_id}", principal=principal, at=at)

    async def to_all(self, message: Message, *, principal: Principal, at: datetime) -> Sent:
        """Write to everybody the person may write to.

        Raises:
            NoWayChosen: Neither in the app nor by e-mail, or by e-mail alone where none is sent.
        """
        return await self._send(message, true(), to="general", principal=principal, at=at)

    async def to_pattern(self, message: Message, pattern: str, *, principal: Principal, at: datetime) -> Sent:
        """Write to those who may listen to a pattern of the live socket, whether they are online or not.

        A role is named as it is, or by the word by which the web app knows it: the `role` of a user's answer.

        Raises:
            NoSuchPattern: It is none of `general`, `role:<role>` and `user:<id>`.
            NoWayChosen: Neither in the app nor by e-mail, or by e-mail alone where none is sent.
            Missing: There is no such person at work, or they are not this person's to write to.
        """
        where = await self._listening_to(pattern, at=at)
        if pattern.startswith("user:"):
            await self._must_be_reached(where, principal)
        return await self._send(message, where, to=pattern, principal=principal, at=at)

    async def welcome(self, user_id: UUID, *, principal: Principal, at: datetime) -> Sent:
        """Welcome somebody to the house.

        Raises:
            Missing: There is no such person at work, or they are not this person's to write to.
        """
        where = User.id == user_id
        await self._must_be_reached(where, principal)
        return await self._send(_said(WELCOME), where, to=f"user:{user_id}", principal=principal, at=at)

    async def remind_of_onboarding(self, *, days: int, principal: Principal, at: datetime) -> Sent:
        """Remind those whose account is at least so many days old and who have not finished settling in."""
        late = and_(User.onboarding_completed.is_(False), User.created_at <= at - timedelta(days=days))
        return await self._send(_said(ONBOARDING), late, to="onboarding", principal=principal, at=at)

    async def try_out(self, *, principal: Principal, at: datetime) -> Sent:
        """Send oneself a notification, to see that it arrives."""
        return await self._send(
            _said(TRIAL), User.id == principal.id, to=f"user:{principal.id}", principal=principal, at=at
        )

    async def _must_be_reached(self, where: ColumnElement[bool], principal: Principal) -> None:
        if not await self.session.scalar(select(exists().where(where, reached_by(principal)))):
            raise Missing("There is no such user, or they are not yours to write to.")

    async def _listening_to(self, pattern: str, *, at: datetime) -> ColumnElement[bool]:
        kind, _, name = pattern.partition(":")
        if pattern == "general":
            return true()
        if kind == "user":
            try:
                return User.id == UUID(name)
            except ValueError:
                pass
        called = or_(CompanyRole.name == name, CompanyRole.web_word == name)
        if kind == "role" and await self.session.scalar(select(exists().where(called))):
            held = select(CompanyRole.id).where(held_by(User.id, User.role, at=at), CompanyRole.name == name)
            shown = select(CompanyRole.id).where(CompanyRole.name == User.role, CompanyRole.web_word == name)
            return or_(exists(held.correlate(User)), exists(shown.correlate(User)))
        raise NoSuchPattern("A pattern is general, role: with the name of a role, or user: with an id.")

    def _check_is_sent(self, message: Message) -> None:
        if not (message.send_in_app or message.send_email):
            raise NoWayChosen(
                "Choose how the message is sent: in the app, by e-mail, or both.",
                errors=tuple(FieldError(way, "is not wanted either") for way in ("send_in_app", "send_email")),
            )
        if not (message.send_in_app or self._mails):
            raise NoWayChosen(
                "This installation sends no e-mail; have the message shown in the app.",
                errors=(FieldError("send_in_app", "is the only way there is"),),
            )

    async def _send(
        self, message: Message, where: ColumnElement[bool], *, to: str, principal: Principal, at: datetime
    ) -> Sent:
        self._check_is_sent(message)
        message_id = uuid4()
        unwanted = NotificationPreference.in_app_notifications[message.notification_type].as_boolean().is_(False)
        unshown = unwanted if message.send_in_app else true()
        columns = {
            Notification.id: func.gen_random_uuid(),
            Notification.user_id: User.id,
            Notification.event_id: literal(message_id),
            Notification.type: literal(message.notification_type),
            Notification.title: literal(message.title),
            Notification.message: literal(message.message),
            Notification.priority: literal(message.priority.value),
            Notification.data: literal(message.data or {}, JSONB),
            Notification.created_at: literal(at),
            Notification.email_due_at: literal(at if message.send_email else None, DateTime(timezone=True)),
            Notification.dismissed_at: case((unshown, literal(at)), else_=null()),
        }
        people = (
            select(*columns.values())
            .select_from(User)
            .outerjoin(NotificationPreference, NotificationPreference.user_id == User.id)
            .where(where, reached_by(principal))
        )
        async with self.transaction():
            written = await self.session.execute(
                insert(Notification).from_select([column.key for column in columns], people, include_defaults=False)
            )
            total: int = written.rowcount  # type: ignore[attr-defined]
            entry = JournalEntry.of(
                MessageSent(
                    actor_id=principal.id,
                    at=at,
                    message_id=message_id,
                    audience=to,
                    type=message.notification_type,
                    priority=message.priority,
                    title=message.title,
                    recipients=total,
                )
            )
            entry.id = message_id  # the notifications name the entry they came from
            self.session.add(entry)
        return Sent(message_id, total, f"People written to: {total}.")


def _said(notice: Notice) -> Message:
    return Message(
        notification_type=notice.type,
        title=notice.words.title,
        message=notice.words.message,
        data={"title_khmer": notice.words.title_khmer, "message_khmer": notice.words.message_khmer},
    )
