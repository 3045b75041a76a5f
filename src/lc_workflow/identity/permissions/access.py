"""Who may look at the permission system, and who may change it; it has no owners, so it is seen whole or not at all."""

from typing import Final

READ: Final = "permission:read"
MANAGE: Final = "permission:manage"
