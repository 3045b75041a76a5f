"""A house of its own for tests of accounts that commit, wait for each other or need two processes."""

import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import anyio.to_thread
import bcrypt
import pytest
from sqlalchemy import URL, NullPool
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from lc_workflow.platform.config import Settings
from tests.conftest import settings_for


@pytest.fixture
def own_settings(lend_database: Callable[[str], URL], lend_folder: Callable[[str], Path]) -> Settings:
    """Settings of an installation that this test has for itself; the next one finds it empty again."""
    return settings_for(lend_database("installation"), upload_folder=lend_folder("installation"))


@pytest.fixture
async def look(own_settings: Settings) -> AsyncIterator[Callable[[], AsyncSession]]:
    """Open sessions that see what the installation has committed."""
    engine = create_async_engine(own_settings.database_url, poolclass=NullPool)
    yield lambda: AsyncSession(engine, expire_on_commit=False)
    await engine.dispose()


class Gate:
    """Holds the first bcrypt work it meets until it is opened."""

    def __init__(self) -> None:
        self._arrived, self._opened = threading.Event(), threading.Event()

    def holding(self, work: Callable[..., Any]) -> Callable[..., Any]:
        def held(*arguments: Any) -> Any:
            if not self._arrived.is_set():
                self._arrived.set()
                assert self._opened.wait(30), "nobody opened the gate"
            return work(*arguments)

        return held

    def arrival(self) -> Awaitable[bool]:
        return anyio.to_thread.run_sync(self._arrived.wait, 30)

    def open(self) -> None:
        self._opened.set()


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    """Make hashing stop at a gate, so that a test can do something else meanwhile."""
    gate = Gate()
    monkeypatch.setattr(bcrypt, "checkpw", gate.holding(bcrypt.checkpw))
    monkeypatch.setattr(bcrypt, "hashpw", gate.holding(bcrypt.hashpw))
    yield gate
    gate.open()
