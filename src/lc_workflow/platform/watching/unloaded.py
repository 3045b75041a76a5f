"""Keeps out what libraries load only because it is installed: OpenTelemetry until it is wanted, and rich for good.

redis-py loads its metrics (0.15 s, 3 MB), although that part of it is never turned on here, and structlog a painter of
tracebacks (0.15 s, 5 MB), although ours are plain. Whoever imports this first has both find nothing.
"""

import sys

for name in ("opentelemetry", "rich"):
    if name not in sys.modules:
        sys.modules[name] = None  # type: ignore[assignment]  # how Python notes that there is no such module

import redis.asyncio  # noqa: E402, F401 - loaded now, while it finds nothing
import structlog  # noqa: E402, F401 - as well

for name in ("opentelemetry", "rich"):
    if sys.modules[name] is None:
        del sys.modules[name]
