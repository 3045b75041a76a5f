"""What is done about deadlines in the background."""

from lc_workflow.lending.reckoning.service import ReckoningService
from lc_workflow.platform.jobs import Job, Workplace


async def reckon_deadlines(place: Workplace) -> None:
    """Reckon the deadlines of open work anew; doing it twice finds nothing left to move."""
    async with place.sessions() as session:
        await ReckoningService(session).reckon_anew()


RECKON_DEADLINES = Job(name="reckon_deadlines", work=reckon_deadlines)
