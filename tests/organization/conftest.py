"""What tests of the organization share."""

from collections.abc import AsyncIterator, Callable

import pytest
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

Reads = Callable[[], list[str]]


@pytest.fixture
async def reads(engine: AsyncEngine) -> AsyncIterator[Reads]:
    """Give the SELECT statements that were sent since it was last asked."""
    sent: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("SELECT"):
            sent.append(statement)

    def reads() -> list[str]:
        seen = sent[:]
        sent.clear()
        return seen

    event.listen(engine.sync_engine, "before_cursor_execute", note)
    yield reads
    event.remove(engine.sync_engine, "before_cursor_execute", note)
