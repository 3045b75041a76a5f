"""The stages of an application, the actions that lead from one to the next, and who may take them."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from lc_workflow.kernel.errors import Forbidden, Invalid
from lc_workflow.kernel.names import plain


class Stage(StrEnum):
    """Where an application stands, in the words of the staff (lending.md §1)."""

    PO_CREATED = "PO_CREATED"
    USER_COMPLETED = "USER_COMPLETED"
    TELLER_PROCESSING = "TELLER_PROCESSING"
    MANAGER_REVIEW = "MANAGER_REVIEW"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"
    RETURNED = "RETURNED"
    WITHDRAWN = "WITHDRAWN"
    EXPIRED = "EXPIRED"
    DISBURSED = "DISBURSED"


class Status(StrEnum):
    """The coarser word the web app shows; derived from the stage, never stored."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    UNDER_REVIEW = "under_review"
    APPROVED = "approved"
    REJECTED = "rejected"


STATUS_OF = {
    Stage.PO_CREATED: Status.DRAFT,
    Stage.RETURNED: Status.DRAFT,
    Stage.USER_COMPLETED: Status.SUBMITTED,
    Stage.TELLER_PROCESSING: Status.UNDER_REVIEW,
    Stage.MANAGER_REVIEW: Status.UNDER_REVIEW,
    Stage.APPROVED: Status.APPROVED,
    Stage.REJECTED: Status.REJECTED,
    Stage.WITHDRAWN: Status.REJECTED,
    Stage.EXPIRED: Status.REJECTED,
    Stage.DISBURSED: Status.APPROVED,
}

EDITABLE = frozenset({Stage.PO_CREATED, Stage.RETURNED})
"""The stages in which the application's fields may change."""

CLOSED = frozenset({Stage.APPROVED, Stage.REJECTED, Stage.WITHDRAWN, Stage.EXPIRED, Stage.DISBURSED})
"""The stages in which work on the application has ended."""

DECIDED = CLOSED - {Stage.WITHDRAWN}
"""The stages that follow a decision on the loan."""


class Action(StrEnum):
    """What people do to an application; each is one or more steps of the table."""

    SUBMIT = "submit"
    START = "start"
    SEND_TO_REVIEW = "send_to_review"
    APPROVE = "approve"
    REJECT = "reject"
    RETURN = "return"
    WITHDRAW = "withdraw"
    REOPEN = "reopen"
    UNDO_APPROVAL = "undo_approval"
    EXPIRE = "expire"
    DISBURSE = "disburse"


PREPARING = frozenset({Action.SUBMIT, Action.START, Action.SEND_TO_REVIEW, Action.REOPEN})
"""The actions by which a person takes part in preparing an application, and so may not decide it."""


@dataclass(frozen=True, slots=True)
class Step:
    """One permitted move: the permission it needs, and what must be known before it is taken.

    `decides` marks the decision on the loan, which nobody takes who prepared the application in this cycle. A step
    without a permission cannot be asked for; `WITHOUT_ASKING` says how it comes about.
    """

    action: Action
    source: Stage
    target: Stage
    permission: str | None
    needs_account: bool = False
    needs_reason: bool = False
    decides: bool = False


UPDATE, PROCESS, APPROVE = "application:update", "application:process", "application:approve"

STEPS = (
    Step(Action.SUBMIT, Stage.PO_CREATED, Stage.USER_COMPLETED, UPDATE),
    Step(Action.SUBMIT, Stage.RETURNED, Stage.USER_COMPLETED, UPDATE),
    Step(Action.START, Stage.USER_COMPLETED, Stage.TELLER_PROCESSING, PROCESS),
    Step(Action.SEND_TO_REVIEW, Stage.TELLER_PROCESSING, Stage.MANAGER_REVIEW, PROCESS, needs_account=True),
    Step(Action.REJECT, Stage.TELLER_PROCESSING, Stage.REJECTED, PROCESS, needs_reason=True),
    Step(Action.APPROVE, Stage.MANAGER_REVIEW, Stage.APPROVED, APPROVE, decides=True),
    Step(Action.REJECT, Stage.MANAGER_REVIEW, Stage.REJECTED, APPROVE, needs_reason=True, decides=True),
    Step(Action.RETURN, Stage.USER_COMPLETED, Stage.RETURNED, PROCESS, needs_reason=True),
    Step(Action.RETURN, Stage.TELLER_PROCESSING, Stage.RETURNED, PROCESS, needs_reason=True),
    Step(Action.RETURN, Stage.MANAGER_REVIEW, Stage.RETURNED, APPROVE, needs_reason=True),
    *(
        Step(Action.WITHDRAW, open_stage, Stage.WITHDRAWN, UPDATE, needs_reason=True)
        for open_stage in (
            Stage.PO_CREATED,
            Stage.RETURNED,
            Stage.USER_COMPLETED,
            Stage.TELLER_PROCESSING,
            Stage.MANAGER_REVIEW,
        )
    ),
    *(
        Step(Action.REOPEN, ended, Stage.PO_CREATED, UPDATE, needs_reason=True)
        for ended in (Stage.REJECTED, Stage.WITHDRAWN, Stage.EXPIRED)
    ),
    Step(Action.UNDO_APPROVAL, Stage.APPROVED, Stage.MANAGER_REVIEW, APPROVE, needs_reason=True),
    Step(Action.EXPIRE, Stage.APPROVED, Stage.EXPIRED, None),
    Step(Action.DISBURSE, Stage.APPROVED, Stage.DISBURSED, None),
)
"""The whole table of moves: anything not listed cannot happen (lending.md §1)."""

WITHOUT_ASKING = {
    Action.EXPIRE: "An approval expires by itself when it was not used in time.",
    Action.DISBURSE: "A loan is disbursed when its disbursement is confirmed.",
}
"""The steps that nobody can ask for, and how they come about."""


class NoSuchStep(Invalid):
    """No step leads there from here."""


class NotYourStep(Forbidden):
    """The step exists, for someone with another permission."""


class SodMaker(Forbidden):
    """Whoever prepared an application does not decide it (lending.md §2)."""


class SodEditor(Forbidden):
    """Whoever changed an application materially does not decide it (lending.md §2)."""


class AccountNeeded(Invalid):
    """The step waits for an account id."""


class ReasonNeeded(Invalid):
    """The step waits for a reason."""


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What else a step depends on.

    `permissions` are those the person holds for this very application, `preparers` everyone who drafted it or prepared
    it in this cycle, `editors` everyone who changed it materially in this cycle.
    """

    person: UUID
    permissions: Collection[str]
    preparers: Collection[UUID]
    editors: Collection[UUID] = ()
    account_id: str | None = None
    reason: str | None = None


def step_by(action: Action, source: Stage) -> Step:
    """Find the step an action takes from a stage.

    Raises:
        NoSuchStep: The action is not taken from there.
    """
    for step in STEPS:
        if step.action is action and step.source is source:
            return step
    raise NoSuchStep(f"An application that stands at {source} cannot take the step “{action}”.")


def step_between(source: Stage, target: Stage) -> Step:
    """Find the step that leads from one stage to another.

    Raises:
        NoSuchStep: None does.
    """
    for step in STEPS:
        if step.source is source and step.target is target:
            return step
    raise NoSuchStep(f"An application that stands at {source} cannot move to {target}.")


def refusals(step: Step, given: Circumstances) -> list[Invalid | Forbidden]:
    """List everything that keeps the person from taking the step now; empty when nothing does."""
    found: list[Invalid | Forbidden] = []
    if step.permission is None:
        found.append(NotYourStep(WITHOUT_ASKING[step.action]))
    elif step.permission not in given.permissions:
        found.append(NotYourStep(f"The step “{step.action}” needs the permission {step.permission} here."))
    if step.decides and given.person in given.preparers:
        found.append(SodMaker("You prepared this application; someone else has to decide it."))
    if step.decides and given.person in given.editors:
        found.append(SodEditor("You changed what this application comes to; someone else has to decide it."))
    if step.needs_account and not given.account_id:
        found.append(AccountNeeded(f"Give the account id before moving to {step.target}."))
    if step.needs_reason and not plain(given.reason or ""):
        found.append(ReasonNeeded(f"Say why: the step “{step.action}” needs a reason."))
    return found


def steps_from(source: Stage) -> tuple[Step, ...]:
    """List the steps of the table that leave a stage, in its order."""
    return tuple(step for step in STEPS if step.source is source)
