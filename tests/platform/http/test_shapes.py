"""What the description says of a text is what the house takes, sign by sign."""

from contextlib import suppress

import jsonschema_rs
import pytest
from msgspec import ValidationError, convert, json

from lc_workflow.platform.http.shapes import Email

ODD = [*map(chr, (*range(1, 0x21), *range(0x7F, 0xA1))), "\u1680", "\u2003", "\u200b", "\u2028", "\u3000", "\ufeff"]
"""Control signs, spaces, and what some take for one."""


@pytest.mark.parametrize("sign", [*ODD, "k", "ក"], ids=ascii)
def test_an_address_is_described_as_it_is_read(sign: str) -> None:
    address, taken = f"so{sign}k@branch.example", False
    with suppress(ValidationError):
        taken = bool(convert(address, Email))
    assert jsonschema_rs.is_valid(json.schema(Email), address) is taken
