"""The steps of onboarding, and the rules of leaving."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeAlias
from uuid import UUID

from lc_workflow.identity.rules.statuses import UserStatus
from lc_workflow.kernel.errors import Invalid


class Newcomer(Protocol):
    """A `User` row."""

    status: Any
    password_hash: Any
    login_count: Any
    phone_number: Any
    profile_photo_key: Any
    department_id: Any
    branch_id: Any
    position_id: Any
    line_manager_id: Any


Question: TypeAlias = Callable[[Newcomer], bool]


@dataclass(frozen=True, slots=True)
class Step:
    """One step: its description, whether it is required, and how one sees that it is done."""

    id: str
    title: str
    description: str
    done: Question
    required: bool = False


STEPS: Final = (
    Step(
        "account_active",
        "Account active",
        "The account is in use.",
        lambda user: user.status == UserStatus.ACTIVE,
        required=True,
    ),
    Step(
        "first_password",
        "First password",
        "The person has set a password of their own or was given one.",
        lambda user: user.password_hash is not None,
        required=True,
    ),
    Step(
        "first_sign_in", "First sign-in", "The person has signed in.", lambda user: user.login_count > 0, required=True
    ),
    Step(
        "posting",
        "Place of work",
        "The person belongs to a branch or to a department.",
        lambda user: user.branch_id is not None or user.department_id is not None,
    ),
    Step("position", "Position", "The person has a position.", lambda user: user.position_id is not None),
    Step(
        "line_manager",
        "Line manager",
        "It is known who answers the person's questions.",
        lambda user: user.line_manager_id is not None,
    ),
    Step("phone", "Telephone", "The person can be called.", lambda user: bool(user.phone_number)),
    Step("photo", "Photo", "Colleagues see who they work with.", lambda user: user.profile_photo_key is not None),
)
"""All steps, in the order they are usually taken."""


class OnboardingUnfinished(Invalid):
    """A required step is not done yet."""


class AlreadyOnboarded(Invalid):
    """Onboarding has been completed before."""


class NotOnboarded(Invalid):
    """Onboarding has not been completed, so there is nothing to begin again."""


class SuccessorNeeded(Invalid):
    """Somebody with open work leaves, and nobody was named to take it over."""


class UnfitSuccessor(Invalid):
    """The colleague who was named cannot take over."""


class NotLeaving(Invalid):
    """This person is not being offboarded."""


class AlreadyLeaving(Invalid):
    """This person is being offboarded already, or has left."""


def progress(user: Newcomer) -> int:
    """How far somebody is, in percent."""
    return round(100 * sum(step.done(user) for step in STEPS) / len(STEPS))


def check_complete(user: Newcomer, *, completed: bool) -> None:
    """Refuse to complete an onboarding with a required step undone.

    Raises:
        AlreadyOnboarded: It has ended before.
        OnboardingUnfinished: It names what is missing.
    """
    if completed:
        raise AlreadyOnboarded("Onboarding was completed before; begin it again if it is needed.")
    if missing := [step.title.lower() for step in STEPS if step.required and not step.done(user)]:
        raise OnboardingUnfinished(f"Not done yet: {', '.join(missing)}.")


def check_successor(leaving: UUID, successor: UUID | None, *, work: int) -> None:
    """Refuse to leave open work without a successor.

    Raises:
        SuccessorNeeded: There is work and no successor.
        UnfitSuccessor: People do not succeed themselves.
    """
    if successor == leaving:
        raise UnfitSuccessor("Nobody takes over from themselves; name a colleague.")
    if work and successor is None:
        raise SuccessorNeeded(f"There are {work} open tasks; name a colleague who takes them (successor_id).")
