"""Days sent as moments: JavaScript has no plain dates, and writes 1 December as `2026-11-30T17:00:00.000Z`."""

import re
from datetime import datetime
from functools import cache
from typing import Any, Final, TypeAlias

from msgspec import inspect

from lc_workflow.kernel.dates import local_day

Kind: TypeAlias = Any
"""A type as an annotation writes it."""

_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d\S*(?: \d\d:?\d\d)?", re.ASCII)


def is_moment(text: str) -> bool:
    """Whether a text is written as a moment, so that somebody may mean its day."""
    return bool(_MOMENT.fullmatch(text))


def day_of(text: str) -> str:
    """The day at the branches that a moment falls on; what cannot be read stays, and is refused as a day."""
    if not is_moment(text):
        return text
    try:
        moment = datetime.fromisoformat(text.replace(" ", "+") if "T" in text else text)  # + in a query is a space
        return str(local_day(moment) if moment.tzinfo else moment.date())
    except (ValueError, OverflowError):
        return text


def with_days(value: object, expected: Kind) -> object:
    """Give a decoded body back with days in place of moments, wherever an `expected` has a day."""
    return _read(value, _kind(expected))


@cache
def _kind(expected: Kind) -> inspect.Type:
    return inspect.type_info(expected)


def _read(value: object, kind: inspect.Type) -> object:
    while isinstance(kind, inspect.Metadata):
        kind = kind.type
    match value, kind:
        case _, inspect.UnionType(types=kinds):
            return _read_as_one_of(value, kinds)
        case str(), inspect.DateType():
            return day_of(value)
        case dict(), inspect.StructType(fields=members):
            kinds_of = {member.encode_name: member.type for member in members}
            return {name: _read(item, kinds_of[name]) if name in kinds_of else item for name, item in value.items()}
        case dict(), inspect.DictType(value_type=inner):
            return {name: _read(item, inner) for name, item in value.items()}
        case list(), inspect.CollectionType(item_type=inner):
            return [_read(item, inner) for item in value]
        case _:
            return value


def _read_as_one_of(value: object, kinds: tuple[inspect.Type, ...]) -> object:
    """Read a value of a union; where text or a moment is accepted as well, it stays what it is."""
    if not any(isinstance(kind, inspect.StrType | inspect.DateTimeType) for kind in kinds):
        for kind in kinds:
            value = _read(value, kind)
    return value
