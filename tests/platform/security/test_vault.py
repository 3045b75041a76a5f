"""What is sealed is opened with a key that is known, about what it was sealed for, and unchanged."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lc_workflow.platform.security.vault import CannotOpen, Vault

KEY, OTHER = "a key that only the tests know, long enough", "another key that only the tests know, as long"


@given(st.text(), st.text())
def test_what_was_sealed_is_opened_again(text: str, about: str) -> None:
    vault = Vault(KEY)
    assert vault.open(vault.seal(text, about=about), about=about) == text


def test_nothing_of_a_text_is_seen_and_no_two_seals_are_alike() -> None:
    vault = Vault(KEY)
    one, two = vault.seal("JBSWY3DPEHPK3PXP", about="dara"), vault.seal("JBSWY3DPEHPK3PXP", about="dara")
    assert one != two
    assert b"JBSW" not in one


def test_a_seal_opens_nowhere_else() -> None:
    vault = Vault(KEY)
    sealed = vault.seal("secret", about="dara")
    with pytest.raises(CannotOpen):
        vault.open(sealed, about="sokha")
    with pytest.raises(CannotOpen):
        Vault(OTHER).open(sealed, about="dara")
    for place in range(len(sealed)):
        changed = bytearray(sealed)
        changed[place] ^= 1
        with pytest.raises(CannotOpen):
            vault.open(bytes(changed), about="dara")
    for length in range(len(sealed)):
        with pytest.raises(CannotOpen):
            vault.open(sealed[:length], about="dara")


def test_a_new_key_opens_what_the_old_one_sealed_and_says_that_it_is_old() -> None:
    sealed = Vault(KEY).seal("secret", about="dara")
    newer = Vault(OTHER, previous=[KEY])
    assert newer.open(sealed, about="dara") == "secret"
    assert not newer.is_current(sealed)
    assert newer.is_current(newer.seal("secret", about="dara"))
