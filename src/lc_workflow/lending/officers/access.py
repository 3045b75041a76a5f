"""Who may turn written names into assignments: whoever administers the installation."""

from typing import Final

MIGRATE: Final = "system:manage"
