"""Keeps out what libraries load only because it is installed: OpenTelemetry until it is wanted, the others for good.

redis-py loads its metrics (0.15 s, 3 MB), although that part of it is never turned on here, and structlog a painter of
tracebacks (0.15 s, 5 MB), although ours are plain. Whoever imports this first has both find nothing. Litestar and
advanced-alchemy load pydantic (0.2 s, 8 MB) and Starlette, which tools of development bring along and nothing here is
made of, and Litestar a plugin of its own that loads OpenTelemetry before it finds that a part of that is missing.
"""

import sys

for name in ("opentelemetry", "rich", "pydantic", "starlette", "litestar.plugins.opentelemetry"):
    if name not in sys.modules:
        sys.modules[name] = None  # type: ignore[assignment]  # how Python notes that there is no such module

import redis.asyncio  # noqa: E402, F401 - loaded now, while it finds nothing
import structlog  # noqa: E402, F401 - as well

for name in ("opentelemetry", "rich"):  # the others are looked for again whenever an application is built
    if sys.modules[name] is None:
        del sys.modules[name]
