"""What identity must ask of whoever knows the work that people do."""

from datetime import datetime
from typing import Protocol, TypeAlias
from uuid import UUID

from litestar.di import NamedDependency
from litestar.params import SkipValidation


class OpenWork(Protocol):
    """Knows what somebody still has on their desk, and puts it on another's."""

    async def waiting(self, user_id: UUID) -> int:
        """Count what waits for this person by name."""
        ...

    async def hand_over(self, user_id: UUID, successor_id: UUID, *, by: UUID, at: datetime) -> int:
        """Give everything that waits for a person to a colleague, inside the running transaction; answers how much.

        Raises:
            Invalid: The colleague cannot take it, and why.
        """
        ...


ForOpenWork: TypeAlias = NamedDependency[SkipValidation[OpenWork]]
"""The port as a dependency, named `open_work`; Litestar cannot check a protocol."""
