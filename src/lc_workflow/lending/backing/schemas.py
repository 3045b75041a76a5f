"""Parties and collateral as requests and answers."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Self
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.structs import replace

from lc_workflow.kernel.money import Currency
from lc_workflow.lending.rules.backing import PartyRole
from lc_workflow.lending.rules.terms import IdCardType
from lc_workflow.platform.http.shapes import Amount, Line, Note, Phone, check_amounts
from lc_workflow.platform.security.personal import masked

ShortText = Annotated[str, Meta(max_length=100)]


class PartyChange(Struct, frozen=True, kw_only=True):
    """What to change about a guarantor or a co-borrower: absent fields stay, null clears.

    `relation` is what they are to the borrower.
    """

    EXAMPLE: ClassVar[dict[str, object]] = {"phone": "011 222 334"}

    full_name_khmer: Line | UnsetType | None = UNSET
    full_name_latin: Line | UnsetType | None = UNSET
    date_of_birth: date | UnsetType | None = UNSET
    phone: Phone | UnsetType | None = UNSET
    id_card_type: IdCardType | UnsetType | None = UNSET
    id_number: ShortText | UnsetType | None = UNSET
    current_address: Note | UnsetType | None = UNSET
    relation: ShortText | UnsetType | None = UNSET


class NewParty(PartyChange, frozen=True, kw_only=True):
    """Somebody who is to stand behind the loan."""

    EXAMPLE: ClassVar[dict[str, object]] = {
        "full_name_khmer": "ចាន់ ដារ៉ា",
        "full_name_latin": "CHAN DARA",
        "date_of_birth": "1985-11-02",
        "phone": "011 222 333",
        "id_card_type": "cambodian_identity",
        "id_number": "020345678",
        "current_address": "Phum 2, Chbar Ampov",
        "relation": "brother",
        "role": "guarantor",
    }

    role: PartyRole = PartyRole.GUARANTOR


class PartyAnswer(Struct, frozen=True, kw_only=True):
    """Somebody who stands behind the loan, and the customer they are."""

    id: UUID
    role: PartyRole
    customer_id: UUID | None
    full_name_khmer: str | None
    full_name_latin: str | None
    date_of_birth: date | None
    phone: str | None
    id_card_type: IdCardType | None
    id_number: str | None
    current_address: str | None
    relation: str | None

    def masked(self) -> Self:
        """The same with its numbers masked."""
        return replace(self, phone=masked(self.phone), id_number=masked(self.id_number))


class CollateralChange(Struct, frozen=True, kw_only=True):
    """What to change about a collateral: absent fields stay, null clears.

    `estimated_value` is in `currency`, or in the loan's where none is said; `others` are further keys to keep.
    """

    EXAMPLE: ClassVar[dict[str, object]] = {
        "collateral_type": "land",
        "description": "Soft title, 120 m²",
        "estimated_value": 9000,
        "currency": "USD",
        "owner_name": "SOK BOPHA",
        "title_number": "0417-2019",
    }

    collateral_type: ShortText | UnsetType | None = UNSET
    description: Note | UnsetType | None = UNSET
    estimated_value: Amount | UnsetType | None = UNSET
    currency: Currency | UnsetType | None = UNSET
    owner_name: Line | UnsetType | None = UNSET
    title_number: ShortText | UnsetType | None = UNSET
    others: dict[str, Any] | UnsetType = UNSET

    def __post_init__(self) -> None:
        """Refuse amounts that no column holds."""
        check_amounts(self, "estimated_value")


class CollateralAnswer(Struct, frozen=True, kw_only=True):
    """Something pledged for the loan; `entry` is all that was written about it."""

    id: UUID
    collateral_type: str | None
    description: str | None
    estimated_value: Decimal | None
    currency: Currency | None
    owner_name: str | None
    title_number: str | None
    entry: dict[str, Any]
