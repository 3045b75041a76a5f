"""What follows for the work on loans when they are judged, and when somebody is let in no more."""

from lc_workflow.identity.events import AccountStatusMoved
from lc_workflow.identity.rules.statuses import UserStatus
from lc_workflow.lending.events import AffordabilityAssessed, ApplicationScored
from lc_workflow.lending.tasks.service import TaskService
from lc_workflow.platform.manifest import Hearing


async def seat_again(event: AffordabilityAssessed | ApplicationScored, hearing: Hearing) -> None:
    """Look again whose decision is awaited; hearing it twice finds the same."""
    await TaskService(hearing.session).seat_again(event.application_id, by=None, at=event.at)


async def let_go(event: AccountStatusMoved, hearing: Hearing) -> None:
    """Give back what somebody has who is let in no more; hearing it twice finds nothing left."""
    if event.target is not UserStatus.ACTIVE:
        await TaskService(hearing.session).let_go(event.user_id, at=event.at)
