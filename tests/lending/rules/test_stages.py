"""The table of moves, without anything around it."""

from itertools import product
from uuid import uuid4

import pytest

from lc_workflow.lending.rules.stages import (
    APPROVE,
    CLOSED,
    EDITABLE,
    PROCESS,
    STATUS_OF,
    STEPS,
    UPDATE,
    AccountNeeded,
    Action,
    Circumstances,
    NoSuchStep,
    NotYourStep,
    ReasonNeeded,
    SodMaker,
    Stage,
    Step,
    check,
    refusals,
    step_between,
    step_by,
    steps_from,
)

SOMEBODY = uuid4()
STEPPED = {(step.source, step.target) for step in STEPS}


def given(**changes: object) -> Circumstances:
    return Circumstances(
        **{  # type: ignore[arg-type]
            "person": SOMEBODY,
            "permissions": {UPDATE, PROCESS, APPROVE},
            "preparers": (),
            "account_id": "00012345",
            "reason": "because",
            **changes,
        }
    )


@pytest.mark.parametrize(("source", "target"), sorted(set(product(Stage, Stage)) - STEPPED))
def test_without_a_step_nobody_moves(source: Stage, target: Stage) -> None:
    with pytest.raises(NoSuchStep):
        step_between(source, target)


@pytest.mark.parametrize("step", STEPS, ids=lambda step: f"{step.action}-from-{step.source}")
def test_each_step_is_found_by_its_action_and_by_its_target(step: Step) -> None:
    assert step_by(step.action, step.source) is step
    assert step_between(step.source, step.target) is step


@pytest.mark.parametrize("step", STEPS, ids=lambda step: f"{step.action}-from-{step.source}")
def test_each_step_is_open_to_holders_of_its_permission_alone(step: Step) -> None:
    check(step, given(permissions={step.permission}))
    with pytest.raises(NotYourStep):
        check(step, given(permissions={UPDATE, PROCESS, APPROVE} - {step.permission}))


@pytest.mark.parametrize("step", STEPS, ids=lambda step: f"{step.action}-from-{step.source}")
def test_whoever_prepared_an_application_does_not_decide_it(step: Step) -> None:
    found = [type(refusal) for refusal in refusals(step, given(preparers=[SOMEBODY]))]
    assert found == ([SodMaker] if step.decides else [])


def test_every_way_to_approval_is_a_decision() -> None:
    assert all(step.decides and step.permission == APPROVE for step in STEPS if step.target is Stage.APPROVED)


def test_the_way_to_the_manager_needs_an_account() -> None:
    with pytest.raises(AccountNeeded):
        check(step_between(Stage.TELLER_PROCESSING, Stage.MANAGER_REVIEW), given(account_id=None))


@pytest.mark.parametrize("action", [Action.REJECT, Action.RETURN, Action.WITHDRAW, Action.REOPEN])
def test_turning_an_application_back_needs_a_reason(action: Action) -> None:
    for step in STEPS:
        if step.action is action:
            with pytest.raises(ReasonNeeded):
                check(step, given(reason=None))


def test_an_approved_loan_stays_approved() -> None:
    assert steps_from(Stage.APPROVED) == ()


def test_every_stage_has_a_status_and_closed_ones_are_not_edited() -> None:
    assert set(STATUS_OF) == set(Stage)
    assert CLOSED.isdisjoint(EDITABLE)
