"""Who sees to the security of the installation."""

from typing import Final

READ: Final = "security:read"
MANAGE: Final = "security:manage"
