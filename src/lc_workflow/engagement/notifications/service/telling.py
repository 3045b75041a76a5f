"""Notifying people of what concerns them, inside the transaction of the listener."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from advanced_alchemy.filters import OrderBy
from sqlalchemy import ColumnElement, select, true

from lc_workflow.engagement.notifications.models import Notification
from lc_workflow.engagement.notifications.schemas import LiveNotification, Sender
from lc_workflow.engagement.notifications.service.hearers import (
    WRITE_ONCE,
    About,
    able,
    concerned,
    confirmers,
    drafter_who_sees,
    hearers,
)
from lc_workflow.engagement.preferences.models import NotificationPreference, quiet_hours, shows
from lc_workflow.engagement.rules.quiet import is_quiet
from lc_workflow.engagement.rules.wording import (
    AT_THE_NEXT_STAGE,
    BREACH,
    LATE,
    NOBODY_DECIDES,
    PAYMENT,
    PAYMENT_FAILED,
    PAYMENT_NOT_TAKEN,
    PAYMENT_TO_CONFIRM,
    SECURITY,
    TASK,
    TASK_GIVEN,
    TASKS,
    UNLOCK_REQUESTED,
    UPDATE,
    VACANT,
    Words,
    update_by,
)
from lc_workflow.identity.events import UnlockRequested
from lc_workflow.identity.users.access import MANAGE as MANAGE_USERS
from lc_workflow.identity.users.access import may_act
from lc_workflow.identity.users.models import User
from lc_workflow.lending.applications.access import READ, seen_by_accounts
from lc_workflow.lending.applications.models import CustomerApplication
from lc_workflow.lending.authorities.access import MANAGE as MANAGE_AUTHORITY
from lc_workflow.lending.disbursement.models import DisbursementRequest
from lc_workflow.lending.events import (
    AboutApplication,
    ApplicationMoved,
    DeadlineBreached,
    DecisionAwaited,
    DecisionByNobody,
    DisbursementFailed,
    DisbursementHandedOver,
    DisbursementNotTaken,
    TaskAssigned,
)
from lc_workflow.lending.rules.stages import Stage
from lc_workflow.lending.rules.tasks import HIGHER_UP
from lc_workflow.lending.rules.terms import Priority
from lc_workflow.lending.tasks.access import ASSIGN, Doing
from lc_workflow.organization.branches.models import Branch
from lc_workflow.platform.service import Service


class TellingService(Service[Notification]):
    """Writes notifications; a fact heard twice is told once."""

    noun = "notification"

    async def tell_of_move(self, event: ApplicationMoved, *, event_id: UUID) -> list[tuple[UUID, LiveNotification]]:
        """Write the notifications of a step; return the new ones with their people.

        The drafter hears how the application goes on, those who may take the next step hear that it waits for them.
        Nobody hears of their own step, and nobody twice of the same.
        """
        target = Stage(event.target)
        about = await About.read(self.session, event.application_id, target, actor_id=event.actor_id)
        if about is None:  # reopened as a draft and thrown away meanwhile
            return []
        task, sender = TASKS.get(target), about.sender
        if task is None or about.doing is not None:
            people = await self._concerned(event, about.doing if task else None)
        else:  # no task was ever stored for it
            who = may_act(task.permission, branch_id=event.branch_id, at=event.at)
            who &= may_act(READ, branch_id=event.branch_id, at=event.at)
            who &= true() if task.for_preparers else User.id.not_in(about.preparers)
            who |= drafter_who_sees(event.drafted_by, at=event.at)
            people = await self._active(who, User.id.is_distinct_from(event.actor_id))
        by_name = {"actor": sender.name if sender else None, "latin": about.latin, "khmer": about.khmer}
        say = partial(
            self._say,
            sender=sender,
            event_id=event_id,
            at=event.at,
            application_id=str(event.application_id),
            action=event.action,
            workflow_status=target,
        )
        hear = [person for person in people if task is None or person.id == event.drafted_by]
        words, priority = update_by(event.action, target)
        told = await say(hear, UPDATE, words.about(**by_name), priority)
        if task is not None:
            act = [person for person in people if person.id != event.drafted_by]
            told += await say(act, TASK, task.words.about(**by_name), about.priority)
        return told

    async def tell_of_awaited_decision(
        self, event: DecisionAwaited, *, event_id: UUID
    ) -> list[tuple[UUID, LiveNotification]]:
        """Write the notifications of another open stage of approval.

        They go to those who hold its seat and may decide, as long as that stage is the one that waits.
        """
        about = await About.read(self.session, event.application_id, Stage(event.stage), actor_id=event.actor_id)
        if about is None or about.doing is None or about.open_seat != event.approval_stage:
            return []
        sender = about.sender
        people = await able(about.doing.kind).rows(self.session, **about.doing.brought(at=event.at))
        said = AT_THE_NEXT_STAGE.about(actor=sender.name if sender else None, latin=about.latin, khmer=about.khmer)
        return await self._say(
            people,
            TASK,
            said,
            about.priority,
            sender=sender,
            event_id=event_id,
            at=event.at,
            application_id=str(event.application_id),
            task_id=str(event.task_id),
            workflow_status=event.stage,
        )

    async def _concerned(self, event: ApplicationMoved, doing: Doing | None) -> Sequence[Any]:
        """The drafter, if they may still see the application, and those who may do what it waits for."""
        wanted: dict[str, Any] = doing.brought(at=event.at) if doing else {}
        wanted |= {"drafter": event.drafted_by, "actor": event.actor_id, "at": event.at}
        return await concerned(doing.kind if doing else None).rows(self.session, **wanted)

    async def _active(self, *who: ColumnElement[bool]) -> Sequence[Any]:
        return (await self.session.execute(hearers().where(*who))).all()

    async def tell_of_breach(self, event: DeadlineBreached, *, event_id: UUID) -> list[tuple[UUID, LiveNotification]]:
        """Write the notifications of a late task.

        They go to its owner and to the next level: those who assign work in the branch, or above the branch when its
        own manager is late; in each case only if they may see the application now.
        """
        above = may_act(ASSIGN, branch_id=None if Stage(event.stage) in HIGHER_UP else event.branch_id, at=event.at)
        return await self._say_of_loan(
            event,
            BREACH,
            LATE,
            Priority.HIGH,
            (User.id == event.owner_id) | above,
            event_id=event_id,
            task_id=str(event.task_id),
            workflow_status=event.stage,
            due_at=event.due_at,
        )

    async def tell_of_given_task(self, event: TaskAssigned, *, event_id: UUID) -> list[tuple[UUID, LiveNotification]]:
        """Notify the new owner of a task that a colleague assigned, as long as they may see the application."""
        return await self._say_of_loan(
            event,
            TASK,
            TASK_GIVEN,
            Priority.NORMAL,
            User.id == event.owner_id,
            event_id=event_id,
            task_id=str(event.task_id),
            workflow_status=event.stage,
        )

    async def tell_of_payment_to_confirm(
        self, event: DisbursementHandedOver, *, event_id: UUID
    ) -> list[tuple[UUID, LiveNotification]]:
        """Notify those who may confirm a payment under way; nobody once it is over."""
        branch = select(CustomerApplication.branch_id).where(CustomerApplication.id == event.application_id)
        who = confirmers(event, branch_id=await self.session.scalar(branch))
        return await self._say_of_loan(
            event,
            PAYMENT,
            PAYMENT_TO_CONFIRM,
            Priority.NORMAL,
            who,
            event_id=event_id,
            request_id=str(event.request_id),
        )

    async def tell_of_missing_payment(
        self, event: DisbursementFailed | DisbursementNotTaken, *, event_id: UUID
    ) -> list[tuple[UUID, LiveNotification]]:
        """Notify those who want a loan paid out that it was not: who asked for it, and who drafted it.

        Only those who may see the application now, and nobody of what they did themselves.
        """
        drafted_by = select(CustomerApplication.user_id).where(CustomerApplication.id == event.application_id)
        asked_by = select(DisbursementRequest.requested_by).where(DisbursementRequest.id == event.request_id)
        return await self._say_of_loan(
            event,
            PAYMENT,
            PAYMENT_FAILED if isinstance(event, DisbursementFailed) else PAYMENT_NOT_TAKEN,
            Priority.HIGH,
            User.id.in_(drafted_by) | User.id.in_(asked_by),
            event_id=event_id,
            request_id=str(event.request_id),
        )

    async def tell_of_vacant_seat(
        self, event: DecisionByNobody, *, event_id: UUID
    ) -> list[tuple[UUID, LiveNotification]]:
        """Notify those who give authority that nobody may take a decision; it names no customer."""
        place = await self.session.scalar(select(Branch.name).where(Branch.id == event.branch_id))
        seat = {"stage": event.approval_stage or event.stage, "role": event.role or "manager", "waiting": event.waiting}
        said = NOBODY_DECIDES.about(actor=None, latin=None, khmer=None, place=place or "no branch", **seat)
        people = await self._active(may_act(MANAGE_AUTHORITY, branch_id=None, at=event.at))
        return await self._say(
            people,
            VACANT,
            said,
            Priority.HIGH,
            sender=None,
            event_id=event_id,
            at=event.at,
            application_id=str(event.application_id),
            branch_id=str(event.branch_id) if event.branch_id else None,
            **seat,
        )

    async def to_say(
        self, *, event_id: UUID, sender_id: UUID | None, at: datetime
    ) -> list[tuple[UUID, LiveNotification]]:
        """Return the notifications of a message with their people, without people in quiet hours."""
        shown = (Notification.event_id == event_id) & Notification.dismissed_at.is_(None)
        rows = await self.get_many(shown, OrderBy("user_id"))
        found = await self.session.scalars(
            select(NotificationPreference).where(
                NotificationPreference.user_id.in_(select(Notification.user_id).where(shown)),
                NotificationPreference.is_quiet,
            )
        )
        quiet = {preference.user_id for preference in found if is_quiet(preference.quiet, at)}
        sender = await self._sender(sender_id)
        return [
            (
                row.user_id,
                LiveNotification(row.id, row.title, row.message, row.data, row.priority, row.created_at, sender),
            )
            for row in rows
            if row.user_id not in quiet
        ]

    async def tell_of_unlock_request(
        self, event: UnlockRequested, *, event_id: UUID
    ) -> list[tuple[UUID, LiveNotification]]:
        """Notify those who can unlock an account; return the new notifications with their people."""
        locked = await self._sender(event.user_id)
        sender = await self._sender(event.actor_id)
        said = UNLOCK_REQUESTED.about(
            actor=sender.name if sender else None, latin=locked.name if locked else None, khmer=None
        )
        people = await self._active(
            may_act(MANAGE_USERS, branch_id=None, at=event.at), User.id.is_distinct_from(event.actor_id)
        )
        return await self._say(
            people,
            SECURITY,
            said,
            Priority.HIGH,
            sender=sender,
            event_id=event_id,
            at=event.at,
            user_id=str(event.user_id),
            reason=event.reason,
        )

    async def _say(
        self,
        people: Sequence[Any],
        type_: str,
        said: Words,
        priority: Priority,
        *,
        sender: Sender | None,
        event_id: UUID,
        at: datetime,
        **about: object,
    ) -> list[tuple[UUID, LiveNotification]]:
        """Store the same words for some `hearers`, return what to send live; `about` is the data for programs.

        What somebody does not want to see in the app is stored as dismissed; in quiet hours nothing is sent live.
        """
        if not people:
            return []
        about |= {"title_khmer": said.title_khmer, "message_khmer": said.message_khmer}
        unwanted = {person.id for person in people if not shows(person, type_)}
        new = await WRITE_ONCE.rows(
            self.session,
            people=[person.id for person in people],
            unwanted=[*unwanted],
            event_id=event_id,
            type=type_,
            title=said.title,
            message=said.message,
            priority=priority,
            data=about,
            at=at,
        )
        quiet = unwanted | {person.id for person in people if is_quiet(quiet_hours(person), at)}
        return [
            (user_id, LiveNotification(id_, said.title, said.message, about, priority, at, sender))
            for user_id, id_ in new
            if user_id not in quiet
        ]

    async def _say_of_loan(
        self,
        event: AboutApplication,
        type_: str,
        words: Words,
        priority: Priority,
        who: ColumnElement[bool],
        *,
        event_id: UUID,
        **about: object,
    ) -> list[tuple[UUID, LiveNotification]]:
        """Notify those who may see a loan now of what an event means for it, except whoever caused the event.

        Nobody, when the application is gone.
        """
        row = CustomerApplication
        asked = select(row.full_name_latin, row.full_name_khmer, row.user_id, row.branch_id)
        loan = (await self.session.execute(asked.where(row.id == event.application_id))).one_or_none()
        if loan is None:
            return []
        sender = await self._sender(event.actor_id)
        sees = seen_by_accounts(loan.user_id, loan.branch_id, at=event.at)
        people = await self._active(who, sees, User.id.is_distinct_from(event.actor_id))
        said = words.about(
            actor=sender.name if sender else None, latin=loan.full_name_latin, khmer=loan.full_name_khmer
        )
        about["application_id"] = str(event.application_id)
        return await self._say(people, type_, said, priority, sender=sender, event_id=event_id, at=event.at, **about)

    async def _sender(self, actor_id: UUID | None) -> Sender | None:
        if actor_id is None:
            return None
        actor = (
            await self.session.execute(select(User.first_name, User.last_name, User.role).where(User.id == actor_id))
        ).one_or_none()
        return Sender(actor_id, f"{actor.first_name} {actor.last_name}", actor.role) if actor else None
