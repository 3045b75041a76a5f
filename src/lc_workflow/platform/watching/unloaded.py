"""Keeps OpenTelemetry unloaded until it is wanted.

redis-py loads its metrics wherever they are installed (0.15 s, 3 MB), although that part of it is never turned on here.
Whoever imports this first has redis-py find nothing.
"""

import sys

if "opentelemetry" not in sys.modules:
    sys.modules["opentelemetry"] = None  # type: ignore[assignment]  # how Python notes that there is no such module
    import redis.asyncio  # noqa: F401 - loaded now, while it finds nothing

    del sys.modules["opentelemetry"]
