"""What an assessment or a score means for the approval of a loan: another risk may need another path."""

from lc_workflow.lending.approvals.service import ApprovalService
from lc_workflow.lending.events import AffordabilityAssessed, ApplicationScored
from lc_workflow.platform.manifest import Hearing


async def find_the_path_again(event: AffordabilityAssessed | ApplicationScored, hearing: Hearing) -> None:
    """Look the path up again; doing it twice gives the same result."""
    hearing.commit_after_this()
    approvals = ApprovalService(hearing.session)
    await approvals.hear_of_judgement(event.application_id, by=event.actor_id, at=event.at)
