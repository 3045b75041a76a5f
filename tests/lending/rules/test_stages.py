"""The table of moves, without anything around it."""

from itertools import product
from uuid import uuid4

import pytest

from lc_workflow.lending.rules.stages import (
    APPROVE,
    CLOSED,
    DECIDED,
    EDITABLE,
    PREPARING,
    PROCESS,
    STATUS_OF,
    STEPS,
    UPDATE,
    WITHOUT_ASKING,
    AccountNeeded,
    Action,
    Circumstances,
    NoSuchStep,
    NotYourStep,
    ReasonNeeded,
    SodEditor,
    SodMaker,
    Stage,
    Step,
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


ASKED_FOR = [step for step in STEPS if step.permission is not None]


def codes(step: Step, **changes: object) -> list[type]:
    return [type(refusal) for refusal in refusals(step, given(**changes))]


@pytest.mark.parametrize("step", ASKED_FOR, ids=lambda step: f"{step.action}-from-{step.source}")
def test_each_step_is_open_to_holders_of_its_permission_alone(step: Step) -> None:
    assert codes(step, permissions={step.permission}) == []
    assert codes(step, permissions={UPDATE, PROCESS, APPROVE} - {step.permission}) == [NotYourStep]


@pytest.mark.parametrize("action", [Action.EXPIRE, Action.DISBURSE])
def test_some_steps_are_not_taken_by_asking_for_them(action: Action) -> None:
    (refusal,) = refusals(step_by(action, Stage.APPROVED), given())
    assert (type(refusal), refusal.detail) == (NotYourStep, WITHOUT_ASKING[action])


def test_every_step_has_a_permission_or_says_how_it_comes_about() -> None:
    assert {step.action for step in STEPS if step.permission is None} == set(WITHOUT_ASKING)


@pytest.mark.parametrize("step", ASKED_FOR, ids=lambda step: f"{step.action}-from-{step.source}")
def test_whoever_prepared_or_changed_an_application_does_not_decide_it(step: Step) -> None:
    assert codes(step, preparers=[SOMEBODY]) == ([SodMaker] if step.decides else [])
    assert codes(step, editors=[SOMEBODY]) == ([SodEditor] if step.decides else [])


def test_every_way_to_approval_is_a_decision() -> None:
    assert all(step.decides and step.permission == APPROVE for step in STEPS if step.target is Stage.APPROVED)


def test_the_way_to_the_manager_needs_an_account() -> None:
    assert codes(step_between(Stage.TELLER_PROCESSING, Stage.MANAGER_REVIEW), account_id=None) == [AccountNeeded]


@pytest.mark.parametrize("action", [Action.REJECT, Action.RETURN, Action.WITHDRAW, Action.REOPEN, Action.UNDO_APPROVAL])
def test_turning_an_application_back_needs_a_reason(action: Action) -> None:
    for step in STEPS:
        if step.action is action:
            assert codes(step, reason=None) == codes(step, reason=" \n ") == [ReasonNeeded]


def test_an_approved_loan_is_paid_out_or_expires_or_is_decided_again() -> None:
    assert {step.target for step in steps_from(Stage.APPROVED)} == {
        Stage.DISBURSED,
        Stage.EXPIRED,
        Stage.MANAGER_REVIEW,
    }


def test_money_that_was_paid_out_does_not_come_back() -> None:
    assert steps_from(Stage.DISBURSED) == ()


@pytest.mark.parametrize("ended", [Stage.REJECTED, Stage.WITHDRAWN, Stage.EXPIRED])
def test_what_ended_without_a_loan_can_be_opened_again(ended: Stage) -> None:
    assert [step.action for step in steps_from(ended)] == [Action.REOPEN]


def test_every_stage_has_a_status_and_closed_ones_are_not_edited() -> None:
    assert set(STATUS_OF) == set(Stage)
    assert CLOSED.isdisjoint(EDITABLE)
    assert {"PO_CREATED", "RETURNED"} == EDITABLE
    assert {"APPROVED", "REJECTED", "WITHDRAWN", "EXPIRED", "DISBURSED"} == CLOSED
    assert CLOSED - {"WITHDRAWN"} == DECIDED


def test_whoever_brings_an_application_on_its_way_has_prepared_it() -> None:
    assert {"submit", "start", "send_to_review", "reopen"} == PREPARING


TABLE = """
PO_CREATED         submit         USER_COMPLETED     update
RETURNED           submit         USER_COMPLETED     update
USER_COMPLETED     start          TELLER_PROCESSING  process
TELLER_PROCESSING  send_to_review MANAGER_REVIEW     process account
TELLER_PROCESSING  reject         REJECTED           process reason
MANAGER_REVIEW     approve        APPROVED           approve decides
MANAGER_REVIEW     reject         REJECTED           approve reason decides
USER_COMPLETED     return         RETURNED           process reason
TELLER_PROCESSING  return         RETURNED           process reason
MANAGER_REVIEW     return         RETURNED           approve reason
PO_CREATED         withdraw       WITHDRAWN          update reason
RETURNED           withdraw       WITHDRAWN          update reason
USER_COMPLETED     withdraw       WITHDRAWN          update reason
TELLER_PROCESSING  withdraw       WITHDRAWN          update reason
MANAGER_REVIEW     withdraw       WITHDRAWN          update reason
REJECTED           reopen         PO_CREATED         update reason
WITHDRAWN          reopen         PO_CREATED         update reason
EXPIRED            reopen         PO_CREATED         update reason
APPROVED           undo_approval  MANAGER_REVIEW     approve reason
APPROVED           expire         EXPIRED            nobody
APPROVED           disburse       DISBURSED          nobody
"""


def test_the_table_of_moves_is_the_one_the_branch_agreed_on() -> None:
    told = {
        (
            *(step.source, step.action, step.target, (step.permission or ":nobody").partition(":")[2]),
            *(["account"] if step.needs_account else []),
            *(["reason"] if step.needs_reason else []),
            *(["decides"] if step.decides else []),
        )
        for step in STEPS
    }
    assert told == {tuple(line.split()) for line in TABLE.strip().splitlines()}


@pytest.mark.parametrize("step", ASKED_FOR, ids=lambda step: f"{step.action}-from-{step.source}")
def test_a_step_asks_for_nothing_that_it_does_not_need(step: Step) -> None:
    needed = [AccountNeeded] * step.needs_account + [ReasonNeeded] * step.needs_reason
    assert codes(step, account_id=None, reason=None) == needed


@pytest.mark.parametrize("stage", Stage)
def test_an_action_is_taken_from_its_stages_alone(stage: Stage) -> None:
    for action in set(Action) - {step.action for step in steps_from(stage)}:
        with pytest.raises(NoSuchStep, match=action):
            step_by(action, stage)
