"""When two papers, names or descriptions belong to the same person."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis.strategies import dates, integers, text

from lc_workflow.kernel.errors import Invalid
from lc_workflow.lending.rules.matching import (
    CheckDigitWrong,
    IdentityCardLength,
    Likeness,
    MixedScripts,
    NotBornYet,
    Traits,
    account_as_kept,
    age_on,
    check_digit_of,
    check_name,
    clean,
    compare,
    compare_strictly,
    identity_key,
    normal_name,
    normal_number,
    number_key,
    read_identity_card,
)

VECTORS: dict[str, list[dict[str, Any]]] = json.loads(
    (Path(__file__).parents[1] / "vectors" / "matching.json").read_text("utf-8")
)


def written(row: dict[str, Any]) -> str:
    return str(row["written"])


@pytest.mark.parametrize("row", VECTORS["identity_cards"], ids=written)
def test_an_identity_card_has_nine_digits_and_perhaps_a_check_digit(row: dict[str, Any]) -> None:
    if row["refusal"]:
        with pytest.raises(Invalid) as refused:
            read_identity_card(row["written"])
        assert refused.value.code == row["refusal"]
    else:
        assert read_identity_card(row["written"]) == row["number"]


def test_a_wrong_check_digit_is_told_and_a_tenth_digit_that_fits_is_suggested() -> None:
    with pytest.raises(CheckDigitWrong):
        read_identity_card("012345678(5)")
    with pytest.raises(Invalid, match=r"write 012345678\(4\)"):
        read_identity_card("0123456784")


@given(integers(0, 10**9 - 1), integers(0, 8), integers(1, 9))
def test_the_check_digit_notices_a_single_mistyped_digit_that_is_not_five_away(
    number: int, place: int, shift: int
) -> None:
    digits = f"{number:09}"
    mistyped = digits[:place] + str((int(digits[place]) + shift) % 10) + digits[place + 1 :]
    assert check_digit_of(mistyped) != check_digit_of(digits)


@pytest.mark.parametrize("row", VECTORS["names"], ids=written)
def test_a_name_is_of_one_script_and_loses_what_nobody_sees(row: dict[str, Any]) -> None:
    if row["refusal"]:
        with pytest.raises(Invalid, match=row["field"]) as refused:
            check_name(row["written"], field=row["field"])
        assert refused.value.code == row["refusal"]
    else:
        assert check_name(row["written"], field="full_name_khmer") == row["kept"]


@pytest.mark.parametrize("name", ["SOK SOPHEA", "Jean-Luc d'Été", "សុខ សុភា", "សុខ ស.", "Sok Sophea 2", "李小龙", ""])
def test_names_of_one_script_pass(name: str) -> None:
    assert check_name(name, field="full_name_latin") == name


def test_a_latin_name_with_a_cyrillic_letter_is_a_disguise() -> None:
    with pytest.raises(MixedScripts):
        check_name("SОK SOPHEA", field="full_name_latin")  # noqa: RUF001 - that is the disguise


@pytest.mark.parametrize(
    ("written", "compared"),
    [
        ("  Sok   Sophea ", "SOK SOPHEA"),
        ("សុខ\u200bសុភា", "សុខសុភា"),
        ("E\u0301ric", "ÉRIC"),
        ("\u2068Sok Sophea\u2069", "SOK SOPHEA"),
        ("\u202aSok So\u00adphea\u202c", "SOK SOPHEA"),
        ("សុខ\u17b4សុភា", "សុខសុភា"),
        ("E\u200b\u0301ric", "ÉRIC"),
        (" \u200b ", None),
        (None, None),
    ],
)
def test_a_name_is_the_same_however_it_is_written(written: str | None, compared: str | None) -> None:
    assert normal_name(written) == compared


@given(text())
def test_cleaning_twice_changes_nothing(written: str) -> None:
    assert clean(clean(written)) == clean(written)
    assert normal_name(normal_name(written)) == normal_name(written)


@pytest.mark.parametrize(
    ("written", "compared"),
    [
        ("010234567", "010234567"),
        (" 010 234-567 ", "010234567"),
        ("០១០២៣៤៥៦៧", "010234567"),
        ("n1234567", "N1234567"),
        ("0102\u200b34567", "010234567"),
        ("---", ""),
    ],
)
def test_a_number_is_the_same_however_it_is_written(written: str, compared: str) -> None:
    assert normal_number(written) == compared


@given(text())
@example("ᾶ")  # a capital of two characters, one of which is no letter
def test_comparing_twice_changes_nothing(written: str) -> None:
    assert normal_number(normal_number(written)) == normal_number(written)


def test_the_same_number_on_another_paper_is_another_person() -> None:
    assert identity_key("passport", "1") != identity_key("cambodian_identity", "1")


def test_the_check_digit_is_no_part_of_the_number() -> None:
    assert identity_key("cambodian_identity", "012345678(4)") == identity_key("cambodian_identity", "០១២៣៤៥៦៧៨")
    assert identity_key("cambodian_identity", "0123456784") == "cambodian_identity:0123456784"


def test_what_a_telephone_puts_around_a_copied_number_is_no_part_of_it() -> None:
    assert identity_key("cambodian_identity", "\u2068012345678(4)\u2069") == "cambodian_identity:012345678"
    assert read_identity_card("\u202a012345678\u202c") == "012345678"
    assert account_as_kept("\u202a00012345\u202c") == "00012345"


def test_a_number_is_looked_for_whatever_paper_it_stands_on() -> None:
    assert number_key("012345678(4)") == "012345678"
    assert number_key("n 123-4567") == "N1234567"
    assert number_key("N/A") is None
    assert identity_key("passport", "012345678(4)") == "passport:0123456784", "only a card has a check digit"
    assert identity_key(None, "n1234567") == "other:N1234567"
    assert identity_key(None, "012345678(4)") == identity_key("cambodian_identity", "012345678")
    assert identity_key("passport", "11111") == "passport:11111", "five alike may be meant"
    assert identity_key("passport", "111111") is None, "six alike are what people write who know none"
    assert identity_key("passport", "121212") == "passport:121212"


def test_an_account_is_kept_the_same_however_it_was_typed() -> None:
    assert account_as_kept(" ០០០១ ២៣\u200b៤ ") == "0001234"
    assert [account_as_kept(nothing) for nothing in (None, "", " \u200b ")] == [None] * 3


@pytest.mark.parametrize(
    ("written", "suggested"),
    [("0123456784", " If the last digit is the check digit, write 012345678(4)."), ("0123456785", ""), ("01234", "")],
)
def test_ten_digits_are_taken_for_a_card_with_its_check_digit_only_where_that_fits(
    written: str, suggested: str
) -> None:
    with pytest.raises(IdentityCardLength) as refused:
        read_identity_card(written)
    assert refused.value.detail == f"A Cambodian identity card has nine digits.{suggested}"


@pytest.mark.parametrize("number", [None, "", "  ", "-", "N/A", "មិនមាន", "0", "000 000 000", "០០០០០០០០០", "999999999"])
def test_without_a_number_nobody_is_known(number: str | None) -> None:
    assert identity_key("passport", number) is None


@pytest.mark.parametrize(
    ("born", "day", "age"),
    [
        (date(2000, 11, 24), date(2018, 11, 23), 17),
        (date(2000, 11, 24), date(2018, 11, 24), 18),
        (date(2000, 2, 29), date(2018, 2, 28), 17),
        (date(2000, 2, 29), date(2018, 3, 1), 18),
        (date(2000, 2, 29), date(2020, 2, 29), 20),
        (date(2020, 1, 1), date(2020, 1, 1), 0),
    ],
)
def test_age_is_counted_in_full_birthdays(born: date, day: date, age: int) -> None:
    assert age_on(born, day) == age


@given(dates(), dates())
def test_nobody_grows_younger_and_nobody_is_asked_before_birth(one: date, other: date) -> None:
    born, day = sorted((one, other))
    assert 0 <= age_on(born, day) <= day.year - born.year
    if born != day:
        with pytest.raises(NotBornYet):
            age_on(day, born)


SOPHEA = Traits(khmer="សុខ សុភា", latin="SOK SOPHEA", born=date(1990, 4, 13))
SPELLED = Traits(khmer="សុខ សុភា", latin="SOK SOPHIA")
MISTYPED = Traits(latin="SOK SOPHEA", born=date(1990, 4, 14))
BROTHER = Traits(khmer="សុខ ដារ៉ា", latin="SOK DARA", born=date(1992, 1, 1))
KHMER_ONLY = Traits(khmer="សុខ សុភា")
LATIN_ONLY = Traits(latin="SOK SOPHEA")


@pytest.mark.parametrize(
    ("other", "by_paper", "by_telephone"),
    [
        (SOPHEA, Likeness.SAME, Likeness.SAME),
        (SPELLED, Likeness.SAME, Likeness.SAME),
        (MISTYPED, Likeness.SAME, Likeness.DIFFERENT),
        (BROTHER, Likeness.DIFFERENT, Likeness.DIFFERENT),
        (Traits(born=SOPHEA.born), Likeness.SAME, Likeness.UNTOLD),
        (Traits(), Likeness.UNTOLD, Likeness.UNTOLD),
    ],
)
def test_a_shared_paper_convinces_sooner_than_a_shared_telephone(
    other: Traits, by_paper: Likeness, by_telephone: Likeness
) -> None:
    assert (compare(SOPHEA, other), compare(other, SOPHEA)) == (by_paper, by_paper)
    assert (compare_strictly(SOPHEA, other), compare_strictly(other, SOPHEA)) == (by_telephone, by_telephone)


def test_names_in_different_scripts_tell_nothing() -> None:
    assert compare(KHMER_ONLY, LATIN_ONLY) is Likeness.UNTOLD
