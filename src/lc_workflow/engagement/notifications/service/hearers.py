"""Prepared statements: who is notified of something about an application, how they want it, and storing it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BindParameter,
    ColumnElement,
    DateTime,
    Select,
    Uuid,
    any_,
    bindparam,
    case,
    func,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.dml import ReturningInsert

from lc_workflow.engagement.notifications.models import Notification
from lc_workflow.engagement.notifications.schemas import Sender
from lc_workflow.engagement.preferences.models import NotificationPreference
from lc_workflow.identity.roles.service import Moment
from lc_workflow.identity.rules.statuses import UserStatus
from lc_workflow.identity.users.access import may_act, may_at_all
from lc_workflow.identity.users.models import User
from lc_workflow.lending.applications.models import CustomerApplication
from lc_workflow.lending.disbursement.access import CONFIRM, not_kept_away
from lc_workflow.lending.disbursement.models import DisbursementRequest
from lc_workflow.lending.events import DisbursementHandedOver
from lc_workflow.lending.rules.disbursement import DisbursementStatus
from lc_workflow.lending.rules.stages import Stage
from lc_workflow.lending.rules.terms import Priority
from lc_workflow.lending.tasks.access import READ, Doing, Kind, doers
from lc_workflow.lending.tasks.models import Task
from lc_workflow.platform.db.types import choice
from lc_workflow.platform.db.written import Written


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a notification says of an application: its names, who acted, and the latest work on it at a stage.

    `open_seat` is the stage of approval that this work waits for.
    """

    latin: str | None
    khmer: str | None
    priority: Priority
    preparers: Sequence[UUID]
    sender: Sender | None
    doing: Doing | None
    open_seat: str | None

    @classmethod
    async def read(
        cls, session: AsyncSession, application_id: UUID, stage: Stage, *, actor_id: UUID | None
    ) -> "About | None":
        """Read it in one statement; None where the application is gone."""
        row = await _ABOUT.one(session, application=application_id, stage=stage, actor=actor_id)
        if row is None:
            return None
        work = (row.task_id, stage, row.task_branch, row.excluded, row.seat_role)
        return cls(
            latin=row.full_name_latin,
            khmer=row.full_name_khmer,
            priority=row.priority_level,
            preparers=row.preparers,
            sender=Sender(actor_id, f"{row.first_name} {row.last_name}", row.role) if actor_id and row.role else None,
            doing=Doing(*work) if row.task_id else None,
            open_seat=row.seat_code if row.closed_at is None else None,
        )


@cache
def concerned(kind: Kind | None) -> Written:
    """The drafter of an application (`drafter`), and those who may do what it waits for, except the `actor`."""
    actor = bindparam("actor", type_=Uuid)
    who = drafter_who_sees(bindparam("drafter", type_=Uuid), at=bindparam("at", type_=DateTime(timezone=True)))
    if kind is not None:
        who |= User.id.in_(doers(kind))
    return Written(hearers().where(who, User.id.is_distinct_from(actor)))


def drafter_who_sees(drafter: UUID | BindParameter[UUID], *, at: Moment) -> ColumnElement[bool]:
    """Match the drafter of an application, as long as they may still see it."""
    return (User.id == drafter) & may_at_all(READ, at=at)


@cache
def able(kind: Kind) -> Written:
    """Those who may do what an application waits for."""
    return Written(hearers().where(User.id.in_(doers(kind))))


def confirmers(event: DisbursementHandedOver, *, branch_id: UUID | None) -> ColumnElement[bool]:
    """Match those who may confirm a payment under way: not who asked for it, nor anybody recused from the loan.

    Nobody, once it is over.
    """
    asked_by = select(DisbursementRequest.requested_by).where(
        DisbursementRequest.id == event.request_id, DisbursementRequest.status == DisbursementStatus.HANDED_OVER
    )
    able = may_act(CONFIRM, branch_id=branch_id, at=event.at)
    return able & (User.id != asked_by.scalar_subquery()) & not_kept_away(event.application_id)


def hearers() -> Select[*tuple[Any, ...]]:
    """Select active people, with their choices for notifications in the app."""
    wish = NotificationPreference
    return (
        select(User.id, wish.in_app_notifications, wish.is_quiet, wish.quiet_from, wish.quiet_until)
        .outerjoin(wish, wish.user_id == User.id)
        .where(User.status == UserStatus.ACTIVE)
        .order_by(User.id)
    )


def _about() -> Select[*tuple[Any, ...]]:
    work = (
        select(Task.id, Task.branch_id, Task.excluded, Task.seat_role, Task.seat_code, Task.closed_at)
        .where(
            Task.application_id == CustomerApplication.id,
            Task.stage == bindparam("stage", type_=choice(Stage)),
        )
        .order_by(Task.opened_at.desc(), Task.closed_at.desc())
        .limit(1)
        .lateral()
    )
    return (
        select(
            CustomerApplication.full_name_latin,
            CustomerApplication.full_name_khmer,
            CustomerApplication.priority_level,
            CustomerApplication.preparers,
            work.c.id.label("task_id"),
            work.c.branch_id.label("task_branch"),
            *(work.c.excluded, work.c.seat_role, work.c.seat_code, work.c.closed_at),
            *(User.first_name, User.last_name, User.role),
        )
        .select_from(CustomerApplication)
        .outerjoin(work, true())
        .outerjoin(User, User.id == bindparam("actor", type_=Uuid))
        .where(CustomerApplication.id == bindparam("application", type_=Uuid))
    )


_ABOUT: Final = Written(_about())


def _write_once() -> ReturningInsert[UUID, UUID]:
    row = Notification
    at = bindparam("at", type_=DateTime(timezone=True))
    person = func.unnest(bindparam("people", type_=ARRAY(Uuid))).column_valued("person")
    columns: dict[Any, Any] = {
        row.id: func.gen_random_uuid(),
        row.user_id: person,
        **{column: bindparam(column.key, type_=column.type) for column in SAID},
        row.created_at: at,
        row.dismissed_at: case((person == any_(bindparam("unwanted", type_=ARRAY(Uuid))), at)),
        row.email_due_at: at,
    }
    return (
        insert(row)
        .from_select([*columns], select(*columns.values()), include_defaults=False)
        .on_conflict_do_nothing(index_elements=[row.event_id, row.user_id])
        .returning(row.user_id, row.id)
    )


SAID: Final = (
    *(Notification.event_id, Notification.type, Notification.title, Notification.message),
    *(Notification.priority, Notification.data),
)
"""What a notification says: the same for everybody who is told."""

WRITE_ONCE: Final = Written(_write_once())
"""Stores a notification for each person and returns the new ones; a repeated notification is not stored twice.

For `unwanted` people, who do not want to see it in the app, it is stored as dismissed.
"""
