"""How a form's entries about collateral are understood, and kept whole."""

from decimal import Decimal
from typing import Any

import pytest

from lc_workflow.lending.rules.backing import (
    BACKING_FIELDS,
    COLLATERAL_KEYS,
    Thing,
    names_of,
    read_collateral,
    says_something,
    with_changes,
)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        (12000, Decimal("12000.00")),
        (12000.5, Decimal("12000.50")),
        ("12,000.50", Decimal("12000.50")),
        ("much", None),
        (-1, None),
        (0, Decimal("0.00")),
        (" 7 ", Decimal("7.00")),
        ("9999999999999.99", Decimal("9999999999999.99")),
        ("10000000000000", None),
        (True, None),
        ([1], None),
        ("NaN", None),
        ("1e400", None),
        (None, None),
    ],
)
def test_a_value_is_understood_where_it_can_be(written: object, value: Decimal | None) -> None:
    assert read_collateral({"value": written}).value == value
    assert read_collateral({"estimated_value": written}).value == value


def test_what_is_known_is_found_under_the_names_that_forms_use() -> None:
    thing = read_collateral({"type": " land ", "title_number": "LMAP-7", "currency": "KHR", "owner": "SOK", "x": 1})
    assert (thing.kind, thing.title_number, thing.currency, thing.owner_name) == ("land", "LMAP-7", "KHR", "SOK")


@pytest.mark.parametrize("value", [None, "", " ", 0, True, [], {"a": 1}, "ក" * 5000, 1e308, -0.0])
@pytest.mark.parametrize("key", ["type", "collateral_type", "value", "photo", "owner", "currency"])
def test_an_entry_is_read_whatever_stands_in_it(key: str, value: object) -> None:
    entry: dict[str, Any] = {key: value}
    read_collateral(entry)
    assert with_changes(entry, {}) == entry


def test_a_change_keeps_the_name_a_form_uses_and_every_other_key() -> None:
    entry = {"type": "land", "value": "9", "photo": {"file_id": "7"}}
    assert with_changes(entry, {"value": Decimal(10), "kind": None}) == {
        "value": Decimal(10),
        "photo": {"file_id": "7"},
    }
    assert with_changes({}, {"kind": "car"}) == {"collateral_type": "car"}


@pytest.mark.parametrize(
    ("written", "khmer", "latin"),
    [("SOK CHANTHY", None, "SOK CHANTHY"), ("សុខ ចាន់ធី", "សុខ ចាន់ធី", None), (" ", None, None), (None, None, None)],
)
def test_a_name_stands_in_the_column_of_its_script_alone(
    written: str | None, khmer: str | None, latin: str | None
) -> None:
    assert names_of(written, field="guarantor_name") == {"full_name_khmer": khmer, "full_name_latin": latin}


def test_a_row_that_nobody_filled_in_but_for_its_currency_says_nothing() -> None:
    assert not says_something({})
    assert not says_something({"type": " ", "value": None, "photos": [], "currency": "USD"})
    assert says_something({"type": " ", "value": 1, "currency": "USD"})
    assert says_something({"type": "land"})


def test_the_web_app_s_fields_of_guarantor_and_collateral_are_kept_as_rows() -> None:
    guarantor = {f"guarantor_{what}" for what in ("name", "phone", "id_number", "address", "relationship")}
    assert guarantor | {"collaterals"} == BACKING_FIELDS


def test_a_text_that_its_column_does_not_hold_stays_in_the_entry_alone() -> None:
    whole = {"kind": "x" * 100, "owner_name": "x" * 200, "title_number": "x" * 100, "description": "x" * 4_000}
    written = {COLLATERAL_KEYS[name][0]: text for name, text in whole.items()}
    assert read_collateral(written) == Thing(**whole)  # type: ignore[arg-type]
    assert read_collateral({key: text + "x" for key, text in written.items()}) == Thing()
