"""People as applications describe them, before anybody knows which customer they are."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from dataclasses import fields as dataclass_fields
from datetime import date
from typing import Any, Final, Protocol
from uuid import UUID

from lc_workflow.kernel.errors import Invalid
from lc_workflow.lending.rules.matching import NAMES, read_identity_card
from lc_workflow.lending.rules.recognising import Description, describe
from lc_workflow.lending.rules.terms import IdCardType, MaritalStatus, Sex
from lc_workflow.platform.phones import phone_keys

TRAITS: Final = (
    *NAMES,
    "date_of_birth",
    "sex",
    "marital_status",
    "current_address",
    "province",
    "district",
    "commune",
    "village",
    "place_code",
)
"""The columns of a customer that describe the person."""


class Described(Protocol):
    """A person as an application describes them; `id_number` and `phone` as they were written."""

    id_card_type: IdCardType | None
    id_number: str | None
    full_name_khmer: str | None
    full_name_latin: str | None
    phone: str | None
    date_of_birth: date | None
    sex: Sex | None
    marital_status: MaritalStatus | None
    current_address: str | None
    province: str | None
    district: str | None
    commune: str | None
    village: str | None
    place_code: str | None
    branch_id: UUID | None


@dataclass(kw_only=True)
class Person:
    """A person of whom less is known than of a borrower, such as a guarantor."""

    id_card_type: IdCardType | None = None
    id_number: str | None = None
    full_name_khmer: str | None = None
    full_name_latin: str | None = None
    phone: str | None = None
    date_of_birth: date | None = None
    sex: Sex | None = None
    marital_status: MaritalStatus | None = None
    current_address: str | None = None
    province: str | None = None
    district: str | None = None
    commune: str | None = None
    village: str | None = None
    place_code: str | None = None
    branch_id: UUID | None = None


def person_with(described: Described, changes: Mapping[str, Any]) -> Person:
    """The person an application describes after these changes."""
    names = [field.name for field in dataclass_fields(Person)]
    return Person(**{name: changes.get(name, getattr(described, name)) for name in names})


def description_of(person: Described) -> Description:
    """Describe a person the way people are compared."""
    return describe(
        khmer=person.full_name_khmer,
        latin=person.full_name_latin,
        born=person.date_of_birth,
        identities=[(person.id_card_type, person.id_number)],
        phone_keys=phone_keys(person.phone),
    )


def paper_kind(number: str | None) -> IdCardType | None:
    """Guess the kind of a paper known only by its number: nine digits are an identity card's."""
    with suppress(Invalid):
        read_identity_card(number or "")
        return IdCardType.CAMBODIAN_IDENTITY
    return None


def columns_of(person: Described) -> dict[str, Any]:
    """The columns of a customer that describe the person; numbers are rows of their own."""
    return {name: getattr(person, name) for name in TRAITS}
