"""Authorities and delegations as requests and answers."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, ClassVar
from uuid import UUID

from msgspec import Meta, Struct

from lc_workflow.kernel.errors import FieldError
from lc_workflow.kernel.money import Currency
from lc_workflow.lending.rules.approval import Reach
from lc_workflow.platform.http.fields import VISIBLE, cannot_take
from lc_workflow.platform.http.shapes import MOST, Amount, Note

RoleName = Annotated[str, Meta(min_length=1, max_length=40, pattern=r"^[a-z][a-z0-9_]*$(?!\n)")]
Region = Annotated[str, Meta(min_length=1, max_length=60, pattern=VISIBLE)]


class NewAuthority(Struct, frozen=True, kw_only=True):
    """A role to give somebody over a branch, a region or everything; `limits` are amounts by currency."""

    EXAMPLE: ClassVar[dict[str, object]] = {
        "person_id": "7c9e6679-7425-40de-944b-e07fc1f90ae7",
        "role": "manager",
        "reach": "branch",
        "branch_id": "0f8fad5b-d9cb-469f-a165-70867728950e",
        "limits": {"USD": 5000},
    }

    person_id: UUID
    role: RoleName
    reach: Reach
    branch_id: UUID | None = None
    region: Region | None = None
    limits: dict[Currency, Amount] | None = None

    def __post_init__(self) -> None:
        """Refuse limits that are no amounts."""
        check_limits(self.limits)


class AuthorityAnswer(Struct, frozen=True):
    """A role somebody holds, or held until `ended_at`; while `person_is_active` is false it lets nobody decide."""

    id: UUID
    person_id: UUID
    person_name: str
    person_is_active: bool
    role: str
    reach: Reach
    branch_id: UUID | None
    region: str | None
    limits: dict[Currency, Decimal] | None
    given_by: UUID | None
    given_at: datetime
    ended_at: datetime | None


class NewDelegation(Struct, frozen=True, kw_only=True):
    """A role to hand on for a while; without `from_id` one's own, without limits up to the delegator's."""

    EXAMPLE: ClassVar[dict[str, object]] = {
        "to_id": "7c9e6679-7425-40de-944b-e07fc1f90ae7",
        "role": "manager",
        "starts_at": "2026-12-01T08:00:00+07:00",
        "ends_at": "2026-12-15T17:00:00+07:00",
        "limits": {"USD": 2000},
        "reason": "Annual leave",
    }

    to_id: UUID
    role: RoleName
    starts_at: datetime
    ends_at: datetime
    from_id: UUID | None = None
    limits: dict[Currency, Amount] | None = None
    reason: Note | None = None

    def __post_init__(self) -> None:
        """Refuse limits that are no amounts, and moments without an offset."""
        check_limits(self.limits)
        if wrong := [
            FieldError(name, "must have an offset, like 2026-11-28T08:00:00+07:00")
            for name in ("starts_at", "ends_at")
            if getattr(self, name).tzinfo is None
        ]:
            raise cannot_take(wrong)


class DelegationAnswer(Struct, frozen=True):
    """Who stands in for whom, in which role and from when to when; `ended_at` when it was taken back before.

    While `from_is_active` or `to_is_active` is false, for want of an account, it lets nobody decide.
    """

    id: UUID
    from_id: UUID
    from_name: str
    from_is_active: bool
    to_id: UUID
    to_name: str
    to_is_active: bool
    role: str
    starts_at: datetime
    ends_at: datetime
    limits: dict[Currency, Decimal] | None
    reason: str | None
    made_by: UUID
    made_at: datetime
    ended_at: datetime | None


def check_limits(limits: Mapping[Currency, Decimal] | None) -> None:
    """Refuse limits that are no amounts a column holds.

    Raises:
        InvalidInput: It names the currencies.
    """
    if wrong := [
        FieldError(f"limits.{currency}", f"must be an amount from 0 to {MOST}")
        for currency, limit in (limits or {}).items()
        if not (limit.is_finite() and 0 <= limit <= MOST)
    ]:
        raise cannot_take(wrong)


def stored_limits(limits: Mapping[Currency, Decimal] | None) -> dict[str, Any] | None:
    """Write limits for their column, as text, so that their digits stay."""
    return None if limits is None else {currency.value: str(limit) for currency, limit in limits.items()}


def read_limits(stored: Mapping[str, Any] | None) -> dict[Currency, Decimal] | None:
    """Read stored limits."""
    return None if stored is None else {Currency(name): Decimal(str(limit)) for name, limit in stored.items()}
