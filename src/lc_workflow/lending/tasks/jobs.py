"""What is done about tasks in the background."""

from lc_workflow.lending.tasks.service import TaskService
from lc_workflow.platform.jobs import Job, Workplace


async def watch_deadlines(place: Workplace) -> None:
    """Announce the tasks that became late, each once."""
    async with place.sessions() as session:
        await TaskService(session).tell_breaches(at=place.clock())


WATCH_DEADLINES = Job(name="watch_deadlines", work=watch_deadlines, every="*/5 * * * *")
"""Every five minutes, which is soon enough for deadlines of hours."""
