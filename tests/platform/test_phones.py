"""Telephone numbers as people write them."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis.strategies import text

from lc_workflow.platform.phones import NotAPhone, check_phones, e164, phone_key, phone_keys
from tests.conftest import ROOT

ROWS = json.loads((ROOT / "tests" / "lending" / "vectors" / "matching.json").read_text("utf-8"))["phones"]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: str(row["written"]))
def test_a_number_is_dialled_the_same_however_it_is_written(row: dict[str, Any]) -> None:
    assert e164(row["written"]) == row["e164"]
    assert phone_key(row["written"]) == row["e164"]


def test_khmer_digits_are_digits() -> None:
    assert e164("០១២ ៣៤៥ ៦៧៨") == "+85512345678"
    assert e164("០០៨៥៥ ១២ ៣៤៥ ៦៧៨") == "+85512345678"


@pytest.mark.parametrize(
    "written", ["(00855) 12 345 678", "\u200b0085512345678", "0\u200b085512345678", "00 855 12345678"]
)
def test_two_zeros_stand_for_a_plus_whatever_stands_before_them(written: str) -> None:
    assert e164(written) == "+85512345678"


@pytest.mark.parametrize("written", ["", "0", "call me", "012 345", "096 000 955", "+999 123 456"])
def test_what_no_network_gives_out_is_refused(written: str) -> None:
    with pytest.raises(NotAPhone):
        e164(written)


def test_a_number_nobody_can_call_is_still_the_same_as_itself() -> None:
    assert phone_key("096 000 955") == phone_key("096-000-955") == "096000955"
    assert phone_key("call me") is phone_key(None) is None


@pytest.mark.parametrize("written", ["0", "12 34", "000 000 000", "99999999999999999999"])
def test_what_is_written_for_want_of_a_number_is_nobodys(written: str) -> None:
    assert phone_key(written) is None


@pytest.mark.parametrize("written", ["012 345 678 / 098 765 432", "012345678,098765432", "012 345 678 ឬ 098 765 432"])
def test_of_several_numbers_in_one_field_the_first_is_dialled_and_each_tells_whose_it_is(written: str) -> None:
    assert phone_key(written) == "+85512345678"
    assert phone_keys(written, None, "016 777 888") == {"+85512345678", "+85598765432", "+85516777888"}
    assert phone_key("1 / 012345678") == "+85512345678", "what is no number is passed over"
    assert phone_keys("12 / 34 / 56") == {"123456"}, "where nobody can be called the digits are compared"


@given(text())
def test_whatever_is_written_has_a_key_or_none(written: str) -> None:
    key = phone_key(written)
    assert key is None or key.lstrip("+").isdigit()


def test_a_number_is_noted_as_it_was_told_unless_it_has_too_few_digits_to_be_one() -> None:
    check_phones({"phone": "12 34-56", "other": None, "third": "", "fax": "12345"}, "phone", "other", "third")
    with pytest.raises(NotAPhone) as refused:
        check_phones({"phone": "012 345 678", "fax": "12345"}, "phone", "fax")
    assert [error.field for error in refused.value.errors] == ["fax"]


def test_what_no_network_gives_out_is_compared_by_its_digits_from_six_on() -> None:
    assert phone_key("12-34-56") == "123456"
    assert phone_key("121-212") == "121212"
    assert [phone_key(number) for number in ("12345", "111 111", "", None)] == [None] * 4
