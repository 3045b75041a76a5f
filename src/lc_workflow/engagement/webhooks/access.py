"""Who looks after the systems that are called."""

from typing import Final

READ: Final = "webhook:read"
MANAGE: Final = "webhook:manage"
