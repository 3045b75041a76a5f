"""What moves applications without anybody asking."""

from lc_workflow.lending.workflow.service import WorkflowService
from lc_workflow.platform.jobs import Job, Workplace


async def expire_approvals(place: Workplace) -> None:
    """End the approvals that were not used in time."""
    async with place.sessions() as session:
        await WorkflowService(session).expire_due(at=place.clock())


EXPIRE_APPROVALS = Job(name="expire_approvals", work=expire_approvals, every="10 * * * *")
"""Every hour, for days that count."""
