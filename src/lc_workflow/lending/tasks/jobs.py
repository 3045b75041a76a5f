"""What is done about tasks in the background."""

from lc_workflow.lending.tasks.service import TaskService, WatchService
from lc_workflow.platform.jobs import Job, Workplace


async def watch_deadlines(place: Workplace) -> None:
    """Announce the tasks that became late, each once."""
    async with place.sessions() as session:
        await WatchService(session).tell_breaches(at=place.clock())


async def watch_owners(place: Workplace) -> None:
    """Give back to the queues what people have and can do no more."""
    async with place.sessions() as session:
        await TaskService(session).let_go_everywhere(at=place.clock())


async def watch_seats(place: Workplace) -> None:
    """Announce the decisions that loans wait for and nobody may take."""
    async with place.sessions() as session:
        await WatchService(session).tell_of_vacant_seats(at=place.clock())


WATCH_SEATS = Job(name="watch_seats", work=watch_seats, every="7-59/15 * * * *")
"""Every quarter of an hour: a seat is left by whoever goes, loses a role, or is away beyond a day."""

WATCH_OWNERS = Job(name="watch_owners", work=watch_owners, every="2-59/5 * * * *")
"""Every five minutes: what somebody does about a person is heard at once, what a day ends or a role loses is not."""

WATCH_DEADLINES = Job(name="watch_deadlines", work=watch_deadlines, every="*/5 * * * *")
"""Every five minutes, which is soon enough for deadlines of hours."""
