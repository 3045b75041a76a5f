"""Random people take random steps: no way leads to an approval that the matrix does not give."""

from collections import Counter
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.identity.rules.roles import STANDINGS, Role
from lc_workflow.kernel.errors import DomainError
from lc_workflow.kernel.principal import Principal
from lc_workflow.lending.applications.models import CustomerApplication
from lc_workflow.lending.applications.schemas import ApplicationChange
from lc_workflow.lending.applications.service import ApplicationService
from lc_workflow.lending.approvals.models import ApplicationDecision, ApprovalCase
from lc_workflow.lending.approvals.queries import fingerprint
from lc_workflow.lending.rules.deliberation import AGREEING, Decision
from lc_workflow.lending.rules.stages import STEPS, Action, Stage
from lc_workflow.lending.workflow.models import Move
from lc_workflow.lending.workflow.schemas import Wish
from lc_workflow.lending.workflow.service import WorkflowService
from lc_workflow.organization.branches.models import Branch
from tests.conftest import Person, SignIn
from tests.lending.approvals.steps import BM, RM, Give, Publish
from tests.lending.factories import an_application
from tests.moments import NOON

PEOPLE = ("officer", "teller", "manager", "manager", "manager", "admin", "viewer", "officer", "regional_manager")
"""The last manager, the last officer and the regional manager hold a region by name, the last of them another one."""

SMALL: dict[str, Any] = {"priority": 10, "when": {"max_amount": 1000}, "stages": [BM]}
"""Up to a thousand the branch decides alone; above, two of the region agree after it."""

STEPS_TO_TRY = (
    *((action, None) for action in Action),
    *((None, decision) for decision in Decision),
    (None, None),  # an edit
)

WALKS = st.lists(
    st.tuples(
        st.integers(0, len(PEOPLE) - 1),
        # Half of the time the next step forward is tried, so that walks come far.
        st.none() | st.sampled_from(STEPS_TO_TRY),
        st.sampled_from([None, Decimal(900), Decimal(1200), Decimal(1500)]),
    ),
    min_size=5,
    max_size=30,
)
FORWARD = {
    Stage.PO_CREATED: Action.SUBMIT,
    Stage.RETURNED: Action.SUBMIT,
    Stage.USER_COMPLETED: Action.START,
    Stage.TELLER_PROCESSING: Action.SEND_TO_REVIEW,
    Stage.MANAGER_REVIEW: Action.APPROVE,
    Stage.APPROVED: Action.UNDO_APPROVAL,
    Stage.REJECTED: Action.REOPEN,
    Stage.WITHDRAWN: Action.REOPEN,
}


def principal_of(person: Person) -> Principal:
    user = person.user
    return Principal(
        id=user.id,
        role=user.role,
        roles=frozenset({user.role}),
        session_id=user.id,
        branch_id=user.branch_id,
        grants=STANDINGS[Role(user.role)].grants,
    )


@pytest.fixture
async def people(sign_in: SignIn, north: Branch, give: Give) -> list[Principal]:
    people = [await sign_in(role, branch_id=north.id) for role in PEOPLE]
    await give(people[4], "regional_manager", reach="region", region="North")
    await give(people[7], "regional_manager", reach="region", region="North")
    await give(people[8], "regional_manager", reach="region", region="South")
    return [principal_of(person) for person in people]


def forward(*who: int) -> list[Any]:
    """A walk in which these people try the next step, one after the other."""
    return [(number, None, None) for number in who]


@example(walk=forward(0, 1, 1, 2, 4, 7))
@example(walk=forward(0, 1, 1, 2, 3, 4, 7))  # a second manager is no regional one
@example(walk=forward(0, 1, 1, 2, 8, 4, 7))  # nor is the region of the South that of the North
@example(walk=forward(0, 1, 1, 4, 4, 7, 7))  # nobody decides twice, whatever they hold
@example(walk=forward(0, 1, 1, 0, 1, 5, 6, 2, 0, 1, 5, 6, 4))  # nor who prepared it, and no office decides for another
@settings(
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
)
@given(walk=WALKS)
async def test_no_walk_reaches_an_approval_without_the_authority_the_matrix_demands(
    session: AsyncSession, people: list[Principal], publish: Publish, walk: list[Any]
) -> None:
    if await session.scalar(select(ApprovalCase.id).limit(1)) is None:
        await publish(rules=[SMALL, {"priority": 90, "when": {}, "stages": [BM, RM | {"quorum": 2}]}])
    session.add(draft := an_application(people[0].id, branch_id=people[0].branch_id))
    await session.commit()
    application_id = draft.id  # a refusal rolls back, and what was loaded is forgotten with it
    workflow = WorkflowService(session)
    applications = ApplicationService(session, store=None)  # type: ignore[arg-type] # edits touch no papers
    for who, what, amount in walk:
        row = await session.get_one(CustomerApplication, application_id, populate_existing=True)
        action, decision = what or (FORWARD.get(row.workflow_status, Action.APPROVE), None)
        try:
            if action is None and decision is None:
                await applications.change(
                    application_id,
                    ApplicationChange(requested_amount=amount or Decimal(1300)),
                    expected_version=None,
                    principal=people[who],
                    at=NOON,
                )
            else:
                wish = Wish(
                    action=action,
                    decision=decision,
                    account_id=f"walk-{application_id.hex[:20]}",
                    reason="So",
                    approved_amount=amount,
                    conditions=["A condition"] if decision is Decision.APPROVE_WITH_CONDITIONS else (),
                )
                await workflow.move(application_id, wish, expected_version=None, principal=people[who], at=NOON)
        except DomainError:
            continue
        await assert_that_it_holds_together(session, application_id, people)


async def assert_that_it_holds_together(session: AsyncSession, application_id: UUID, people: list[Principal]) -> None:
    row = await session.get_one(CustomerApplication, application_id, populate_existing=True)
    moves = (
        await session.scalars(select(Move).where(Move.application_id == application_id).order_by(Move.number))
    ).all()
    stood_at, cycle = Stage.PO_CREATED, 1
    for move in moves:
        assert move.source is stood_at
        assert any((step.action, step.source, step.target) == (move.action, move.source, move.target) for step in STEPS)
        stood_at, cycle = move.target, cycle + (move.action is Action.REOPEN)
        assert move.cycle == cycle
    assert (row.workflow_status, row.cycle) == (stood_at, cycle)
    assert (row.approved_at is not None) == (row.workflow_status is Stage.APPROVED)
    if row.workflow_status is Stage.APPROVED:
        await assert_that_it_was_rightly_approved(session, row, people)


async def assert_that_it_was_rightly_approved(
    session: AsyncSession, row: CustomerApplication, people: list[Principal]
) -> None:
    """Each stage the amount demands agreed to exactly these terms, by people who may, each of them once."""
    counted = (
        await session.scalars(
            select(ApplicationDecision).where(
                ApplicationDecision.application_id == row.id,
                ApplicationDecision.cycle == row.cycle,
                ApplicationDecision.voided_at.is_(None),
                ApplicationDecision.decision.in_(AGREEING),
            )
        )
    ).all()
    assert row.approved_amount is not None
    demanded = {"BM": 1} if row.approved_amount <= 1000 else {"BM": 1, "RM": 2}
    assert Counter(demanded) <= Counter(decision.stage for decision in counted)
    assert max(Counter(decision.actor_id for decision in counted).values()) == 1
    managers, regional = {people[number].id for number in (2, 3, 4)}, {people[number].id for number in (4, 7)}
    for decision in counted:
        assert (decision.amount, decision.term) == (row.approved_amount, row.approved_loan_term)
        assert decision.actor_id in (managers if decision.stage == "BM" else regional)
        assert decision.actor_id not in {row.user_id, *row.preparers, *row.editors}
        assert fingerprint(decision.snapshot) == decision.snapshot_sha256
