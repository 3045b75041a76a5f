"""What documents ask about applications."""

from typing import Protocol, TypeAlias
from uuid import UUID

from litestar.di import NamedDependency
from litestar.params import SkipValidation
from sqlalchemy import ColumnElement, Select
from sqlalchemy.orm import InstrumentedAttribute

from lc_workflow.kernel.principal import Principal

IdColumn: TypeAlias = InstrumentedAttribute[UUID | None]


class ApplicationAccess(Protocol):
    """Answers whose papers a person may see, as conditions for a query."""

    def __hash__(self) -> int:
        """Equal for two that answer alike, so that a prepared statement is shared."""
        ...

    def readable(self, principal: Principal) -> Select[UUID]:
        """Select the ids of the applications this person may see."""
        ...

    def of_different_people(self, one: IdColumn, other: IdColumn) -> ColumnElement[bool]:
        """Say whether two applications are there and are not of the same customer."""
        ...

    def writable(self, principal: Principal) -> Select[UUID]:
        """Select the ids of the applications this person may add papers to or take papers from."""
        ...


ForApplicationAccess: TypeAlias = NamedDependency[SkipValidation[ApplicationAccess]]
"""The port as a dependency; Litestar cannot check a protocol."""
