"""Rows within rows: children as JSON that their struct reads, in the statement that reads the parent."""

from typing import Any

from msgspec import Struct
from sqlalchemy import ColumnElement, FromClause, Select, Text, case, func, literal_column, select
from sqlalchemy.dialects.postgresql import aggregate_order_by


def as_object(shape: type[Struct], table: FromClause, **others: ColumnElement[Any]) -> ColumnElement[Any]:
    """Write the fields of `shape` as a JSON object: the table's columns of the same names, or `others`."""
    parts: list[ColumnElement[Any]] = []
    for name in shape.__struct_fields__:
        parts += literal_column(f"'{name}'"), others[name] if name in others else table.c[name]
    return func.json_build_object(*parts)


def as_object_or_null(shape: type[Struct], table: FromClause) -> ColumnElement[Any]:
    """Write the row that an outer join brought as a JSON object, or null when it brought none."""
    return case((table.c.id.is_not(None), as_object(shape, table)), else_=None)


def as_list(value: ColumnElement[Any], *, order: ColumnElement[Any], source: FromClause) -> Select[Any]:
    """Gather the values of all rows of `source` in one JSON text, in their order; say which rows with `where`."""
    gathered = func.json_agg(aggregate_order_by(value, order))
    return select(func.coalesce(gathered.cast(Text), literal_column("'[]'"))).select_from(source)
