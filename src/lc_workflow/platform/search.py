"""Searching text columns for what a person typed."""

from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy.orm import InstrumentedAttribute


def contains(column: InstrumentedAttribute[Any] | ColumnElement[Any], text: str) -> ColumnElement[bool]:
    """Match rows whose column contains the text, whatever the case; `%` and `_` mean themselves."""
    return column.icontains(text.strip(), autoescape=True)
