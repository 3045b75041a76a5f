"""A person's roles and rights as requests."""

from datetime import date, datetime
from typing import Annotated, Any, ClassVar, Final
from uuid import UUID

from msgspec import Meta, Struct

from lc_workflow.identity.permissions.schemas import NO_CONDITIONS, check_nothing_said
from lc_workflow.kernel.dates import end_of

NOT_FOR_A_PLACE: Final = "is not said here; how far a right reaches, of a role too, is its scope"

Why = Annotated[str, Meta(max_length=500)]


class ForATime(Struct, frozen=True, kw_only=True):
    """Something to give until a moment (`until`), or to the end of a day (`effective_until`); without both for good."""

    until: datetime | None = None
    effective_until: date | None = None
    department_id: UUID | None = None
    branch_id: UUID | None = None
    reason: Why | None = None

    @property
    def ends_at(self) -> datetime | None:
        """When it ends; None for good."""
        return end_of(self.effective_until) if self.until is None and self.effective_until else self.until

    def check(self) -> None:
        """Let it be given everywhere its rights reach: not for one place, for it would count in the others too.

        Raises:
            NotProvidedFor: It names what else is said.
        """
        check_nothing_said(self, department_id=NOT_FOR_A_PLACE, branch_id=NOT_FOR_A_PLACE)


class RoleToGive(ForATime, frozen=True, kw_only=True):
    """A further role for somebody."""

    EXAMPLE: ClassVar[dict[str, object]] = {
        "role_id": "7c9e6679-7425-40de-944b-e07fc1f90ae7",
        "until": "2027-01-31T17:00:00+07:00",
        "reason": "Stands in over the holidays",
    }

    role_id: UUID


class RightToGive(ForATime, frozen=True, kw_only=True):
    """A right to give somebody, or to deny them with `is_granted` false."""

    EXAMPLE: ClassVar[dict[str, object]] = {
        "permission_id": "7c9e6679-7425-40de-944b-e07fc1f90ae7",
        "is_granted": True,
        "until": "2027-01-31T17:00:00+07:00",
        "reason": "Stands in over the holidays",
    }

    permission_id: UUID
    is_granted: bool = True
    resource_id: UUID | None = None
    conditions: dict[str, Any] | None = None

    def check(self) -> None:
        """Let a right be given always: not for one place, one thing, or only sometimes.

        Raises:
            NotProvidedFor: It names what else is said.
        """
        super().check()
        check_nothing_said(self, resource_id="a right is not held for one thing only", conditions=NO_CONDITIONS)
