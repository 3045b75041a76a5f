"""When two papers belong to the same person."""

import pytest
from hypothesis import example, given
from hypothesis.strategies import text

from lc_workflow.lending.rules.matching import identity_key, normal_number


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


@pytest.mark.parametrize("number", [None, "", "  ", "-"])
def test_without_a_number_nobody_is_known(number: str | None) -> None:
    assert identity_key("passport", number) is None
