"""Signed-in people, remembered by a process until the database says that somebody's rights have changed."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Final, TypeAlias
from uuid import UUID

from litestar.constants import HTTP_RESPONSE_START
from litestar.types import Message, Scope
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.kernel.principal import Principal
from lc_workflow.platform.security.tokens import Claims

CHANNEL: Final = "rights"
"""The NOTIFY channel of the triggers on accounts, sessions, roles and rights."""

SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
"""The methods that change nothing: their senders may be remembered, and a forged request gains nothing."""

FRESH: Final = timedelta(seconds=5)
"""How long a person is remembered at most, in case a notice of the database is lost."""

MOST_PEOPLE: Final = 5_000

LoadPrincipal: TypeAlias = Callable[[AsyncSession, Claims, datetime], Awaitable[Principal | None]]


class Remembered:
    """The people who read something lately, with the rights they had then.

    Everybody is forgotten at each notice of the database, and before this process answers a request that may have
    changed something, so that the next request sees the change. While no notice can arrive, nobody is remembered.
    """

    def __init__(self, load: LoadPrincipal) -> None:
        """`load` asks the database who somebody is."""
        self._load = load
        self._hears = False
        self._people: dict[UUID, tuple[Principal, datetime]] = {}
        self._changes = 0

    def heard(self) -> None:
        """Rights have changed, or may have while nobody listened."""
        self._hears = True
        self.forget()

    def deaf(self) -> None:
        """No notice can arrive until `heard` is called again."""
        self._hears = False
        self.forget()

    def forget(self) -> None:
        """Ask the database for everybody again, also for those being loaded right now."""
        self._changes += 1
        self._people.clear()

    async def find(
        self, session: AsyncSession, claims: Claims, at: datetime, *, anew: bool = False
    ) -> Principal | None:
        """Find the person behind a token; None when the session or the account ended. `anew` asks the database."""
        known = self._people.get(claims.session_id)
        if not anew and known is not None and known[0].id == claims.subject and at < known[1]:
            return known[0]
        changes = self._changes
        principal = await self._load(session, claims, at)
        if principal is not None and self._hears and changes == self._changes:
            if len(self._people) >= MOST_PEOPLE:
                self._people.clear()
            until = min(at + FRESH, principal.until) if principal.until else at + FRESH
            self._people[claims.session_id] = principal, until
        return principal

    async def forget_after_changes(self, message: Message, scope: Scope) -> None:
        """Forget everybody before answering a signed-in person whose request may have changed something.

        Signing in is left out: it changes nobody's rights, and each morning everybody would be loaded again. When a
        refresh token used twice ends a session, the database sends a notice.
        """
        if message["type"] == HTTP_RESPONSE_START and scope.get("method") not in SAFE and scope.get("user"):
            self.forget()
