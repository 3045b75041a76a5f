"""Background work on tasks."""

from lc_workflow.lending.tasks.service import TaskService, WatchService
from lc_workflow.platform.jobs import Job, Workplace


async def watch_deadlines(place: Workplace) -> None:
    """Announce the tasks that have become late, each once."""
    async with place.sessions() as session:
        await WatchService(session).tell_breaches(at=place.clock())


async def watch_owners(place: Workplace) -> None:
    """Give back to the queues what people have and can no longer do."""
    async with place.sessions() as session:
        await TaskService(session).let_go_everywhere(at=place.clock())


async def watch_seats(place: Workplace) -> None:
    """Announce decisions that loans wait for and nobody may take."""
    async with place.sessions() as session:
        await WatchService(session).tell_of_vacant_seats(at=place.clock())


WATCH_SEATS = Job(name="watch_seats", work=watch_seats, every="7-59/15 * * * *")
"""Every quarter of an hour, for seats that become vacant because somebody leaves, loses a role, or is away."""

WATCH_OWNERS = Job(name="watch_owners", work=watch_owners, every="2-59/5 * * * *")
"""Every five minutes, for what nobody announces: a right that ends by its day, or that a role loses."""

WATCH_DEADLINES = Job(name="watch_deadlines", work=watch_deadlines, every="*/5 * * * *")
"""Every five minutes, which is soon enough for deadlines of hours."""
