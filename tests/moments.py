"""The moments at which tests happen."""

from datetime import UTC, datetime

NOON = datetime(2026, 11, 24, 5, 0, tzinfo=UTC)
"""Noon in Phnom Penh, on an ordinary Tuesday."""
