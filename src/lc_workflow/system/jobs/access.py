"""Who may look at jobs and try them again."""

from typing import Final

READ: Final = "system:read"
MANAGE: Final = "system:manage"
