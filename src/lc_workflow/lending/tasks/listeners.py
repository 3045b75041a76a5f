"""What follows for the work on a loan when it is judged: another path may wait for somebody else."""

from lc_workflow.lending.events import AffordabilityAssessed, ApplicationScored
from lc_workflow.lending.tasks.service import TaskService
from lc_workflow.platform.manifest import Hearing


async def seat_again(event: AffordabilityAssessed | ApplicationScored, hearing: Hearing) -> None:
    """Look again whose decision is awaited; hearing it twice finds the same."""
    await TaskService(hearing.session).seat_again(event.application_id, by=None, at=event.at)
