"""Searching text columns for what a person typed."""

import re
from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy.orm import InstrumentedAttribute


def contains(column: InstrumentedAttribute[Any] | ColumnElement[Any], text: str) -> ColumnElement[bool]:
    """Match rows whose column contains the text, whatever the case; `%` and `_` mean themselves.

    ILIKE uses trigram indexes, which the library's own `icontains` (two `lower()` around LIKE) does not.
    """
    pattern = re.sub(r"([\\%_])", r"\\\1", text.strip())
    return column.ilike(f"%{pattern}%", escape="\\")
