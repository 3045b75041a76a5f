"""What follows for the work on loans when they are judged, and when somebody can do it no more."""

from typing import Final

from lc_workflow.identity.events import AccountChanged, RightGiven, RightTaken, RoleTaken
from lc_workflow.lending.events import AffordabilityAssessed, ApplicationScored, AuthorityEnded, DelegationEnded
from lc_workflow.lending.tasks.service import TaskService
from lc_workflow.platform.manifest import Hearing

MOVED: Final = frozenset({"status", "branch_id", "role"})
"""What of an account decides whether its owner can go on with their work."""


async def seat_again(event: AffordabilityAssessed | ApplicationScored, hearing: Hearing) -> None:
    """Look again whose decision is awaited; hearing it twice finds the same."""
    await TaskService(hearing.session).seat_again(event.application_id, by=None, at=event.at)


async def let_go(
    event: AccountChanged | RoleTaken | RightGiven | RightTaken | AuthorityEnded | DelegationEnded, hearing: Hearing
) -> None:
    """Give back what somebody has and can do no more, or nowhere here; hearing it twice finds nothing left."""
    match event:
        case AccountChanged() if MOVED.isdisjoint(event.fields):
            return
        case AuthorityEnded():
            person = event.person_id
        case DelegationEnded():
            person = event.to_id
        case _:
            person = event.user_id
    await TaskService(hearing.session).let_go(person, at=event.at)
