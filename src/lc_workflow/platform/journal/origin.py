"""Where the running work comes from, for the journal: the address that called, and the session it called with."""

from contextvars import ContextVar
from typing import Final
from uuid import UUID

ADDRESS: Final[ContextVar[str | None]] = ContextVar("address", default=None)
SESSION: Final[ContextVar[UUID | None]] = ContextVar("session", default=None)
UNSEEN: Final[ContextVar[bool]] = ContextVar("unseen", default=False)
"""Nobody gets the answer: HEAD asks for its headers alone. So nothing was read or taken, and nothing is on record."""
