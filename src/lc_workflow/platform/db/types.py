"""Column types that carry the meaning of what they hold."""

from enum import StrEnum

from sqlalchemy import Enum, Numeric

AMOUNT = Numeric(15, 2)
"""An amount of money in the currency the row names."""

PERCENT = Numeric(7, 4)
"""Percent per year."""


def choice(kind: type[StrEnum]) -> Enum:
    """Store the value of an enumeration as text and load it as its member again."""
    return Enum(
        kind,
        native_enum=False,
        length=40,
        create_constraint=False,
        validate_strings=True,
        values_callable=lambda members: [member.value for member in members],
    )
