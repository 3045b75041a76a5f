"""The one engine that moves applications."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from advanced_alchemy.repository import SQLAlchemyAsyncRepository
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.identity.users.models import User
from lc_workflow.kernel.errors import Invalid
from lc_workflow.kernel.principal import Principal
from lc_workflow.lending.applications.access import permissions_for, visible_to
from lc_workflow.lending.applications.models import CustomerApplication
from lc_workflow.lending.customers.service import CustomerService
from lc_workflow.lending.events import ApplicationMoved
from lc_workflow.lending.rules.editing import check_complete
from lc_workflow.lending.rules.stages import (
    PREPARING,
    Action,
    Circumstances,
    Stage,
    Step,
    check,
    refusals,
    step_between,
    step_by,
    steps_from,
)
from lc_workflow.lending.workflow.models import Move
from lc_workflow.lending.workflow.schemas import Obstacle, PossibleAction
from lc_workflow.platform.http.versions import check_version
from lc_workflow.platform.service import Service


class AboveRequest(Invalid):
    """More would be approved than was asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a person wants to do to an application: an action, or the stage it should reach.

    Exactly one of `action` and `target` is given. The approved amount is in the application's currency, the term in
    months, the rate in percent per year; each left out is approved as requested.
    """

    action: Action | None = None
    target: Stage | None = None
    account_id: str | None = None
    reason: str | None = None
    comment: str | None = None
    approved_amount: Decimal | None = None
    approved_term: int | None = None
    interest_rate: Decimal | None = None


class WorkflowService(Service[CustomerApplication]):
    """Moves the applications a person may see."""

    class Repo(SQLAlchemyAsyncRepository[CustomerApplication]):
        """Applications as rows."""

        model_type = CustomerApplication

    repository_type = Repo
    noun = "application"

    def __init__(self, session: AsyncSession) -> None:
        """Open the service on the request's session."""
        super().__init__(session)
        self._customers = CustomerService(session)

    async def move(
        self,
        application_id: UUID,
        wish: Wish,
        *,
        expected_version: int | None,
        principal: Principal,
        at: datetime,
    ) -> CustomerApplication:
        """Take the wished-for step: the row is locked where the decision is made, so one of two always comes second.

        Raises:
            Missing: There is no such application, or the person may not see it.
            StaleVersion: It was changed since the person read it.
            NoSuchStep, NotYourStep, SodMaker, AccountNeeded, ReasonNeeded: See `rules.stages`.
            Incomplete: It cannot be submitted yet.
            AccountOfAnother: The account id belongs to another customer.
            AboveRequest: More would be approved than was asked for.
        """
        async with self.transaction():
            application = await self.find(visible_to(principal), id=application_id, lock=True)
            check_version(expected_version, application.version)
            step = _step(wish, application.workflow_status)
            account_id = wish.account_id or application.account_id
            check(
                step,
                Circumstances(
                    person=principal.id,
                    permissions=permissions_for(principal, application),
                    preparers=application.preparers,
                    account_id=account_id,
                    reason=wish.reason,
                ),
            )
            await self._take(step, application, wish, account_id=account_id, by=principal.id, at=at)
            application.stand_at(step.target, by=principal.id, at=at)
            self.session.add(
                Move(
                    application_id=application.id,
                    action=step.action,
                    source=step.source,
                    target=step.target,
                    actor_id=principal.id,
                    at=at,
                    cycle=application.cycle,
                    reason=wish.reason if step.needs_reason else None,
                    comment=wish.comment,
                )
            )
            self.announce(
                ApplicationMoved(
                    actor_id=principal.id,
                    at=at,
                    application_id=application.id,
                    action=step.action.value,
                    source=step.source.value,
                    target=step.target.value,
                    drafted_by=application.user_id,
                    branch_id=application.branch_id,
                )
            )
        return application

    async def _take(
        self,
        step: Step,
        application: CustomerApplication,
        wish: Wish,
        *,
        account_id: str | None,
        by: UUID,
        at: datetime,
    ) -> None:
        """Do to the row what the step means besides its new stage."""
        if step.action in PREPARING:
            application.prepared_by(by)
        match step.action:
            case Action.SUBMIT:
                check_complete(
                    names=(application.full_name_khmer, application.full_name_latin),
                    requested_amount=application.requested_amount,
                )
                if application.customer_id is None:
                    application.customer_id = await self._customers.written_down(application, at=at)
            case Action.START | Action.SEND_TO_REVIEW:
                await self._enter_account(step, application, account_id, wish.comment, at=at)
            case Action.APPROVE:
                _approve(application, wish)
            case Action.REJECT:
                application.rejection_reason = wish.reason
            case Action.REOPEN:
                application.cycle += 1
                application.preparers = [by]
                application.rejected_at = application.rejected_by = application.rejection_reason = None
            case Action.RETURN | Action.WITHDRAW:
                pass

    async def _enter_account(
        self, step: Step, application: CustomerApplication, account_id: str | None, comment: str | None, *, at: datetime
    ) -> None:
        """Write down the account the teller found; sending the application on says that it was checked."""
        application.account_id = account_id
        if account_id and application.customer_id:
            await self._customers.own_account(account_id, application.customer_id, at=at)
        if step.action is Action.SEND_TO_REVIEW:
            application.account_id_validated = True
            application.account_id_validation_notes = comment

    async def actions_for(self, application_id: UUID, *, principal: Principal) -> list[PossibleAction]:
        """List every action with what keeps this person from it, so that nobody meets a dead end without a reason.

        Raises:
            Missing: There is no such application, or the person may not see it.
        """
        application = await self.find(visible_to(principal), id=application_id)
        # What the person would type in with the action does not keep them from it; it stands under `needs`.
        given = Circumstances(
            person=principal.id,
            permissions=permissions_for(principal, application),
            preparers=application.preparers,
            account_id="given with the action",
            reason="given with the action",
        )
        steps = {step.action: step for step in steps_from(application.workflow_status)}
        return [_possible(action, steps.get(action), application, given) for action in Action]

    async def standing(
        self, application_id: UUID, *, principal: Principal
    ) -> tuple[CustomerApplication, list[PossibleAction]]:
        """Tell where an application stands and what this person may do with it.

        Raises:
            Missing: There is no such application, or the person may not see it.
        """
        possible = await self.actions_for(application_id, principal=principal)
        return await self.find(visible_to(principal), id=application_id), possible

    async def history(self, application_id: UUID, *, principal: Principal) -> list[tuple[Move, str]]:
        """List the steps an application took, oldest first, each with the name of who took it.

        Raises:
            Missing: There is no such application, or the person may not see it.
        """
        await self.find(visible_to(principal), id=application_id)
        rows = await self.session.execute(
            select(Move, User.first_name, User.last_name)
            .join(User, User.id == Move.actor_id)
            .where(Move.application_id == application_id)
            .order_by(Move.number)
        )
        return [(move, f"{first_name} {last_name}") for move, first_name, last_name in rows]


def _step(wish: Wish, source: Stage) -> Step:
    if wish.action is not None:
        return step_by(wish.action, source)
    assert wish.target is not None  # noqa: S101 - a wish names one of the two
    return step_between(source, wish.target)


def _approve(application: CustomerApplication, wish: Wish) -> None:
    """Write the approved terms beside the requested ones."""
    amount = application.requested_amount if wish.approved_amount is None else wish.approved_amount
    if amount is not None and application.requested_amount is not None and amount > application.requested_amount:
        raise AboveRequest(
            f"{amount} {application.currency} is more than the {application.requested_amount} that was requested."
        )
    application.approved_amount = amount
    application.approved_loan_term = wish.approved_term or application.desired_loan_term
    application.approved_interest_rate = application.interest_rate if wish.interest_rate is None else wish.interest_rate


def _possible(
    action: Action, step: Step | None, application: CustomerApplication, given: Circumstances
) -> PossibleAction:
    if step is None:
        obstacle = Obstacle("NoSuchStep", f"An application at {application.workflow_status} has no step “{action}”.")
        return PossibleAction(action, None, allowed=False, needs=(), blocked_by=(obstacle,))
    found = tuple(Obstacle(refusal.code, refusal.detail) for refusal in refusals(step, given))
    needs = (
        *(("account_id",) if step.needs_account and not application.account_id else ()),
        *(("reason",) if step.needs_reason else ()),
    )
    return PossibleAction(action, step.target, allowed=not found, needs=needs, blocked_by=found)
