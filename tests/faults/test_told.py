"""The process is killed again and again while it tells what happened: everybody hears of everything, and once."""

import asyncio
import os
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from alembic import command
from httpx import AsyncClient, TransportError
from sqlalchemy import NullPool, func, select
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from lc_workflow.engagement.notifications.models import Notification
from lc_workflow.identity.users.models import User
from lc_workflow.platform.config import Settings, database_url
from lc_workflow.platform.embedded import postgres
from lc_workflow.platform.journal.models import JournalEntry, Untold
from lc_workflow.platform.workbench import serving
from tests.house.test_migrations import alembic_for
from tests.journey.town import settle, sign_in
from tests.lending.steps import URL as APPLICATIONS
from tests.lending.steps import WISH
from tests.moments import PATIENCE
from tests.servers.installation import variables_of
from tests.servers.memory import roomy_folder

DESKS = 8
"""How many people work at the same time."""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A place for the database that PostgreSQL can reach also when root runs the tests."""
    with roomy_folder() as folder:
        yield folder


def test_what_changes_is_told_once_though_the_process_is_killed_twice(folder: Path) -> None:
    told = tell(folder, changes=120, kills=2)
    assert told >= 60


def tell(folder: Path, *, changes: int, kills: int) -> int:
    """Make changes, kill the process so many times among them, and see who was told; answers how many facts were."""
    with postgres(folder / "postgres") as server:
        url = database_url(server.url)
        command.upgrade(alembic_for(url), "head")
        asyncio.run(settle(url))
        done = [0]
        for number in range(1, kills + 2):
            environ = variables_of(url, folder / "papers", LOG_LEVEL="CRITICAL")
            settings = Settings.from_environ(environ)
            with serving(settings, environ) as process:
                last = number > kills
                asyncio.run(work(settings, done, until=changes * number // (kills + 1)))
                if not last:
                    os.killpg(process.pid, signal.SIGKILL)
                    continue
                return asyncio.run(look(settings))
    raise AssertionError


async def work(settings: Settings, done: list[int], *, until: int) -> None:
    """Draft and submit at several desks until so many changes were answered."""
    async with AsyncClient(base_url=f"http://127.0.0.1:{settings.port}", timeout=PATIENCE) as client:
        officer = await sign_in(client, "officer")

        async def desk() -> None:
            with suppress(TransportError):
                while done[0] < until:
                    drafted = await client.post(APPLICATIONS, json=WISH, headers=officer)
                    assert drafted.is_success, drafted.text
                    path = f"{APPLICATIONS}/{drafted.json()['id']}/submit"
                    assert (await client.patch(path, json={}, headers=officer)).is_success
                    done[0] += 2

        await asyncio.gather(*(desk() for _ in range(DESKS)))


async def look(settings: Settings) -> int:
    """Wait until nothing is untold; then each teller has one notification of each submission, and no other."""
    engine = create_async_engine(settings.database_url, poolclass=NullPool)
    async with AsyncSession(engine) as rows:
        async with asyncio.timeout(PATIENCE):
            while await rows.scalar(select(func.count()).select_from(Untold)):  # noqa: ASYNC110 - only the database knows
                await asyncio.sleep(0.1)
        facts = (await rows.scalars(select(JournalEntry.id).where(JournalEntry.kind == "ApplicationMoved"))).all()
        teller = await rows.scalar(select(User.id).where(User.username == "teller"))
        heard = Counter(await rows.scalars(select(Notification.event_id).where(Notification.user_id == teller)))
    await engine.dispose()
    assert heard == Counter(facts)
    return len(facts)
