"""Background work on deadlines."""

from lc_workflow.lending.reckoning.service import ReckoningService
from lc_workflow.platform.jobs import Job, Workplace


async def reckon_deadlines(place: Workplace) -> None:
    """Recalculate the deadlines of open work; doing it twice moves nothing further."""
    async with place.sessions() as session:
        await ReckoningService(session).reckon_anew()


RECKON_DEADLINES = Job(name="reckon_deadlines", work=reckon_deadlines)
