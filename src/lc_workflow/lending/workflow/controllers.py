"""The doors to the workflow engine; each of them leads to the same verb."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from litestar import Controller, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from lc_workflow.kernel.errors import Forbidden
from lc_workflow.kernel.principal import Principal
from lc_workflow.lending.applications.access import APPROVE, PROCESS, READ, UPDATE, reads_numbers
from lc_workflow.lending.applications.queries import ApplicationQueries
from lc_workflow.lending.applications.schemas import ApplicationAnswer
from lc_workflow.lending.approvals.queries import WhatIsSeen
from lc_workflow.lending.approvals.schemas import Deliberations
from lc_workflow.lending.rules.authority import LimitExceeded, OutOfScope, SodParty, SodRepeat
from lc_workflow.lending.rules.stages import Action, NotYourStep, SodEditor, SodMaker
from lc_workflow.lending.rules.stays import seconds_by_stage
from lc_workflow.lending.workflow.queries import PastMoves
from lc_workflow.lending.workflow.schemas import (
    ActionRequest,
    Approval,
    DecisionRequest,
    MoveAnswer,
    PossibleAction,
    Rejection,
    Standing,
    StayAnswer,
    Submission,
    Timeline,
    Transition,
    Wish,
)
from lc_workflow.lending.workflow.service import WorkflowService
from lc_workflow.platform.clock import Clock
from lc_workflow.platform.http.provide import Provider, provide
from lc_workflow.platform.http.shapes import shaped
from lc_workflow.platform.http.versions import EXPECTED_VERSION, ExpectedVersion, Tagged
from lc_workflow.platform.security.guards import ALARMING, NotPermitted, requires
from lc_workflow.platform.security.reads import Reader

OF_A_DECISION: Final = (NotPermitted, NotYourStep, SodMaker, SodEditor, SodRepeat, SodParty, OutOfScope, LimitExceeded)
"""The refusals of steps and decisions that concern security."""

THE_HOUSE: Final = "LC Workflow"
"""The name of the actor when nobody acts."""


@dataclass(frozen=True, slots=True)
class Door:
    """The way into the engine that all routes share: pass the wish on, and show the application after it."""

    workflow: WorkflowService
    listed: ApplicationQueries
    principal: Principal
    clock: Clock
    expected_version: int | None
    reader: Reader

    async def pass_on(self, application_id: UUID, wish: Wish) -> Tagged[ApplicationAnswer]:
        """Move the application and show it."""
        await self.workflow.move(
            application_id,
            wish,
            expected_version=self.expected_version,
            principal=self.principal,
            at=self.clock(),
        )
        answer = await self.listed.one(application_id, principal=self.principal)
        shown = await self.reader.show_one(answer, "application", allowed=reads_numbers(self.reader))
        return Tagged(shown, answer.version)


def open_door(
    workflow: NamedDependency[WorkflowService],
    listed: NamedDependency[ApplicationQueries],
    principal: NamedDependency[Principal],
    clock: NamedDependency[Clock],
    expected_version: ExpectedVersion,
    reader: NamedDependency[Reader],
) -> Door:
    """Provide a door with what it needs."""
    return Door(workflow, listed, principal, clock, expected_version, reader)


class WorkflowController(Controller):
    """Moving an application along."""

    path = "/api/v1/applications/{application_id:uuid}"
    tags = ("Workflow",)
    dependencies = EXPECTED_VERSION | {
        "workflow": provide(WorkflowService),
        "listed": provide(ApplicationQueries),
        "door": Provider(open_door),
        "past": provide(PastMoves),
    }

    @patch("/submit", guards=[requires(UPDATE)])
    async def submit(
        self, application_id: FromPath[UUID], door: NamedDependency[Door], data: JSONBody[Submission | None] = None
    ) -> Tagged[ApplicationAnswer]:
        """Submit the application."""
        return await door.pass_on(application_id, Wish(action=Action.SUBMIT, comment=data.notes if data else None))

    @patch("/approve", guards=[requires(APPROVE, PROCESS, UPDATE)], opt={ALARMING: Forbidden})
    async def approve(
        self, application_id: FromPath[UUID], data: JSONBody[Approval], door: NamedDependency[Door]
    ) -> Tagged[ApplicationAnswer]:
        """Approve the loan, on the requested terms or on others.

        A rate of 0 counts as the offered rate, because the web app's button does not know the rate and sends 0. To lend
        without interest, decide with `POST …/decisions`.
        """
        wish = Wish(
            action=Action.APPROVE,
            comment=data.notes,
            approved_amount=data.approved_amount,
            approved_term=data.approved_term,
            interest_rate=data.interest_rate or None,
            conditions=data.conditions,
            snapshot_hash=data.snapshot_hash,
        )
        return await door.pass_on(application_id, wish)

    @patch("/reject", guards=[requires(APPROVE, PROCESS, UPDATE)], opt={ALARMING: Forbidden})
    async def reject(
        self, application_id: FromPath[UUID], data: JSONBody[Rejection], door: NamedDependency[Door]
    ) -> Tagged[ApplicationAnswer]:
        """Reject the loan, with a reason."""
        wish = Wish(action=Action.REJECT, reason=data.rejection_reason, comment=data.notes)
        return await door.pass_on(application_id, wish)

    @get("/decisions", guards=[requires(READ)])
    async def deliberations(
        self,
        application_id: FromPath[UUID],
        seen: NamedDependency[WhatIsSeen],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> Deliberations:
        """Show how the application is decided: the stages, the terms on offer, decisions so far, their conditions."""
        return await seen.deliberations(application_id, principal=principal, at=clock())

    @post("/decisions", guards=[requires(APPROVE, PROCESS, UPDATE)], status_code=200, opt={ALARMING: Forbidden})
    async def decide(
        self, application_id: FromPath[UUID], data: JSONBody[DecisionRequest], door: NamedDependency[Door]
    ) -> Tagged[ApplicationAnswer]:
        """Decide at the open stage: approve, with conditions or on other terms, return, reject, abstain or recuse."""
        wish = Wish(
            decision=data.decision,
            approval_stage=data.stage,
            snapshot_hash=data.snapshot_hash,
            approved_amount=data.approved_amount,
            approved_term=data.approved_term,
            interest_rate=data.interest_rate,
            conditions=data.conditions,
            reason=data.reason,
            comment=data.notes,
        )
        return await door.pass_on(application_id, wish)

    @post(
        "/workflow/transition",
        guards=[requires(UPDATE, PROCESS, APPROVE)],
        status_code=200,
        opt={ALARMING: OF_A_DECISION},
    )
    async def transition(
        self, application_id: FromPath[UUID], data: JSONBody[Transition], door: NamedDependency[Door]
    ) -> Tagged[ApplicationAnswer]:
        """Move the application to another stage."""
        wish = Wish(
            target=data.new_status,
            account_id=data.account_id,
            reason=data.notes,
            comment=data.notes,
            recommended=data.recommended(),
        )
        return await door.pass_on(application_id, wish)

    @post(
        "/actions/{action:str}",
        guards=[requires(UPDATE, PROCESS, APPROVE)],
        status_code=200,
        opt={ALARMING: OF_A_DECISION},
    )
    async def act(
        self,
        application_id: FromPath[UUID],
        action: FromPath[Action],
        door: NamedDependency[Door],
        data: JSONBody[ActionRequest | None] = None,
    ) -> Tagged[ApplicationAnswer]:
        """Take an action from the list of `GET …/actions`."""
        given = data or ActionRequest()
        wish = Wish(
            action=action,
            account_id=given.account_id,
            reason=given.reason,
            comment=given.notes,
            recommended=given.recommended(),
            approved_amount=given.approved_amount,
            approved_term=given.approved_term,
            interest_rate=given.interest_rate,
            conditions=given.conditions,
            snapshot_hash=given.snapshot_hash,
        )
        return await door.pass_on(application_id, wish)

    @get("/actions", guards=[requires(READ)])
    async def actions(
        self,
        application_id: FromPath[UUID],
        workflow: NamedDependency[WorkflowService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> list[PossibleAction]:
        """List every action, and what keeps this person from taking it."""
        return (await workflow.standing(application_id, principal=principal, at=clock()))[1]

    @get("/workflow/status", guards=[requires(READ)])
    async def status(
        self,
        application_id: FromPath[UUID],
        workflow: NamedDependency[WorkflowService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> Standing:
        """Show the stage of the application, and where this person may move it."""
        row, possible = await workflow.standing(application_id, principal=principal, at=clock())
        stages = tuple(action.target for action in possible if action.allowed and action.target)
        return Standing(row.id, row.workflow_status, row.status, stages, row.cycle, row.version)

    @get("/workflow/history", guards=[requires(READ)])
    async def history(
        self,
        application_id: FromPath[UUID],
        past: NamedDependency[PastMoves],
        principal: NamedDependency[Principal],
    ) -> list[MoveAnswer]:
        """List the steps the application took, oldest first."""
        return [
            MoveAnswer(
                id=told.move.id,
                action=told.move.action,
                from_status=told.move.source,
                to_status=told.move.target,
                actor_id=told.move.actor_id,
                actor_name=told.actor_name or THE_HOUSE,
                on_behalf_of=told.move.on_behalf_of,
                on_behalf_of_name=told.on_behalf_of_name,
                at=told.move.at,
                cycle=told.move.cycle,
                reason=told.move.reason,
                comment=told.move.comment,
            )
            for told in await past.history(application_id, principal=principal)
        ]

    @get("/workflow/timeline", guards=[requires(READ)])
    async def timeline(
        self,
        application_id: FromPath[UUID],
        past: NamedDependency[PastMoves],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> Timeline:
        """Show where the application stood, and for how long."""
        told = await past.stays(application_id, principal=principal, at=clock())
        by_stage = dict(seconds_by_stage(told))
        return Timeline(application_id, [shaped(stay, StayAnswer) for stay in told], by_stage, sum(by_stage.values()))
