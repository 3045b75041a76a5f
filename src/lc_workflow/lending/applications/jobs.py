"""Background work on applications."""

from typing import Final

from sqlalchemy import text

from lc_workflow.platform.jobs import Job, Workplace

ADD_UP: Final = text(
    """
    WITH gone AS (DELETE FROM application_tallies RETURNING *)
    INSERT INTO application_tallies (id, branch_id, owner_id, stage, applications, papers, bytes)
    SELECT gen_random_uuid(), branch_id, owner_id, stage, sum(applications), sum(papers), sum(bytes)
    FROM gone GROUP BY branch_id, owner_id, stage
    HAVING sum(applications) <> 0 OR sum(papers) <> 0 OR sum(bytes) <> 0
    """
)
"""One statement, so that a reader sees the rows before or the rows after; both give the same sums."""


async def add_up_tallies(place: Workplace) -> None:
    """Merge the tallies that count the same thing."""
    async with place.sessions() as session:
        await session.execute(ADD_UP)
        await session.commit()


ADD_UP_TALLIES: Final = Job(name="add_up_tallies", work=add_up_tallies, every="*/10 * * * *")
"""Every ten minutes: an hour of a busy branch is a few hundred rows."""
