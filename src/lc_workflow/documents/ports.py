"""What documents must ask of whoever knows applications."""

from typing import Protocol, TypeAlias
from uuid import UUID

from litestar.di import NamedDependency
from litestar.params import SkipValidation
from sqlalchemy import Select

from lc_workflow.kernel.principal import Principal


class ApplicationAccess(Protocol):
    """Answers which applications a person may see the papers of, as statements to narrow a query with."""

    def readable(self, principal: Principal) -> Select[UUID]:
        """Select the ids of the applications this person may see."""
        ...

    def writable(self, principal: Principal) -> Select[UUID]:
        """Select the ids of the applications this person may add papers to or take papers from."""
        ...


ForApplicationAccess: TypeAlias = NamedDependency[SkipValidation[ApplicationAccess]]
"""The port as a dependency; Litestar cannot check a protocol."""
