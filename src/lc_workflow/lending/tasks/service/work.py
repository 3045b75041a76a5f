"""Tasks: opened and closed by moves; taken, assigned and given back by people."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Row, exists, func, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.identity.lifecycle.models import Offboarding
from lc_workflow.identity.rules.statuses import UserStatus
from lc_workflow.identity.users.models import User
from lc_workflow.kernel.errors import Forbidden, Invalid
from lc_workflow.kernel.principal import Principal
from lc_workflow.lending.applications.models import CustomerApplication
from lc_workflow.lending.approvals.queries import RECUSED, WhatIsSeen
from lc_workflow.lending.events import DecisionAwaited, TaskAssigned, TaskClaimed, TaskReleased
from lc_workflow.lending.rules.stages import SodMaker, Stage
from lc_workflow.lending.rules.tasks import AUTO_ASSIGN, WORK, Deadline, deadline
from lc_workflow.lending.tasks.access import (
    ASSIGN,
    Doing,
    doable_by,
    goes_on,
    reaches,
    visible_to,
)
from lc_workflow.lending.tasks.models import Task
from lc_workflow.lending.tasks.queries import (
    CLOSE,
    OPEN,
    OPENING,
    SHOWN,
    STILL_DRAFTS,
    answer_of,
    in_queue,
    least_loaded,
)
from lc_workflow.lending.tasks.schemas import Queue, TaskAnswer
from lc_workflow.organization.hours.service import calendars
from lc_workflow.organization.rules.hours import BusinessHours, NeverOpen
from lc_workflow.platform.http.paging import Window
from lc_workflow.platform.service import Service
from lc_workflow.system.settings.service import SettingService, or_begun


class TaskTaken(Invalid):
    """Somebody else has the task."""


class TaskClosed(Invalid):
    """The application has moved on, so there is nothing left to do."""


class NotYourTask(Forbidden):
    """The task needs another permission, or only somebody who may assign can give it away."""


class NotEligible(Invalid):
    """The person's rights do not reach the work, or segregation of duties keeps them from it."""


class NobodyEligible(Invalid):
    """Nobody may do the work."""


class TaskService(Service[Task]):
    """The work on the applications one may see."""

    noun = "task"

    def __init__(self, session: AsyncSession) -> None:
        super().__init__(session)
        self._seen = WhatIsSeen(session)

    async def hold(self, application: CustomerApplication) -> Row[UUID, datetime] | None:
        """Lock the open task of an application that is about to move; None at a stage without work.

        Call it before anything is announced: whoever takes a task locks the task first, and its record after it.
        """
        if application.workflow_status not in WORK:
            return None
        task: Row[UUID, datetime] | None = await OPEN.one(self.session, application_id=application.id)
        return task

    async def follow(
        self, application: CustomerApplication, done: Row[UUID, datetime] | None, *, by: UUID | None, at: datetime
    ) -> None:
        """Close the work that is `done` and open that of an application's new stage, in the caller's transaction.

        Whoever starts to process an application owns the task; a returned one is its drafter's, if they are still there
        to correct it. Other work waits in the queue, unless the institution assigns it to whoever has the least to do.
        Nothing unflushed in the session is about tasks, so it need not be flushed first.
        """
        stage = application.workflow_status
        work = WORK.get(stage)
        if done is None and work is None:
            return
        since = (done.opened_at if done else at).date()
        calendar = (await calendars(self.session, [application.branch_id], since=since))[application.branch_id]
        if done is not None:
            used = int(calendar.between(done.opened_at, at).total_seconds())
            await CLOSE.rows(self.session, task=done.id, at=at, used=used)
        if work is None:
            return
        wanted = {"application_id": application.id, "cycle": application.cycle, "stage": stage}
        opening = await OPENING.one(self.session, **wanted)
        minutes = opening.minutes or work.minutes if work.minutes else None
        limits = _deadline(minutes, opening.used, calendar, at=at) if minutes else None
        kept_away = () if work.for_preparers else (application.user_id, *application.preparers, *application.editors)
        task = Task(
            application_id=application.id,
            branch_id=application.branch_id,
            stage=stage,
            cycle=application.cycle,
            opened_at=at,
            excluded=list(dict.fromkeys([*kept_away, *opening.recused])),
            minutes=minutes,
            at_risk_at=limits and limits.at_risk_at,
            due_at=limits and limits.due_at,
            breach_told_at=opening.told_at if limits and limits.due_at <= at else None,
            used_seconds=0,
            owner_id=None,  # set here, so that setting it again below is no change
            owned_at=None,
        )
        if stage is Stage.MANAGER_REVIEW:
            await self._seat(task, application, at=at)
        elif not work.for_parties:
            task.excluded = [*task.excluded, *await self._seen.parties_to(application, at=at)]
        self.session.add(task)
        owners = {Stage.TELLER_PROCESSING: by}
        if stage is Stage.RETURNED:
            owners[stage] = await STILL_DRAFTS.value(self.session, drafter=application.user_id, at=at)
        given_out = or_begun(AUTO_ASSIGN, opening.auto_assign)
        task.owned_by(owners.get(stage) or await self._given_out(task, given_out, at=at), at=at)

    async def seat_again(self, application_id: UUID, *, by: UUID | None, at: datetime) -> None:
        """Find out again whose decision an application waits for, in the caller's transaction.

        Called after a vote or a judgement. Whoever has decided leaves the rest to others. A new stage of approval takes
        the task from its owner, and is announced. For a loan that waits for payment, who is excluded is determined
        again.
        """
        task = await self.session.scalar(
            select(Task)
            .where(
                Task.application_id == application_id,
                Task.stage.in_({Stage.MANAGER_REVIEW, Stage.APPROVED}),
                Task.closed_at.is_(None),
            )
            .with_for_update()
        )
        if task is None:
            return
        before, application = task.seat_code, await self.session.get_one(CustomerApplication, application_id)
        if task.stage is Stage.MANAGER_REVIEW:
            await self._seat(task, application, at=at)
        else:
            recused = await self.session.scalars(
                RECUSED, {"application_id": application_id, "cycle": application.cycle}
            )
            task.excluded = list(dict.fromkeys([*recused, *await self._seen.parties_to(application, at=at)]))
        if task.seat_code != before or task.owner_id in task.excluded:
            self.give_back(task, by=by, at=at)
            given_out = await SettingService(self.session).value_of(AUTO_ASSIGN)
            task.owned_by(await self._given_out(task, given_out, at=at), at=at)
        if task.seat_code not in {before, None}:
            self.announce(
                DecisionAwaited(
                    actor_id=by,
                    at=at,
                    application_id=application_id,
                    task_id=task.id,
                    stage=task.stage.value,
                    approval_stage=task.seat_code,
                )
            )

    async def _seat(self, task: Task, application: CustomerApplication, *, at: datetime) -> None:
        """Set the seat a decision waits for, and exclude those whom §2 excludes."""
        seat = await self._seen.open_seat(application)
        kept_away = [application.user_id, *application.preparers, *application.editors]
        task.seat_code = seat.stage.code if seat else None
        task.seat_role = seat.stage.role if seat else None
        task.seat_reach = seat.stage.scope if seat else None
        task.seat_amount = seat.figure if seat else None
        task.seat_currency = seat.currency if seat else None
        task.seat_needs_limit = seat.needs_limit if seat else None
        kept_away += sorted(seat.voters) if seat else ()
        kept_away += await self._seen.parties_to(application, at=at)
        task.excluded = list(dict.fromkeys(kept_away))

    async def _given_out(self, task: Task, given_out: object, *, at: datetime) -> UUID | None:
        """Whom new work is assigned to: nobody, unless the institution assigns it to whoever has the least to do."""
        if given_out is not True:
            return None
        return await self.fit_for(task, None, at=at)

    async def page(
        self, queue: Queue, window: Window, *, stage: Stage | None, principal: Principal, at: datetime
    ) -> tuple[list[TaskAnswer], int]:
        """List a queue, the most urgent first, with how many there are in all."""
        where = [Task.closed_at.is_(None), in_queue(queue, principal, at=at)]
        if stage is not None:
            where.append(Task.stage == stage)
        seen_by = {"person": principal.id, "at": at}
        shown = SHOWN.where(*where).order_by(Task.due_at, Task.opened_at, Task.id)
        rows = await self.session.execute(shown.limit(window.size).offset(window.offset), seen_by)
        total = await self.session.scalar(select(func.count()).select_from(Task).where(*where), seen_by)
        return [answer_of(row, at=at) for row in rows], total or 0

    async def claim(self, task_id: UUID, *, principal: Principal, at: datetime) -> TaskAnswer:
        """Take a task; taking it again changes nothing.

        Raises:
            Missing: There is no such task, or the person may not see it.
            TaskClosed, TaskTaken, NotYourTask, SodMaker: It cannot be theirs.
        """
        async with self.transaction():
            task = await self._locked(task_id, principal)
            if task.owner_id not in {None, principal.id}:
                raise TaskTaken("Somebody else has taken this task.")
            may_do = select(doable_by(principal)).where(Task.id == task.id)
            if not await self.session.scalar(may_do, {"person": principal.id, "at": at}):
                raise NotYourTask(
                    f"This task needs the permission {WORK[task.stage].permission}, or the seat it waits for."
                )
            if principal.id in task.excluded:
                raise SodMaker(
                    "You had a hand in this application, or are a party to it; someone else has to decide it."
                )
            if task.owner_id is None:
                self._take(task, principal.id, at=at)
        return await self.shown(task_id, at=at)

    async def followed_up_by(self, application_id: UUID, person: UUID, *, at: datetime) -> None:
        """Make whoever did the open work on an application its owner until it is closed, in the caller's transaction.

        Others have nothing left to do, and are no longer offered it.
        """
        task = await self.get_one_or_none(
            Task.application_id == application_id, Task.closed_at.is_(None), with_for_update=True
        )
        if task is None or task.owner_id == person:
            return
        self.give_back(task, by=person, at=at)
        self._take(task, person, at=at)

    def _take(self, task: Task, person: UUID, *, at: datetime) -> None:
        task.owned_by(person, at=at)
        self.announce(
            TaskClaimed(
                actor_id=person,
                at=at,
                application_id=task.application_id,
                task_id=task.id,
                stage=task.stage.value,
            )
        )

    async def release(self, task_id: UUID, *, principal: Principal, at: datetime) -> TaskAnswer:
        """Give a task back to the queue: one's own, or as somebody who may assign.

        Raises:
            Missing: There is no such task, or the person may not see it.
            TaskClosed, NotYourTask: It is not theirs to give back.
        """
        async with self.transaction():
            task = await self._locked(task_id, principal)
            if task.owner_id != principal.id and not reaches(principal, ASSIGN, task):
                raise NotYourTask("This task is somebody else's; whoever assigns tasks here can take it back.")
            self.give_back(task, by=principal.id, at=at)
        return await self.shown(task_id, at=at)

    async def let_go(self, person: UUID | None = None, *, at: datetime) -> None:
        """Give back to the queue what somebody, or anybody, has and can no longer do, in the caller's transaction.

        A person being offboarded who can no longer sign in keeps theirs: a successor is named for it.
        """
        seen_out = exists().where(
            Offboarding.user_id == User.id, Offboarding.completed_at.is_(None), User.status != UserStatus.ACTIVE
        )
        theirs = [Task.owner_id == person] if person else []
        tasks = await self.session.scalars(
            select(Task)
            .join(CustomerApplication, CustomerApplication.id == Task.application_id)
            .join(User, User.id == Task.owner_id)
            .where(*theirs, Task.closed_at.is_(None), ~seen_out, goes_on(at=at).is_not(true()))
            .order_by(Task.id)
            .with_for_update(of=Task)
        )
        for task in tasks.all():
            self.give_back(task, by=None, at=at)

    def give_back(self, task: Task, *, by: UUID | None, at: datetime) -> None:
        """Take a task from its owner, if it has one, and announce it."""
        owner = task.owner_id
        if owner is None:
            return
        task.owned_by(None, at=at)
        self.announce(
            TaskReleased(
                actor_id=by,
                at=at,
                application_id=task.application_id,
                task_id=task.id,
                stage=task.stage.value,
                owner_id=owner,
            )
        )

    def give(self, task: Task, person: UUID, *, by: UUID, at: datetime) -> None:
        """Make somebody the owner of a task that they may do, and announce it."""
        task.owned_by(person, at=at)
        self.announce(
            TaskAssigned(
                actor_id=by,
                at=at,
                application_id=task.application_id,
                task_id=task.id,
                stage=task.stage.value,
                owner_id=person,
            )
        )

    async def let_go_everywhere(self, *, at: datetime) -> None:
        """Give back what nobody announced: a right or a seat that ended by its day, or that a role lost."""
        async with self.transaction():
            await self.let_go(at=at)

    async def assign(self, task_id: UUID, person: UUID | None, *, principal: Principal, at: datetime) -> TaskAnswer:
        """Give a task to a person, or to whoever may do it and has the fewest open tasks.

        Raises:
            Missing: There is no such task, or the person may not see it.
            TaskClosed, NotYourTask: It is not theirs to give.
            NotEligible, NobodyEligible: It cannot be given to that person, or to anybody.
        """
        async with self.transaction():
            task = await self._locked(task_id, principal)
            if not reaches(principal, ASSIGN, task):
                raise NotYourTask(f"Giving this task to somebody needs the permission {ASSIGN} here.")
            chosen = await self.fit_for(task, person, at=at)
            if chosen is None and person is not None:
                raise NotEligible(
                    "This person may not do this task: their rights do not reach it, or they had a hand in the loan."
                )
            if chosen is None:
                raise NobodyEligible("Nobody may do this task: give somebody here the right to.")
            if chosen != task.owner_id:
                self.give(task, chosen, by=principal.id, at=at)
        return await self.shown(task_id, at=at)

    async def shown(self, task_id: UUID, *, at: datetime) -> TaskAnswer:
        """Show a task with its application and its owner."""
        return answer_of((await self.session.execute(SHOWN.where(Task.id == task_id))).one(), at=at)

    async def _locked(self, task_id: UUID, principal: Principal) -> Task:
        task = await self.find(visible_to(principal), id=task_id, lock=True)
        if task.closed_at is not None:
            raise TaskClosed("The application has moved on; there is nothing left to do here.")
        return task

    async def fit_for(self, task: Task, person: UUID | None, *, at: datetime) -> UUID | None:
        """Of those who may do a task (or the one person wanted), the one with the fewest open tasks."""
        await self.session.flush()
        doing = Doing.of(task)
        wanted = doing.brought(at=at) | {"person": person}
        chosen: UUID | None = await least_loaded(doing.kind).value(self.session, **wanted)
        return chosen


def _deadline(minutes: int, used: int | None, calendar: BusinessHours, *, at: datetime) -> Deadline | None:
    try:
        return deadline(at, minutes=minutes, used=timedelta(seconds=used or 0), calendar=calendar)
    except NeverOpen:  # a branch with impossible hours must not stop its loans
        return None
