"""Who may open a live socket, and for how long."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.identity.sessions.principals import load_principal, role_words_by_session
from lc_workflow.kernel.errors import Unauthenticated
from lc_workflow.kernel.principal import Principal
from lc_workflow.platform.clock import Clock
from lc_workflow.platform.security.tokens import Tokens

LOOKS_AT_ONCE: Final = 4
"""Database connections that live sockets use at most: when a thousand browsers come back at once, they wait for each
other instead of making requests wait."""

GATHER_SECONDS: Final = 1.0
"""How long a look waits for others to join it."""

log = structlog.get_logger()


class Look:
    """One look into the database for several people."""

    def __init__(self, find: Callable[["Look"], Coroutine[Any, Any, dict[UUID, frozenset[str]]]]) -> None:
        self.sessions: set[UUID] = set()
        self.askers = 0
        self.found = asyncio.create_task(find(self))


class Entrance:
    """Finds the person behind an access token.

    A socket lives long and a database session must not, so each look opens a session of its own. Checks whether people
    may go on listening are gathered, and those of the same second become one look.
    """

    def __init__(
        self, open_session: Callable[[], AbstractAsyncContextManager[AsyncSession]], tokens: Tokens, clock: Clock
    ) -> None:
        self._open_session = open_session
        self._tokens = tokens
        self._clock = clock
        self._places = asyncio.Semaphore(LOOKS_AT_ONCE)
        self._next: Look | None = None

    async def person(self, token: str) -> Principal | None:
        """Find the person; None when the token is not ours or expired, or the session or the account ended.

        Their `roles` include the web app's word for the first, which its patterns use.
        """
        try:
            claims = self._tokens.read(token, at=self._clock())
        except Unauthenticated:
            return None
        async with self._places, self._open_session() as session:
            at = self._clock()
            person = await load_principal(session, claims, at)
            words = (await role_words_by_session(session, [claims.session_id], at)).get(claims.session_id)
            return replace(person, roles=words) if person and words else None

    async def still_welcomes(self, person: Principal, token: str) -> bool:
        """Whether the person may go on listening; while the database is gone, they may."""
        try:
            claims = self._tokens.read(token, at=self._clock())
        except Unauthenticated:
            return False
        try:
            roles = await self._look_for(claims.session_id)
        except (SQLAlchemyError, OSError) as cause:
            log.warning("it cannot be checked who is listening", cause=type(cause).__name__)
            return True
        return roles.get(claims.session_id) == person.roles

    async def _look_for(self, session_id: UUID) -> dict[UUID, frozenset[str]]:
        """Join the next look; when everybody who asked has left, there is none."""
        if self._next is None:
            self._next = Look(self._look_together)
        look = self._next
        look.sessions.add(session_id)
        look.askers += 1
        try:
            return await asyncio.shield(look.found)
        finally:
            look.askers -= 1
            if not look.askers and not look.found.done():
                if self._next is look:
                    self._next = None
                look.found.cancel()
                await asyncio.gather(look.found, return_exceptions=True)

    async def _look_together(self, look: Look) -> dict[UUID, frozenset[str]]:
        """Wait for others, and look for all of them; asking after that starts the next look."""
        await asyncio.sleep(GATHER_SECONDS)
        self._next = None
        async with self._places, self._open_session() as session:
            return await role_words_by_session(session, look.sessions, self._clock())
