"""What the organization must ask of whoever knows accounts."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol, TypeAlias
from uuid import UUID

from litestar.di import NamedDependency
from litestar.params import SkipValidation
from msgspec import Struct

from lc_workflow.kernel.principal import Principal


class AccountCard(Struct, frozen=True):
    """The account of an employee, as their record shows it; `role` is the role's word, such as `officer`."""

    id: UUID
    username: str
    email: str
    first_name: str
    last_name: str
    role: str
    is_active: bool


@dataclass(frozen=True, slots=True)
class Headcount:
    """How many accounts a department has, how many of them can sign in, and over how many branches they spread."""

    users: int = 0
    active_users: int = 0
    branches: int = 0


NOBODY: Final = Headcount()
"""The count of a department without accounts."""


class Headcounts(Protocol):
    """Counts the accounts of departments."""

    async def of(self, department_ids: Collection[UUID]) -> Mapping[UUID, Headcount]:
        """Count for all these departments in one statement; a department without accounts may be left out."""
        ...


class AccountDirectory(Protocol):
    """Knows the accounts that employees sign in with."""

    async def cards(self, account_ids: Collection[UUID], principal: Principal) -> Mapping[UUID, AccountCard]:
        """Look up those of these accounts (`Employee.user_id`) that the person may see, in one statement at most."""
        ...

    async def remember_telephone(self, account_id: UUID, number: str, *, at: datetime) -> None:
        """Keep by which telephone the owner of an account was known until now, inside the running transaction."""
        ...


ForHeadcounts: TypeAlias = NamedDependency[SkipValidation[Headcounts]]
"""The port as a dependency, named `headcounts`; Litestar cannot check a protocol."""

ForAccountDirectory: TypeAlias = NamedDependency[SkipValidation[AccountDirectory]]
"""The port as a dependency, named `account_directory`."""
