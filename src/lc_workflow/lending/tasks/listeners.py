"""What follows for the work on loans when they are judged, and when somebody can do it no more."""

from typing import Final

from lc_workflow.identity.events import AccountChanged
from lc_workflow.lending.events import AffordabilityAssessed, ApplicationScored
from lc_workflow.lending.tasks.service import TaskService
from lc_workflow.platform.manifest import Hearing

MOVED: Final = frozenset({"status", "branch_id", "role"})
"""What of an account decides whether its owner can go on with their work."""


async def seat_again(event: AffordabilityAssessed | ApplicationScored, hearing: Hearing) -> None:
    """Look again whose decision is awaited; hearing it twice finds the same."""
    await TaskService(hearing.session).seat_again(event.application_id, by=None, at=event.at)


async def let_go(event: AccountChanged, hearing: Hearing) -> None:
    """Give back what somebody has who is let in no more, or works elsewhere; hearing it twice finds nothing left."""
    if not MOVED.isdisjoint(event.fields):
        await TaskService(hearing.session).let_go(event.user_id, at=event.at)
