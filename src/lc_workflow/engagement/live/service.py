"""Who may open a live socket, and for how long."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.identity.sessions.principals import load_principal
from lc_workflow.kernel.errors import Unauthenticated
from lc_workflow.kernel.principal import Principal
from lc_workflow.platform.clock import Clock
from lc_workflow.platform.security.tokens import Tokens

log = structlog.get_logger()


class Entrance:
    """Turns an access token into the person behind it, as often as it is asked.

    A socket lives long and a session of the database must not, so each look opens one of its own.
    """

    def __init__(
        self, open_session: Callable[[], AbstractAsyncContextManager[AsyncSession]], tokens: Tokens, clock: Clock
    ) -> None:
        self._open_session = open_session
        self._tokens = tokens
        self._clock = clock

    async def person(self, token: str) -> Principal | None:
        """Find the person; None when the token is not ours or has ended, or the session or the account has."""
        try:
            claims = self._tokens.read(token, at=self._clock())
        except Unauthenticated:
            return None
        async with self._open_session() as session:
            return await load_principal(session, claims, self._clock())

    async def still_welcomes(self, person: Principal, token: str) -> bool:
        """Whether the person may go on listening as who they were; while the database is gone, nothing is decided."""
        try:
            now = await self.person(token)
        except (SQLAlchemyError, OSError) as cause:
            log.warning("it cannot be checked who is listening", cause=type(cause).__name__)
            return True
        return now is not None and now.roles == person.roles
