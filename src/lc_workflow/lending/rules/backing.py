"""Who and what stands behind a loan: how the web app's fields about it are read and written."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any, Final

from lc_workflow.kernel.money import Currency
from lc_workflow.lending.rules.matching import check_name, scripts_of


class PartyRole(StrEnum):
    """The part somebody has in a loan besides its borrower."""

    GUARANTOR = "guarantor"
    CO_BORROWER = "co_borrower"


GUARANTOR_FIELDS: Final = {
    "guarantor_phone": "phone",
    "guarantor_id_number": "id_number",
    "guarantor_address": "current_address",
    "guarantor_relationship": "relation",
}
"""The web app's fields about the first guarantor, and their columns; the name has two."""

BACKING_FIELDS: Final = frozenset({"guarantor_name", *GUARANTOR_FIELDS, "collaterals"})
"""The fields of an application that are stored as rows of their own."""

COLLATERAL_KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "kind": ("collateral_type", "type"),
    "description": ("description",),
    "value": ("estimated_value", "value"),
    "currency": ("currency",),
    "owner_name": ("owner_name", "owner"),
    "title_number": ("title_number", "document_number"),
}
"""The facts about a collateral, and the keys under which forms write them; the first is ours."""

_MOST: Final = Decimal("9999999999999.99")
_LONGEST: Final = {"kind": 100, "owner_name": 200, "title_number": 100, "description": 4_000}


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    """A collateral as far as it was understood; `value` is in `currency`, or the loan's currency when none is given."""

    kind: str | None = None
    description: str | None = None
    value: Decimal | None = None
    currency: Currency | None = None
    owner_name: str | None = None
    title_number: str | None = None


def names_of(name: str | None, *, field: str) -> dict[str, str | None]:
    """Put a name from one field into the column of its script.

    Raises:
        MixedScripts: Its letters are of more than one script.
    """
    kept = check_name(name or "", field=field) or None
    khmer = kept is not None and "KHMER" in scripts_of(kept)
    return {"full_name_khmer": kept if khmer else None, "full_name_latin": None if khmer else kept}


def says_something(entry: Mapping[str, Any]) -> bool:
    """Whether an entry of a form describes a thing; a row left empty except for its currency does not."""
    return any(value.strip() if isinstance(value, str) else value for key, value in entry.items() if key != "currency")


def read_collateral(entry: Mapping[str, Any]) -> Thing:
    """Understand an entry of a form; what cannot be understood stays in the entry only."""
    found: dict[str, Any] = {}
    for name, keys in COLLATERAL_KEYS.items():
        written = next((entry[key] for key in keys if entry.get(key) is not None), None)
        match name:
            case "value":
                found[name] = _amount(written)
            case "currency":
                found[name] = Currency(written) if isinstance(written, str) and written in set(Currency) else None
            case _:
                found[name] = _text(written, _LONGEST[name])
    return Thing(**found)


def with_changes(entry: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Apply changes to an entry, each under the key it already has there; null removes it."""
    changed = dict(entry)
    for name, value in changes.items():
        keys = COLLATERAL_KEYS[name]
        key = next((key for key in keys if key in changed), keys[0])
        for known in keys:
            changed.pop(known, None)
        if value is not None:
            changed[key] = value
    return changed


def _text(written: object, longest: int) -> str | None:
    return written.strip() or None if isinstance(written, str) and len(written) <= longest else None


def _amount(written: object) -> Decimal | None:
    """Read an amount that may have been sent as text, such as `12,000.50`."""
    if isinstance(written, bool) or not isinstance(written, int | float | Decimal | str):
        return None
    try:
        amount = Decimal(str(written).replace(",", "").strip())
    except InvalidOperation:
        return None
    if not amount.is_finite() or not 0 <= amount <= _MOST:
        return None
    return amount.quantize(Decimal("0.01"))
