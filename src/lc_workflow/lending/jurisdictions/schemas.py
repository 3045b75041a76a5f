"""Profiles of the law as requests and answers."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, ClassVar
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from lc_workflow.platform.http.shapes import Code, Name, Note, Percent, check_percents

Kinds = Annotated[list[Annotated[str, Meta(min_length=1, max_length=60)]], Meta(max_length=100)]
"""Kinds of collateral, in the words of the applications."""


class NewProfile(Struct, frozen=True, kw_only=True):
    """The law of a place from a day on; `rate_ceiling` in percent per year, null where there is none."""

    EXAMPLE: ClassVar[dict[str, object]] = {
        "code": "KH-2027",
        "name": "Cambodia from 2027",
        "valid_from": "2027-01-01",
        "rate_ceiling": 18,
        "flat_allowed": False,
        "source": "Prakas of 13 March 2017",
    }

    code: Code
    name: Name
    valid_from: date
    rate_ceiling: Percent | None = None
    flat_allowed: bool = True
    fees_count: bool = False
    prohibited_collateral: Kinds = []
    source: Note | None = None

    def __post_init__(self) -> None:
        """Refuse percentages that no column holds."""
        check_percents(self, "rate_ceiling")


class ProfileChange(Struct, frozen=True, kw_only=True):
    """What to change about a profile that nobody has confirmed: absent fields stay, null clears."""

    EXAMPLE: ClassVar[dict[str, object]] = {"rate_ceiling": 18, "source": "Prakas of 13 March 2017"}

    name: Name | UnsetType = UNSET
    valid_from: date | UnsetType = UNSET
    rate_ceiling: Percent | UnsetType | None = UNSET
    flat_allowed: bool | UnsetType = UNSET
    fees_count: bool | UnsetType = UNSET
    prohibited_collateral: Kinds | UnsetType = UNSET
    source: Note | UnsetType | None = UNSET

    def __post_init__(self) -> None:
        """Refuse percentages that no column holds."""
        check_percents(self, "rate_ceiling")


class ProfileAnswer(Struct, frozen=True):
    """A profile of the law, and who confirmed it."""

    id: UUID
    code: str
    name: str
    valid_from: date
    rate_ceiling: Decimal | None
    flat_allowed: bool
    fees_count: bool
    prohibited_collateral: list[str]
    source: str | None
    confirmed_at: datetime | None
    confirmed_by: UUID | None
    created_at: datetime
    updated_at: datetime


class ProfileChoice(Struct, frozen=True):
    """The law to follow from now on; NONE follows none."""

    EXAMPLE: ClassVar[dict[str, object]] = {"code": "KH"}

    code: Code


class InUse(Struct, frozen=True):
    """The law that is followed: its code, and the profile in force today, null with NONE."""

    code: str
    profile: ProfileAnswer | None
