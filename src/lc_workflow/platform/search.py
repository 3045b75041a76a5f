"""Searching text columns for what a person typed."""

import re
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Select, Uuid, any_, func, or_
from sqlalchemy.orm import InstrumentedAttribute

from lc_workflow.kernel.names import plain


def contains(column: InstrumentedAttribute[Any] | ColumnElement[Any], text: str) -> ColumnElement[bool]:
    """Match rows whose column contains the text, whatever the case; `%` and `_` mean themselves.

    ILIKE uses trigram indexes, which the library's own `icontains` (two `lower()` around LIKE) does not.
    """
    return column.ilike(pattern(text), escape="\\")


def called(column: InstrumentedAttribute[Any], text: str) -> ColumnElement[bool]:
    """Match rows whose name contains the text, with or without the zero-width spaces that Khmer keyboards add.

    A name stored with such spaces is found by whoever types them again.
    """
    seen = plain(text)
    if not seen or seen == text.strip():
        return contains(column, text)
    return or_(contains(column, seen), contains(column, text))


def mentions(column: InstrumentedAttribute[str], wanted: ColumnElement[str]) -> ColumnElement[bool]:
    """Match rows whose text holds a `pattern`; the text was stored with `lower` and `searchable` applied."""
    return column.like(func.lower(wanted))


def pattern(text: str) -> str:
    """The LIKE pattern that finds a text anywhere; `%` and `_` mean themselves."""
    return "%" + re.sub(r"([\\%_])", r"\\\1", text.strip()) + "%"


def names(column: InstrumentedAttribute[Any], text: str) -> ColumnElement[bool]:
    """Match rows whose name contains the text, in Khmer or in Latin letters, through an index on `searchable`.

    Trigrams do not count Khmer vowels and the subscript sign as letters, and so see hardly a word of a Khmer name. The
    database's function `searchable` replaces each of these signs with a letter of a script that nobody here writes.
    """
    return contains(func.searchable(column), text.translate(LETTER_FOR))


LETTER_FOR: Final = {0x1780 + place: chr(0xA000 + place) for place in range(128)}
"""The letter that replaces each Khmer sign; the function `searchable` uses the same."""


def among(column: InstrumentedAttribute[Any], found: Select[UUID]) -> ColumnElement[bool]:
    """Match rows whose id another query finds, as one of several ways to match them.

    As an array the ids are known before the rows are searched, so that PostgreSQL can combine this with the indexes of
    the other ways; `IN (SELECT …)` beside an OR makes it read the whole table.
    """
    return column == any_(func.array(found.scalar_subquery(), type_=ARRAY(Uuid)))
