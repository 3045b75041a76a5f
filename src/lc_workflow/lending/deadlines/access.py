"""Who reads and sets how long stages may take."""

from typing import Final

READ: Final = "application:read"
MANAGE: Final = "system:manage"
