"""What identity asks about people's work."""

from datetime import datetime
from typing import Protocol, TypeAlias
from uuid import UUID

from litestar.di import NamedDependency
from litestar.params import SkipValidation


class OpenWork(Protocol):
    """Knows what somebody has on their desk, and hands it to somebody else."""

    async def waiting(self, user_id: UUID) -> int:
        """Count the open work of this person."""
        ...

    async def hand_over(self, user_id: UUID, successor_id: UUID, *, by: UUID, at: datetime) -> int:
        """Give all open work of a person to a colleague, inside the running transaction; return how much.

        Raises:
            Invalid: The colleague cannot take it, and why.
        """
        ...


ForOpenWork: TypeAlias = NamedDependency[SkipValidation[OpenWork]]
"""The port as a dependency, named `open_work`; Litestar cannot check a protocol."""
