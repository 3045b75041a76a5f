"""The prepared statements for reading, opening and closing tasks."""

from datetime import datetime
from functools import cache
from typing import Any, Final

from sqlalchemy import ARRAY, ColumnElement, DateTime, Integer, Row, Uuid, bindparam, func, select, update

from lc_workflow.identity.rules.statuses import UserStatus
from lc_workflow.identity.users.access import may_at_all
from lc_workflow.identity.users.models import User
from lc_workflow.kernel.principal import Principal
from lc_workflow.lending.applications.access import UPDATE
from lc_workflow.lending.applications.models import CustomerApplication
from lc_workflow.lending.approvals.queries import RECUSED
from lc_workflow.lending.authorities.queries import has_stand_in
from lc_workflow.lending.deadlines.models import StageDeadline
from lc_workflow.lending.rules.stages import Stage
from lc_workflow.lending.rules.tasks import AUTO_ASSIGN, Deadline
from lc_workflow.lending.tasks.access import Kind, claimable_by, doers, mine, within_reach
from lc_workflow.lending.tasks.models import Task
from lc_workflow.lending.tasks.schemas import Owner, Queue, TaskAnswer
from lc_workflow.platform.db.types import choice
from lc_workflow.platform.db.written import Written
from lc_workflow.system.settings.models import Setting


@cache
def least_loaded(kind: Kind) -> Written:
    """Who has the fewest open tasks of those who may do one of a kind, or of `person` alone.

    An absent person, for whom others stand in, gets it only where nobody else may do it.
    """
    absent = has_stand_in(at=bindparam("at", type_=DateTime(timezone=True)))
    open_tasks = select(func.count()).select_from(Task).where(Task.owner_id == User.id, Task.closed_at.is_(None))
    person = bindparam("person", type_=Uuid)
    eligible = doers(kind).where(person.is_(None) | (User.id == person))
    return Written(eligible.order_by(absent, open_tasks.scalar_subquery(), User.created_at, User.id).limit(1))


SHOWN: Final = (
    select(
        Task,
        CustomerApplication.full_name_khmer,
        CustomerApplication.full_name_latin,
        CustomerApplication.requested_amount,
        CustomerApplication.currency,
        CustomerApplication.priority_level,
        User.first_name,
        User.last_name,
    )
    .join(CustomerApplication, CustomerApplication.id == Task.application_id)
    .outerjoin(User, User.id == Task.owner_id)
)
"""What an answer about a task needs, in one statement."""


def in_queue(queue: Queue, principal: Principal, *, at: datetime) -> ColumnElement[bool]:
    """Match the tasks of one of a person's queues."""
    match queue:
        case Queue.MINE:
            return mine(principal)
        case Queue.CLAIMABLE:
            return claimable_by(principal)
        case Queue.TEAM:
            return within_reach(principal)
        case Queue.OVERDUE:
            return within_reach(principal) & (Task.due_at <= at)


def answer_of(row: Row[*tuple[Any, ...]], *, at: datetime) -> TaskAnswer:
    """Show a task as `SHOWN` read it."""
    task: Task = row[0]
    limits = Deadline(task.at_risk_at, task.due_at) if task.at_risk_at and task.due_at else None
    return TaskAnswer(
        id=task.id,
        application_id=task.application_id,
        full_name_khmer=row.full_name_khmer,
        full_name_latin=row.full_name_latin,
        requested_amount=row.requested_amount,
        currency=row.currency,
        priority_level=row.priority_level,
        branch_id=task.branch_id,
        stage=task.stage,
        cycle=task.cycle,
        opened_at=task.opened_at,
        owner=Owner(task.owner_id, f"{row.first_name} {row.last_name}") if task.owner_id else None,
        at_risk_at=task.at_risk_at,
        due_at=task.due_at,
        urgency=limits.urgency(at) if limits else None,
    )


OPEN: Final = Written(
    select(Task.id, Task.opened_at)
    .where(Task.application_id == bindparam("application_id", type_=Uuid), Task.closed_at.is_(None))
    .with_for_update()
)
"""The open task of an application, locked."""

STILL_DRAFTS: Final = Written(
    select(User.id).where(
        User.id == bindparam("drafter", type_=Uuid),
        User.status == UserStatus.ACTIVE,
        may_at_all(UPDATE, at=bindparam("at", type_=DateTime(timezone=True))),
    )
)
"""The drafter of an application, if they still work here and may correct it."""

CLOSE: Final = Written(
    update(Task)
    .where(Task.id == bindparam("task", type_=Uuid))
    .values(closed_at=bindparam("at", type_=DateTime(timezone=True)), used_seconds=bindparam("used", type_=Integer))
)
"""Closes a task; an application has one open task at a time, so this comes before the next is opened."""

_OF_STAGE: Final = bindparam("stage", type_=choice(Stage))
_BEFORE: Final = (
    Task.application_id == bindparam("application_id", type_=Uuid),
    Task.cycle == bindparam("cycle", type_=Integer),
    Task.stage == _OF_STAGE,
)
OPENING: Final = Written(
    select(
        select(StageDeadline.minutes).where(StageDeadline.stage == _OF_STAGE).scalar_subquery().label("minutes"),
        select(func.sum(Task.used_seconds)).where(*_BEFORE).scalar_subquery().label("used"),
        select(func.max(Task.breach_told_at)).where(*_BEFORE).scalar_subquery().label("told_at"),
        select(Setting.value).where(Setting.key == AUTO_ASSIGN).scalar_subquery().label("auto_assign"),
        func.array(RECUSED.scalar_subquery(), type_=ARRAY(Uuid)).label("recused"),
    )
)
"""What new work starts with: the minutes set for its stage, how many of them the application used in its cycle, when it
was reported late there, whether work is assigned automatically, and who recused themselves."""
