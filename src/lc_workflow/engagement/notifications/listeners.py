"""Who is told of what lending announces, and of a colleague who is locked out."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from sqlalchemy import select, true
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.engagement.notifications.service import active, say, say_of_loan, sender_of
from lc_workflow.engagement.notifications.service.hearers import (
    About,
    able,
    concerned,
    confirmers,
    drafter_who_sees,
)
from lc_workflow.engagement.rules.wording import (
    AT_THE_NEXT_STAGE,
    BREACH,
    INHERITED,
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
    update_by,
)
from lc_workflow.identity.events import UnlockRequested
from lc_workflow.identity.users.access import MANAGE as MANAGE_USERS
from lc_workflow.identity.users.access import may_act
from lc_workflow.identity.users.models import User
from lc_workflow.lending.applications.access import READ
from lc_workflow.lending.applications.models import CustomerApplication
from lc_workflow.lending.authorities.access import MANAGE as MANAGE_AUTHORITY
from lc_workflow.lending.disbursement.models import DisbursementRequest
from lc_workflow.lending.events import (
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
from lc_workflow.platform.manifest import Hearing


async def tell_of_move(event: ApplicationMoved, hearing: Hearing) -> None:
    """Tell the drafter how the application goes on, and those who may take the next step that it waits for them.

    Where the drafter would take it, others hear of it only once the drafter has left. Nobody hears of their own step,
    and nobody twice of the same.
    """
    session, target = hearing.session, Stage(event.target)
    about = await About.read(session, event.application_id, target, actor_id=event.actor_id)
    if about is None:  # reopened as a draft and thrown away meanwhile
        return
    task, sender = TASKS.get(target), about.sender
    if task is None or about.doing is not None:
        people = await _concerned(session, event, about.doing if task else None)
    else:  # no task was ever stored for it
        who = may_act(task.permission, branch_id=event.branch_id, at=event.at)
        who &= may_act(READ, branch_id=event.branch_id, at=event.at)
        who &= true() if task.for_preparers else User.id.not_in(about.preparers)
        who |= drafter_who_sees(event.drafted_by, at=event.at)
        people = await active(session, who, User.id.is_distinct_from(event.actor_id))
    by_name = {"actor": sender.name if sender else None, "latin": about.latin, "khmer": about.khmer}
    say_of_step = partial(
        say,
        event,
        hearing,
        sender=sender,
        application_id=str(event.application_id),
        action=event.action,
        workflow_status=target,
    )
    hear = [person for person in people if person.id == event.drafted_by]
    words, priority = update_by(event.action, target)
    await say_of_step(hear, words.about(**by_name), type_=UPDATE, priority=priority)
    if task is not None:
        act = [person for person in people if person.id != event.drafted_by]
        await say_of_step(act, task.words.about(**by_name), type_=TASK, priority=about.priority)
    elif target in INHERITED and about.doing is not None and not hear and event.drafted_by != event.actor_id:
        heirs = await able(about.doing.kind).rows(session, **about.doing.brought(at=event.at))
        act = [person for person in heirs if person.id != event.actor_id]
        await say_of_step(act, INHERITED[target].about(**by_name), type_=TASK, priority=about.priority)


async def _concerned(session: AsyncSession, event: ApplicationMoved, doing: Doing | None) -> Sequence[Any]:
    """The drafter, if they may still see the application, and those who may do what it waits for."""
    wanted: dict[str, Any] = doing.brought(at=event.at) if doing else {}
    wanted |= {"drafter": event.drafted_by, "actor": event.actor_id, "at": event.at}
    return await concerned(doing.kind if doing else None).rows(session, **wanted)


async def tell_of_awaited_decision(event: DecisionAwaited, hearing: Hearing) -> None:
    """Tell whoever holds the seat of another open stage of approval, and may decide there.

    Nobody, once that stage is not the one that waits.
    """
    about = await About.read(hearing.session, event.application_id, Stage(event.stage), actor_id=event.actor_id)
    if about is None or about.doing is None or about.open_seat != event.approval_stage:
        return
    sender = about.sender
    await say(
        event,
        hearing,
        await able(about.doing.kind).rows(hearing.session, **about.doing.brought(at=event.at)),
        AT_THE_NEXT_STAGE.about(actor=sender.name if sender else None, latin=about.latin, khmer=about.khmer),
        type_=TASK,
        priority=about.priority,
        sender=sender,
        application_id=str(event.application_id),
        task_id=str(event.task_id),
        workflow_status=event.stage,
    )


async def tell_of_breach(event: DeadlineBreached, hearing: Hearing) -> None:
    """Tell the owner of a late task, and the next level, as long as they may see the application.

    The next level is those who assign work in the branch, or above the branch when its own manager is late.
    """
    above = may_act(ASSIGN, branch_id=None if Stage(event.stage) in HIGHER_UP else event.branch_id, at=event.at)
    await say_of_loan(
        event,
        hearing,
        (User.id == event.owner_id) | above,
        LATE,
        type_=BREACH,
        priority=Priority.HIGH,
        task_id=str(event.task_id),
        workflow_status=event.stage,
        due_at=event.due_at,
    )


async def tell_of_given_task(event: TaskAssigned, hearing: Hearing) -> None:
    """Tell the new owner of a task that a colleague assigned, as long as they may see the application."""
    await say_of_loan(
        event,
        hearing,
        User.id == event.owner_id,
        TASK_GIVEN,
        type_=TASK,
        priority=Priority.NORMAL,
        task_id=str(event.task_id),
        workflow_status=event.stage,
    )


async def tell_of_payment_to_confirm(event: DisbursementHandedOver, hearing: Hearing) -> None:
    """Tell those who may confirm a payment under way; nobody once it is over."""
    branch = select(CustomerApplication.branch_id).where(CustomerApplication.id == event.application_id)
    who = confirmers(event, branch_id=await hearing.session.scalar(branch))
    await say_of_loan(
        event,
        hearing,
        who,
        PAYMENT_TO_CONFIRM,
        type_=PAYMENT,
        priority=Priority.NORMAL,
        request_id=str(event.request_id),
    )


async def tell_of_missing_payment(event: DisbursementFailed | DisbursementNotTaken, hearing: Hearing) -> None:
    """Tell those who want a loan paid out that it was not: who asked for it, and who drafted it.

    Only those who may see the application now, and nobody of what they did themselves.
    """
    drafted_by = select(CustomerApplication.user_id).where(CustomerApplication.id == event.application_id)
    asked_by = select(DisbursementRequest.requested_by).where(DisbursementRequest.id == event.request_id)
    who = User.id.in_(drafted_by) | User.id.in_(asked_by)
    words = PAYMENT_FAILED if isinstance(event, DisbursementFailed) else PAYMENT_NOT_TAKEN
    await say_of_loan(
        event, hearing, who, words, type_=PAYMENT, priority=Priority.HIGH, request_id=str(event.request_id)
    )


async def tell_of_vacant_seat(event: DecisionByNobody, hearing: Hearing) -> None:
    """Tell those who give authority that nobody may take a decision; no customer is named."""
    place = await hearing.session.scalar(select(Branch.name).where(Branch.id == event.branch_id))
    seat = {"stage": event.approval_stage or event.stage, "role": event.role or "manager", "waiting": event.waiting}
    await say(
        event,
        hearing,
        await active(hearing.session, may_act(MANAGE_AUTHORITY, branch_id=None, at=event.at)),
        NOBODY_DECIDES.about(actor=None, latin=None, khmer=None, place=place or "no branch", **seat),
        type_=VACANT,
        priority=Priority.HIGH,
        sender=None,
        application_id=str(event.application_id),
        branch_id=str(event.branch_id) if event.branch_id else None,
        **seat,
    )


async def tell_of_unlock_request(event: UnlockRequested, hearing: Hearing) -> None:
    """Tell those who can unlock an account that somebody is locked out."""
    locked = await sender_of(hearing.session, event.user_id)
    sender = await sender_of(hearing.session, event.actor_id)
    administrators = may_act(MANAGE_USERS, branch_id=None, at=event.at)
    await say(
        event,
        hearing,
        await active(hearing.session, administrators, User.id.is_distinct_from(event.actor_id)),
        UNLOCK_REQUESTED.about(
            actor=sender.name if sender else None, latin=locked.name if locked else None, khmer=None
        ),
        type_=SECURITY,
        priority=Priority.HIGH,
        sender=sender,
        user_id=str(event.user_id),
        reason=event.reason,
    )
