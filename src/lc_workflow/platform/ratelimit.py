"""Rate limits: per person when signed in, per address otherwise."""

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network
from math import ceil
from time import monotonic
from typing import Any, Final, Protocol, Self

import structlog
from litestar.connection import ASGIConnection
from litestar.enums import ScopeType
from litestar.handlers import BaseRouteHandler
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Guard, Receive, Scope, Send
from redis.asyncio import Redis
from redis.exceptions import RedisError

from lc_workflow.kernel.errors import TooMany
from lc_workflow.platform.config import Settings

UNLIMITED: Final = "unlimited"
"""The `opt` key of routes without a limit."""
ANSWER_SECONDS: Final = 1.0
"""How long a request waits for Redis to count it."""
REST_SECONDS: Final = 1.0
"""How long Redis is left alone after a failure, so that not every request waits for it."""
SILENCE_SECONDS: Final = 60.0
MOST_KEYS: Final = 50_000

_UNITS: Final = {"second": 1, "minute": 60, "hour": 3_600, "day": 86_400}
_RATE: Final = re.compile(r"(?P<count>[1-9]\d*)/(?P<unit>second|minute|hour|day)")

_COUNT: Final = """
local count = redis.call('INCR', KEYS[1])
local left = redis.call('PTTL', KEYS[1])
if left < 0 then
  redis.call('PEXPIRE', KEYS[1], ARGV[1])
  left = tonumber(ARGV[1])
end
return {count, left}
"""

_log = structlog.stdlib.get_logger()


@dataclass(frozen=True, slots=True)
class Rate:
    """So many requests in so many seconds."""

    count: int
    seconds: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `5/minute`; the units are second, minute, hour and day.

        Raises:
            ValueError: The text is no rate.
        """
        if not (found := _RATE.fullmatch(text)):
            raise ValueError(f"{text!r} is no rate like 5/minute.")
        return cls(int(found["count"]), _UNITS[found["unit"]])


@dataclass(frozen=True, slots=True)
class Verdict:
    """The result for one request: `remaining` more may follow in the next `reset_after_seconds`."""

    allowed: bool
    limit: int
    remaining: int
    reset_after_seconds: int

    def headers(self) -> list[tuple[bytes, bytes]]:
        """The headers that tell the client; none where nothing is limited."""
        if not self.limit:
            return []
        return [
            (b"x-ratelimit-limit", b"%d" % self.limit),
            (b"x-ratelimit-remaining", b"%d" % self.remaining),
            (b"x-ratelimit-reset", b"%d" % self.reset_after_seconds),
        ]


class Limiter(Protocol):
    """Counts requests by key, in windows that begin with the first request."""

    async def hit(self, key: str, rate: Rate) -> Verdict:
        """Count one request and say whether it is within the rate."""
        ...


class LocalLimiter:
    """Counts in this process; exact, because nothing is awaited between reading and writing a count."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._windows: dict[str, tuple[int, float]] = {}

    async def hit(self, key: str, rate: Rate) -> Verdict:
        """Count one request."""
        now = self._clock()
        count, ends = self._windows.pop(key, (0, 0.0))
        if ends <= now:
            count, ends = 0, now + rate.seconds
        self._make_room(now)
        self._windows[key] = (count + 1, ends)
        return _verdict(count + 1, ends - now, rate)

    def _make_room(self, now: float) -> None:
        """Forget ended windows, then those idle for longest, when there are too many."""
        if len(self._windows) < MOST_KEYS:
            return
        self._windows = {key: window for key, window in self._windows.items() if window[1] > now}
        for key in list(self._windows)[: len(self._windows) - MOST_KEYS * 9 // 10]:
            del self._windows[key]


class RedisLimiter:
    """Counts in Redis, for all processes together; while Redis does not answer, each process counts for itself."""

    def __init__(self, redis: Redis) -> None:
        self._script = redis.register_script(_COUNT)
        self._local = LocalLimiter()
        self._rests_until = 0.0
        self._silent_until = 0.0

    async def hit(self, key: str, rate: Rate) -> Verdict:
        """Count one request."""
        if monotonic() >= self._rests_until:
            try:
                async with asyncio.timeout(ANSWER_SECONDS):
                    count, left = await self._script(keys=[f"limit:{key}"], args=[rate.seconds * 1_000])
                return _verdict(count, left / 1_000, rate)
            except (RedisError, OSError) as failure:
                self._note(failure)
        return await self._local.hit(key, rate)

    def _note(self, failure: Exception) -> None:
        now = monotonic()
        self._rests_until = now + REST_SECONDS
        if now >= self._silent_until:
            self._silent_until = now + SILENCE_SECONDS
            _log.warning("limits are counted in this process only", cause=type(failure).__name__)


class NoLimiter:
    """Allows everything (`RATE_LIMIT_ENABLED=false`)."""

    async def hit(self, key: str, rate: Rate) -> Verdict:  # noqa: ARG002 - what all limiters are asked
        """Count nothing."""
        return Verdict(allowed=True, limit=0, remaining=0, reset_after_seconds=0)


def limiter_for(settings: Settings, redis: Redis | None) -> Limiter:
    """Choose the limiter of an installation."""
    if not settings.rate_limit_enabled:
        return NoLimiter()
    return LocalLimiter() if redis is None else RedisLimiter(redis)


async def admit(scope: Scope, key: str, rate: Rate) -> None:
    """Count a request; the headers of its answer tell of this rate, also where another was counted before.

    Raises:
        TooMany: There were too many; it says when to come again.
    """
    limiter: Limiter = scope["litestar_app"].state.limiter
    verdict = await limiter.hit(key, rate)
    scope["state"]["answer_headers"] = verdict.headers()
    if not verdict.allowed:
        wait = verdict.reset_after_seconds
        raise TooMany(f"Too many requests. Try again in {wait} second{'s' if wait > 1 else ''}.", retry_after=wait)


class LimitRequests(ASGIMiddleware):
    """Counts every request to a route against one rate; stands after the middleware that reads the token."""

    scopes = (ScopeType.HTTP,)
    exclude_opt_key = UNLIMITED

    def __init__(self, rate: Rate) -> None:
        self._rate = rate

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Let the request through, or raise `TooMany`."""
        await admit(scope, f"all:{who(scope)}", self._rate)
        await next_app(scope, receive, send)


def limit(rate: str, *, name: str) -> Guard:
    """Make a guard with a counter of its own, such as `limit("5/minute", name="unlock")`."""
    parsed = Rate.parse(rate)

    async def within_limit(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
        await admit(connection.scope, f"{name}:{who(connection.scope)}", parsed)

    return within_limit


async def limit_uploads(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """Count the files a person uploads, by any route, against the limit in the settings."""
    scope = connection.scope
    await admit(scope, f"upload:{who(scope)}", scope["litestar_app"].state.uploads)


def who(scope: Scope) -> str:
    """Whom a request counts for: the signed-in person, so that a branch behind one address is not locked out."""
    if subject := scope["state"].get("subject"):
        return f"person:{subject}"
    return f"address:{address(scope)}"


def address(scope: Scope) -> str:
    """The client's address; for IPv6 the network, because one line has 2^64 addresses."""
    return _network((scope.get("client") or ("unknown", 0))[0])


@lru_cache(maxsize=1_000)
def _network(host: str) -> str:
    try:
        found = ip_address(host)
    except ValueError:
        return host
    return str(ip_network((found, 64), strict=False)) if isinstance(found, IPv6Address) else host


def _verdict(count: int, left: float, rate: Rate) -> Verdict:
    return Verdict(
        allowed=count <= rate.count,
        limit=rate.count,
        remaining=max(0, rate.count - count),
        reset_after_seconds=max(
            1, ceil(round(left, 3))
        ),  # floating point: (now + 60) - now can be slightly more than 60
    )
