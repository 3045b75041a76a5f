"""Blocked addresses, checked in memory before anything else is done for a request."""

from collections.abc import Awaitable, Callable, Iterable
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from time import monotonic
from typing import Any, Final, TypeAlias

import structlog
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Receive, Scope, Send
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.kernel.errors import Forbidden

FRESH_SECONDS: Final = 1.0
"""How old the list may be: a block set in another process takes effect here after this long."""

ReadNetworks: TypeAlias = Callable[[AsyncSession], Awaitable[Iterable[str]]]
OpenSession: TypeAlias = Callable[[Any, Scope], AsyncSession]

_log = structlog.stdlib.get_logger()


class AddressIsBlocked(Forbidden):
    """This address is blocked."""


class Blocklist:
    """This process's list of blocked networks, read again when it is asked and no longer fresh.

    While the database is away the last list is used.
    """

    def __init__(self, read: ReadNetworks) -> None:
        self._read = read
        self._read_at: float | None = None
        self._single: frozenset[str] = frozenset()
        self._wide: tuple[IPv4Network | IPv6Network, ...] = ()

    def forget(self) -> None:
        """Read the list again before the next request, because it has changed."""
        self._read_at = None

    async def blocks(self, host: str, session: Callable[[], AsyncSession]) -> bool:
        """Whether an address is blocked."""
        now = monotonic()
        if self._read_at is None or now - self._read_at >= FRESH_SECONDS:
            self._read_at = now  # requests that come meanwhile use the old list
            await self._renew(session)
        if host in self._single:
            return True
        if not self._wide:
            return False
        try:
            address = ip_address(host)
        except ValueError:
            return False
        return any(address in network for network in self._wide)

    async def _renew(self, session: Callable[[], AsyncSession]) -> None:
        opened = session()
        try:
            networks = [ip_network(text) for text in await self._read(opened)]
        except Exception as failure:  # noqa: BLE001 - whatever fails, the last list is used
            _log.warning("the blocked addresses cannot be read", cause=type(failure).__name__)
            await opened.invalidate()  # the request goes on with the session, on another connection
            return
        self._single = frozenset(str(network[0]) for network in networks if network.num_addresses == 1)
        self._wide = tuple(network for network in networks if network.num_addresses > 1)


class RefuseBlocked(ASGIMiddleware):
    """Refuses everything from blocked addresses: no sign-in, no page, no socket."""

    scopes = (ScopeType.HTTP, ScopeType.WEBSOCKET)

    def __init__(self, blocklist: Blocklist, open_session: OpenSession) -> None:
        self._blocklist = blocklist
        self._open_session = open_session

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Let everybody else through."""
        host = (scope.get("client") or ("", 0))[0]
        if await self._blocklist.blocks(host, lambda: self._open_session(scope["litestar_app"].state, scope)):
            raise AddressIsBlocked("Requests from your address are not answered; ask your administrator.")
        await next_app(scope, receive, send)
