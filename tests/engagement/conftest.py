"""The relay of the house, told by hand on the test's own transaction."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import pytest
from litestar import Litestar
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.app import HOUSE
from lc_workflow.platform.broadcast import LocalBroadcast
from lc_workflow.platform.journal.relay import Relay
from tests.conftest import Sessions
from tests.moments import NOON

Sent = list[tuple[str, Mapping[str, Any]]]
Tell = Callable[[], Awaitable[int]]


@pytest.fixture
def sent() -> Sent:
    """The live messages that left, with the pattern each went to."""
    return []


@pytest.fixture
def tell(house: tuple[Litestar, Sessions], session: AsyncSession, sent: Sent) -> Tell:
    """Tell the listeners what the journal holds now."""
    broadcast = LocalBroadcast()
    broadcast.receive_with(lambda pattern, message: sent.append((pattern, message)))
    maker = house[1].maker
    assert maker is not None
    return Relay(maker, kinds=HOUSE.events, listeners=HOUSE.listeners, broadcast=broadcast, clock=lambda: NOON).tell_all
