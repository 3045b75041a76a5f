"""What clears up after deliveries that nobody finished."""

from lc_workflow.documents.deliveries.service import clear_up
from lc_workflow.platform.jobs import Job, Workplace


async def clear_deliveries(place: Workplace) -> None:
    """Take away what was announced and never finished."""
    async with place.sessions() as session:
        await clear_up(session, place.store, at=place.clock())


CLEAR_DELIVERIES = Job(name="clear_deliveries", work=clear_deliveries, every="25 * * * *")
"""Every hour: an unfinished upload waits a day."""
