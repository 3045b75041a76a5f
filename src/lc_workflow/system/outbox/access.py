"""Who may see what could not be told, and have it told again."""

from typing import Final

READ: Final = "system:read"
MANAGE: Final = "system:manage"
