"""The job that seals the journal at the end of each day."""

from datetime import timedelta

from lc_workflow.kernel.dates import local_day
from lc_workflow.platform.jobs import Job, Workplace
from lc_workflow.platform.journal.chain import anchor, seals_of


async def anchor_yesterday(place: Workplace) -> None:
    """Seal the last day that has been over for an hour, unless it is sealed already."""
    now = place.clock()
    day = local_day(now - timedelta(hours=1)) - timedelta(days=1)
    async with place.sessions() as session:
        await anchor(session, seals_of(place.settings), day=day, at=now)
        await session.commit()


ANCHOR_JOURNAL = Job(name="anchor_journal", work=anchor_yesterday, every="20 * * * *")
"""Every hour, so that a day is sealed later when no process was running at the right moment."""
