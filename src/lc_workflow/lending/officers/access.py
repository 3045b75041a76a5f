"""Who may turn written names into assignments: whoever runs the installation."""

from typing import Final

MIGRATE: Final = "system:manage"
