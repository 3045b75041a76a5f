"""Checks whether every part of the installation answers."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from time import monotonic
from typing import Final, TypeAlias

import structlog

from lc_workflow.platform.db.revisions import Outdated
from lc_workflow.system.health.schemas import HealthStatus, Part

Ping: TypeAlias = Callable[[], Awaitable[object]]
"""Raises, or does not come back, when its part does not answer."""

PATIENCE_SECONDS: Final = 2.0
MEMORY_SECONDS: Final = 1.0
"""Everybody may ask without signing in and without limit, so the parts are asked at most once in this time."""

log = structlog.stdlib.get_logger()


class Pulse:
    """The pings by name: `database`, `redis`, `storage`, `scanner`; None stands for a part that is not configured."""

    def __init__(self, pings: Mapping[str, Ping | None], *, patience_seconds: float = PATIENCE_SECONDS) -> None:
        self._pings = pings
        self._patience = patience_seconds
        self._asking = asyncio.Lock()
        self._parts: dict[str, Part] = {}
        self._good_until = 0.0

    async def parts(self) -> dict[str, Part]:
        """The state of each part, at most a second old."""
        async with self._asking:
            if monotonic() >= self._good_until:
                answers = await asyncio.gather(*(self._ask(name, ping) for name, ping in self._pings.items()))
                self._parts = dict(zip(self._pings, answers, strict=True))
                self._good_until = monotonic() + MEMORY_SECONDS
            return self._parts

    async def _ask(self, name: str, ping: Ping | None) -> Part:
        if ping is None:
            return Part.NOT_CONFIGURED
        try:
            async with asyncio.timeout(self._patience):
                await ping()
        except Outdated as behind:
            log.warning("the database is not at the revision of this release", cause=str(behind))
            return Part.OUTDATED
        except Exception as silence:  # noqa: BLE001 - whatever a part fails with, it does not answer
            # A store's refusal is the same sentence for whatever is behind it.
            log.warning("a part does not answer", part=name, cause=type(silence.__cause__ or silence).__name__)
            return Part.UNHEALTHY
        return Part.HEALTHY


def answering(parts: Mapping[str, Part]) -> dict[str, bool]:
    """Say of each part that is configured whether it answers as it should."""
    return {name: part is Part.HEALTHY for name, part in parts.items() if part is not Part.NOT_CONFIGURED}


def judged(parts: Mapping[str, Part]) -> HealthStatus:
    """The overall state: without the database nothing works, without another part the rest does."""
    if parts["database"] is Part.UNHEALTHY:
        return HealthStatus.UNHEALTHY
    return HealthStatus.HEALTHY if all(answering(parts).values()) else HealthStatus.DEGRADED
