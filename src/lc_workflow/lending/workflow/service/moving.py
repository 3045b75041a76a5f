"""The one engine that moves applications."""

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.kernel.errors import DomainError
from lc_workflow.kernel.principal import Principal
from lc_workflow.lending.applications.access import visible_to
from lc_workflow.lending.applications.models import CustomerApplication
from lc_workflow.lending.applications.service import give_up_account
from lc_workflow.lending.approvals.service import ApprovalService
from lc_workflow.lending.checklists.service import ChecklistService
from lc_workflow.lending.customers.service import CustomerService
from lc_workflow.lending.events import ApplicationMoved
from lc_workflow.lending.products.service import ProductService
from lc_workflow.lending.rules.deliberation import AGREEING, Decision, StageClosed
from lc_workflow.lending.rules.expiry import VALID_DAYS, begin_of_validity, valid_days
from lc_workflow.lending.rules.stages import (
    PREPARING,
    Action,
    Stage,
    Step,
    step_between,
    step_by,
    steps_from,
)
from lc_workflow.lending.tasks.service import TaskService
from lc_workflow.lending.workflow.models import Move
from lc_workflow.lending.workflow.queries import AT_A_SEAT, Docket, Dockets
from lc_workflow.lending.workflow.schemas import Obstacle, PossibleAction, Wish
from lc_workflow.lending.workflow.service.obstacles import Obstacles, account_of
from lc_workflow.platform.http.versions import check_version
from lc_workflow.platform.service import Service
from lc_workflow.system.settings.service import SettingService

STEP_OF: Final = dict.fromkeys(Decision, Action.APPROVE) | {
    Decision.REJECT: Action.REJECT,
    Decision.RETURN: Action.RETURN,
}
"""The step that a decision belongs to; abstaining and recusing oneself belong to approving."""


class WorkflowService(Service[CustomerApplication]):
    """Moves the applications a person may see."""

    noun = "application"

    def __init__(self, session: AsyncSession) -> None:
        super().__init__(session)
        self._customers = CustomerService(session)
        self._settings = SettingService(session)
        self._tasks = TaskService(session)
        self._checklists = ChecklistService(session)
        self._approvals = ApprovalService(session)
        self._products = ProductService(session)
        self._dockets = Dockets(session)
        self._obstacles = Obstacles(session, self._approvals)

    async def move(
        self,
        application_id: UUID,
        wish: Wish,
        *,
        expected_version: int | None,
        principal: Principal,
        at: datetime,
    ) -> CustomerApplication:
        """Take a step. The row stays locked until the commit, so of two people who act at once one always comes second.

        Raises:
            Missing: There is no such application, or the person may not see it.
            StaleVersion: It was changed since the person read it.
            NoSuchStep, NotYourStep, SodMaker, SodEditor, AccountNeeded, ReasonNeeded: See `rules.stages`.
            OutOfScope, LimitExceeded, SodRepeat, SodParty: See `rules.authority`.
            StageClosed, SnapshotChanged, ConditionsNeeded, ConditionsWithoutApproval, OtherTermsNeeded: See
                `rules.deliberation`.
            Incomplete, BranchClosed: It cannot be submitted yet, or not begun again where it belongs.
            PaperMissing, PaperUnverified, PaperOutdated, PaperRefused: See `rules.checklist`.
            AccountOfAnother: The account id belongs to another customer.
            AboveRequest, NothingLent: More would be approved or recommended than was asked for, or nothing.
            OtherTermsAgreed, NothingToRecommendFor: See `rules.objections`.
            BehindOwnLoan, AlreadyBehind: The borrower stands behind it, or somebody twice.
            AssessmentOutdated: It changed in substance since it was judged.
        """
        async with self.transaction():
            application = await self.find(visible_to(principal), id=application_id, lock=True)
            check_version(expected_version, application.version)
            step = _step(wish, application.workflow_status)
            task = await self._tasks.hold(application)
            ballot = wish.ballot(step)
            if ballot and ballot.decision in AGREEING:
                await self._approvals.hold_customers(application)
            case = await self._approvals.open(application, by=principal.id, at=at) if ballot else None
            if application.workflow_status in AT_A_SEAT:
                await self._dockets.keep(principal)
            docket = await self._dockets.of(application, principal, at=at)
            weighed = await self._obstacles.to(step, docket, wish, principal=principal, at=at)
            for obstacle in weighed.obstacles:
                raise obstacle
            if ballot and case:
                outcome = await self._approvals.decide(
                    application, case, ballot, weighed.ruling, principal=principal, at=at
                )
                if outcome is None:
                    application.renewed(at)
                    await self._tasks.seat_again(application.id, by=principal.id, at=at)
                    return application
                step = step_by(STEP_OF[outcome], application.workflow_status)
            if step.action in PREPARING:
                application.prepared_by(principal.id)
            await self._take(step, docket, wish, by=principal.id, at=at)
            await self._stand(
                step,
                application,
                task,
                by=principal.id,
                on_behalf_of=weighed.ruling.absent,
                at=at,
                reason=wish.reason,
                comment=wish.comment,
            )
        return application

    async def disburse(
        self, application: CustomerApplication, *, principal: Principal, at: datetime, comment: str | None = None
    ) -> None:
        """Record that an approved loan was paid out; works inside the caller's transaction, on a row it has locked.

        Nothing is checked again: that was done before the hand-over, and by now the money has left.

        Raises:
            NoSuchStep: It is not approved, or not any more.
        """
        step = step_by(Action.DISBURSE, application.workflow_status)
        task = await self._tasks.hold(application)
        await self._stand(step, application, task, by=principal.id, at=at, comment=comment)

    async def obstacles_to_disbursing(
        self, application_id: UUID, *, principal: Principal, at: datetime
    ) -> list[DomainError]:
        """List what keeps an approved loan from being paid out now; empty when nothing does."""
        return await self._obstacles.to_disbursing(await self._dockets.seen_by(principal, application_id, at=at), at=at)

    async def expire_due(self, *, at: datetime) -> int:
        """Expire the approvals that were not used in time, each in its own transaction; return how many."""
        granted_before = begin_of_validity(at, days=valid_days(await self._settings.value_of(VALID_DAYS)))
        due = (
            CustomerApplication.workflow_status == Stage.APPROVED,
            CustomerApplication.approved_at <= granted_before,
            CustomerApplication.disbursement_requested_at.is_(None),
        )
        waiting = await self.session.scalars(
            select(CustomerApplication.id).where(*due).order_by(CustomerApplication.approved_at)
        )
        expired = 0
        for application_id in waiting.all():
            async with self.transaction():
                application = await self.get_one_or_none(*due, id=application_id, with_for_update={"skip_locked": True})
                if application is not None:
                    step = step_by(Action.EXPIRE, application.workflow_status)
                    await self._stand(step, application, await self._tasks.hold(application), by=None, at=at)
                    expired += 1
        return expired

    async def _take(self, step: Step, docket: Docket, wish: Wish, *, by: UUID, at: datetime) -> None:
        """Change what the step changes besides the stage."""
        application, case = docket.application, docket.sitting.case
        match step.action:
            case Action.SUBMIT:
                if application.customer_id is None:
                    application.customer_id = await self._customers.written_down(
                        application, written_for=application.id, at=at
                    )
                await self._approvals.go_on(application, case, by=by, at=at)
            case Action.START:
                await self._enter_account(step, application, wish, at=at)
            case Action.SEND_TO_REVIEW:
                await self._enter_account(step, application, wish, at=at)
                await self._approvals.go_on(application, case, wish.recommended, by=by, at=at)
            case Action.APPROVE:
                application.approved_interest_rate = docket.grounds.rate(application.approved_interest_rate)
            case Action.UNDO_APPROVAL:
                await self._approvals.reopen_last_stage(application, by=by, at=at)
            case Action.REJECT | Action.WITHDRAW:
                await self._end(step, application, wish)
            case Action.REOPEN:
                application.begin_again(by)
                application.checklist_id = await self._checklists.current_id()
                if code := application.product_code or application.product_type:
                    known = application.product_version_id
                    application.product_version_id = await self._products.begun_again(code, so_far=known)
            case _:
                pass

    async def _stand(
        self,
        step: Step,
        application: CustomerApplication,
        done: Row[UUID, datetime] | None,
        *,
        by: UUID | None,
        at: datetime,
        reason: str | None = None,
        comment: str | None = None,
        on_behalf_of: UUID | None = None,
    ) -> None:
        """Move the application to the stage the step leads to, record and announce the move, and open the next task.

        `done` is the task that the step completes.
        """
        application.stand_at(step.target, by=by, at=at)
        why = reason if step.needs_reason else None
        self.session.add(
            Move(
                application_id=application.id,
                action=step.action,
                source=step.source,
                target=step.target,
                actor_id=by,
                on_behalf_of=on_behalf_of,
                at=at,
                cycle=application.cycle,
                reason=why,
                comment=comment,
            )
        )
        self.announce(
            ApplicationMoved(
                actor_id=by,
                on_behalf_of=on_behalf_of,
                at=at,
                application_id=application.id,
                action=step.action.value,
                source=step.source.value,
                target=step.target.value,
                drafted_by=application.user_id,
                branch_id=application.branch_id,
                reason=why,
            )
        )
        await self._tasks.follow(application, done, by=by, at=at)

    async def _end(self, step: Step, application: CustomerApplication, wish: Wish) -> None:
        """Keep the reason why nothing came of a loan, and let go of its account if nobody has checked it."""
        if step.action is Action.REJECT:
            application.rejection_reason = wish.reason
        if not application.account_id_validated:
            await give_up_account(self.session, application)

    async def _enter_account(self, step: Step, application: CustomerApplication, wish: Wish, *, at: datetime) -> None:
        """Write down the account the teller found; sending the application on means that they checked it."""
        account_id = account_of(application, wish)
        is_claimed = step.action is Action.SEND_TO_REVIEW or wish.account_id is not None
        if account_id and application.customer_id and is_claimed:
            await self._customers.own_account(account_id, application.customer_id, at=at)
        if account_id != application.account_id:
            await give_up_account(self.session, application)
            application.account_id, application.account_id_validated = account_id, False
        if step.action is Action.SEND_TO_REVIEW:
            application.account_id_validated = True
            application.account_id_validation_notes = wish.comment

    async def standing(
        self, application_id: UUID, *, principal: Principal, at: datetime
    ) -> tuple[CustomerApplication, list[PossibleAction]]:
        """Return the stage of an application, and every action with what keeps this person from it.

        So nobody is refused without learning why.

        Raises:
            Missing: There is no such application, or the person may not see it.
        """
        docket = await self._dockets.seen_by(principal, application_id, at=at)
        steps = {step.action: step for step in steps_from(docket.application.workflow_status)}
        possible = [
            await self._possible(action, steps.get(action), docket, principal=principal, at=at) for action in Action
        ]
        return docket.application, possible

    async def _possible(
        self, action: Action, step: Step | None, docket: Docket, *, principal: Principal, at: datetime
    ) -> PossibleAction:
        if step is None:
            here = docket.application.workflow_status
            obstacle = Obstacle("NoSuchStep", f"An application at {here} has no step “{action}”.")
            return PossibleAction(action, None, allowed=False, needs=(), blocked_by=(obstacle,))
        found = (await self._obstacles.to(step, docket, None, principal=principal, at=at)).obstacles
        needs = (
            *(("account_id",) if step.needs_account and not docket.has_account else ()),
            *(("reason",) if step.needs_reason else ()),
        )
        blocked_by = tuple(Obstacle(refusal.code, refusal.detail) for refusal in found)
        return PossibleAction(action, step.target, allowed=not found, needs=needs, blocked_by=blocked_by)


def _step(wish: Wish, source: Stage) -> Step:
    if wish.decision is not None:
        if source is not Stage.MANAGER_REVIEW:
            raise StageClosed(f"An application at {source} waits for no decision.")
        return step_by(STEP_OF[wish.decision], source)
    if wish.action is not None:
        return step_by(wish.action, source)
    assert wish.target is not None  # noqa: S101 - a wish names one of the three
    return step_between(source, wish.target)
