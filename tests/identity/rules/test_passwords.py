"""What a new password must have."""

from typing import Any

import pytest

from lc_workflow.identity.rules.passwords import WeakPassword, check_password

ALL = {"shortest": 8, "special": True, "number": True, "uppercase": True}


@pytest.mark.parametrize(
    ("password", "policy"),
    [
        ("abcdefgh", {"shortest": 8}),
        ("ពាក្យសម្ងាត់", {"shortest": 8}),
        ("Abcdef1!", ALL),
        ("Abcdef1 ", ALL),
        ("Abcdefg១_", ALL),
        ("a" * 72, {"shortest": 8}),
        ("x", {"shortest": 1}),
    ],
)
def test_a_password_passes_that_has_all_of_it(password: str, policy: dict[str, Any]) -> None:
    check_password(password, **policy)


@pytest.mark.parametrize(
    ("password", "policy", "missing"),
    [
        ("abcdefg", {"shortest": 8}, "at least 8 characters"),
        ("a" * 73, {"shortest": 8}, "at most 72 bytes"),
        ("ក" * 25, {"shortest": 8}, "at most 72 bytes"),
        ("Abcdefg1", ALL, "a special character"),
        ("Abcdefg!", ALL, "a number"),
        ("abcdef1!", ALL, "an uppercase letter"),
    ],
)
def test_a_password_is_refused_for_what_it_lacks(password: str, policy: dict[str, Any], missing: str) -> None:
    with pytest.raises(WeakPassword) as refusal:
        check_password(password, **policy)
    assert refusal.value.detail == f"The password needs {missing}."


def test_everything_that_is_missing_is_said_at_once() -> None:
    with pytest.raises(WeakPassword) as refusal:
        check_password("abc", **ALL)  # type: ignore[arg-type]
    assert refusal.value.detail == (
        "The password needs at least 8 characters, a special character, a number, an uppercase letter."
    )
    assert "abc" not in refusal.value.detail
