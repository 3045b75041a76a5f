"""Where the running request comes from, for the journal: the address and the session of the caller."""

from contextvars import ContextVar
from typing import Final
from uuid import UUID

ADDRESS: Final[ContextVar[str | None]] = ContextVar("address", default=None)
SESSION: Final[ContextVar[UUID | None]] = ContextVar("session", default=None)
UNSEEN: Final[ContextVar[bool]] = ContextVar("unseen", default=False)
"""Nobody sees the answer, because HEAD asks for its headers alone. So nothing was read, and nothing goes on record."""
