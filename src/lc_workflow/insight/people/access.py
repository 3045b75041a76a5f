"""Who sees figures."""

from typing import Final

READ: Final = "analytics:read"
