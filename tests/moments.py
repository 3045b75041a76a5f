"""The moments at which tests happen."""

from datetime import UTC, datetime

NOON = datetime(2026, 11, 24, 5, 0, tzinfo=UTC)
"""Noon in Phnom Penh, on an ordinary Tuesday."""

PATIENCE = 60.0
"""Seconds that a test waits for what must come: it takes a moment, and far longer where a machine is busy."""
