"""What tests of the organization share."""

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.statements import sent

Reads = Callable[[], list[str]]


@pytest.fixture
def reads(engine: AsyncEngine) -> Iterator[Reads]:
    """Give the SELECT statements that were sent since it was last asked."""
    with sent(engine) as statements:

        def reads() -> list[str]:
            seen = [statement for statement, _ in statements if statement.startswith("SELECT")]
            statements.clear()
            return seen

        yield reads
