"""What a person who decides sees, recorded so that it can be compared later."""

import hashlib
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

import msgspec

from lc_workflow.platform.security.personal import masked
from lc_workflow.platform.security.vault import in_use

_ENCODER: Final = msgspec.json.Encoder(order="deterministic", decimal_format="string")

SEEN: Final = (
    "full_name_khmer",
    "full_name_latin",
    "id_card_type",
    "id_number",
    "date_of_birth",
    "product_code",
    "product_type",
    "requested_amount",
    "desired_loan_term",
    "interest_rate",
    "recommended_amount",
    "recommended_loan_term",
    "recommended_interest_rate",
    "loan_purposes",
    "monthly_income",
    "income_source",
    "monthly_expenses",
    "assets_value",
    "existing_loans",
    "credit_score",
    "risk_category",
)
"""The fields of an application that a decision is based on."""


OF_A_PARTY: Final = (
    "role",
    "full_name_khmer",
    "full_name_latin",
    "date_of_birth",
    "phone",
    "id_card_type",
    "id_number",
    "relation",
)
"""The fields of a party that a decision is based on."""


PERSONAL: Final = frozenset({"phone", "id_number"})
"""Which of these are not stored in readable form."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a person who decides sees, as plain JSON, and its SHA-256."""

    content: dict[str, Any]
    sha256: bytes

    @classmethod
    def of(cls, content: dict[str, Any]) -> "Snapshot":
        """Take the fingerprint of what is seen; numbers are written as text, to keep their digits."""
        written = _ENCODER.encode(content)
        plain: dict[str, Any] = msgspec.json.decode(written)
        return cls(plain, hashlib.sha256(written).digest())


def fingerprint(stored: dict[str, Any]) -> bytes:
    """Calculate the fingerprint of a stored snapshot again."""
    return hashlib.sha256(_ENCODER.encode(stored)).digest()


def told(name: str, value: Any) -> Any:
    """The stored form of a value; for a personal number its last characters and blind index, which reveal a change."""
    if name not in PERSONAL or value is None:
        return plain(value)
    return f"{masked(value)} {in_use().index(value, of=name).hex()}"


def plain(value: Any) -> Any:
    """Write a value so that it is the same whether just given or read from the store."""
    match value:
        case Decimal():
            return format(value.normalize(), "f")
        case date():
            return value.isoformat()
        case list():
            return [plain(entry) for entry in value]
        case dict():
            return {name: plain(entry) for name, entry in value.items()}
        case _:
            return value
