"""Who may read and set the hours of branches; what one may see of a branch, its own access says."""

from typing import Final

READ: Final = "branch:read"
UPDATE: Final = "branch:update"
