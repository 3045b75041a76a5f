"""All fields of a request that cannot be accepted, each with a sentence.

msgspec stops at the first; this pass runs only after a body was refused, or when one looks suspicious.
"""

import re
from collections.abc import Iterable, Iterator
from decimal import Decimal
from enum import Enum
from itertools import islice
from math import isfinite
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Literal, TypeAlias, TypeVar, Union, get_args, get_origin

import msgspec
from litestar.serialization import default_deserializer
from msgspec import Meta, Struct, UnsetType
from msgspec.structs import fields

from lc_workflow.kernel.errors import DomainError, FieldError, Invalid
from lc_workflow.platform.http.days import with_days

T = TypeVar("T")

Kind: TypeAlias = Any
"""A type as an annotation writes it: a struct, `date | None`, `Annotated[int, Meta(ge=1)]`."""

MOST_ERRORS: Final = 100
MOST_NAMED: Final = 8
LARGEST_EXPONENT: Final = 30
LARGEST_INTEGER: Final = int("1" + LARGEST_EXPONENT * "0")
"""Amounts have 15 digits; ten to the thirtieth is a mistake or an attack on whoever formats it."""

LONGEST_NAME: Final = 100
BODY: Final = "body"
IS_NEEDED: Final = "is needed"
IS_UNKNOWN: Final = "is not known here"
VISIBLE: Final = r"[^\s\x00-\x1f\x7f-\x9f\xad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]"
"""A visible character. Control and zero-width characters are listed, because Python and JavaScript differ about which
of them are spaces, and a name made of nothing else is blank."""

_FORMS: Final = {
    VISIBLE: "not be blank",
    r"^[a-z][a-z0-9_]*$(?!\n)": "be small Latin letters, digits and underscores, like branch_manager",
}
"""What follows "must" for patterns used in many places."""

_SOME_FORM: Final = "have the expected form"
TOO_LARGE: Final = "is too large or too precise a number"

_KINDS: Final = {
    "int": "a whole number",
    "float": "a number",
    "decimal": "a number",
    "str": "text",
    "bool": "true or false",
    "object": "an object",
    "array": "a list",
    "date": "a date like 2026-11-24",
    "datetime": "a moment like 2026-11-24T09:00:00+07:00",
    "time": "a time like 09:00:00",
    "uuid": "an id",
}
_SENTENCES: Final = {
    "Invalid UUID": "must be an id",
    "Invalid decimal string": "must be a number",
    "Invalid RFC3339 encoded date": f"must be {_KINDS['date']}",
    "Invalid RFC3339 encoded datetime": f"must be {_KINDS['datetime']}",
    "Invalid RFC3339 encoded time": f"must be {_KINDS['time']}",
    "Integer value out of range": TOO_LARGE,
    "Timestamp is out of range": "is outside the calendar",
}
_BOUNDS: Final = {">=": "at least", ">": "more than", "<=": "at most", "<": "less than"}
_PLACE: Final = re.compile(r"(?P<said>.*?) - at `\$(?P<path>[^`]*)`", re.DOTALL)
_NAMED: Final = re.compile(r"Object (?P<fault>missing required|contains unknown) field `(?P<name>[^`]*)`")
_EXPECTED: Final = re.compile(r"Expected `(?P<kinds>[^`]+)`(?P<rest>.*)", re.DOTALL)
_LENGTH: Final = re.compile(r" of length (?P<bound>[<>]=?) (?P<number>\d+)")
_BOUND: Final = re.compile(r" (?P<bound>[<>]=?) (?P<number>.+)")


class InvalidInput(Invalid):
    """Fields of the request cannot be taken as they are; `errors` names each."""


def cannot_take(errors: Iterable[FieldError]) -> InvalidInput:
    """Refuse these fields, and say in one sentence which they are."""
    listed = tuple(errors)
    if len(listed) == 1:
        return InvalidInput(f"{listed[0].field}: {listed[0].msg.removesuffix('.')}.", errors=listed)
    names = list(dict.fromkeys(error.field for error in listed))
    named = ", ".join(names[:MOST_NAMED]) + (" and others" if len(names) > MOST_NAMED else "")
    return InvalidInput(f"{len(names)} fields cannot be taken: {named}.", errors=listed)


def read_as(value: object, expected: type[T]) -> T:
    """Read the decoded body `value` as an `expected`.

    Raises:
        InvalidInput: It does not fit; every wrong field is named.
    """
    value = with_days(value, expected)
    if errors := field_errors(value, expected):
        raise cannot_take(errors)
    return msgspec.convert(value, expected, strict=False, str_keys=True, dec_hook=default_deserializer)


def field_errors(value: object, expected: Kind) -> list[FieldError]:
    """List what keeps the decoded body `value` from being an `expected`; at most a hundred errors."""
    return list(islice(_faults(value, expected, ""), MOST_ERRORS))


def spoken(message: str, expected: Kind = None) -> str:
    """Turn msgspec's message about one value into words that follow the field's name."""
    if choices := _choices(_bare(expected)):
        return f"must be one of {', '.join(choices)}"
    if message.startswith("Unsupported type: <class 'list'>"):  # a field of a form that came several times
        return "cannot be taken in this form; give it once"
    if message.startswith("Unsupported type"):
        return "must be a file, sent with a file name"
    if message.startswith("Invalid enum value"):
        return "is not one of the values allowed here"
    if found := _EXPECTED.fullmatch(message):
        return f"must {_expectation(found['kinds'], found['rest'], _form(expected))}"
    return _SENTENCES.get(message.strip(), message)


def beyond_reason(number: Decimal | float) -> bool:
    """Whether nobody can mean this number: not finite, or with an exponent that fills memory when written out."""
    if isinstance(number, Decimal):
        return not number.is_finite() or (bool(number) and abs(number.adjusted()) > LARGEST_EXPONENT)
    if isinstance(number, int):
        return abs(number) > LARGEST_INTEGER
    return not isfinite(number)


def _faults(value: object, expected: Kind, path: str) -> Iterator[FieldError]:
    """Check the parts first; the whole is judged only when its parts are fine."""
    bare = _bare(expected)
    flawless = True
    for fault in _faults_of_parts(value, bare, path):
        flawless = False
        yield fault
    if flawless:
        yield from _faults_of_whole(value, expected, path)


def _faults_of_parts(value: object, bare: Kind, path: str) -> Iterator[FieldError]:
    origin = _origin(bare)
    if isinstance(value, dict) and isinstance(origin, type) and issubclass(origin, Struct):
        yield from _faults_of_members(value, bare, path)
    elif isinstance(value, dict) and origin is dict:
        _, inner = get_args(bare) or (str, Any)
        for name, item in value.items():
            yield from _faults(item, inner, _join(path, str(name)[:LONGEST_NAME]))
    elif isinstance(value, list) and origin in {list, tuple, set, frozenset}:
        inner, *others = get_args(bare) or (Any,)
        if others in ([], [...]):
            for index, item in enumerate(value):
                yield from _faults(item, inner, f"{path}[{index}]")


def _faults_of_members(members: dict[str, object], bare: Kind, path: str) -> Iterator[FieldError]:
    known = fields(bare)
    for field in known:
        below = _join(path, field.encode_name)
        if field.encode_name in members:
            yield from _faults(members[field.encode_name], field.type, below)
        elif field.required:
            yield FieldError(below, IS_NEEDED)
    if _origin(bare).__struct_config__.forbid_unknown_fields:
        for name in members.keys() - {field.encode_name for field in known}:
            yield FieldError(_join(path, name[:LONGEST_NAME]), IS_UNKNOWN)


def _faults_of_whole(value: object, expected: Kind, path: str) -> Iterator[FieldError]:
    try:
        taken = msgspec.convert(value, expected, strict=False, str_keys=True, dec_hook=default_deserializer)
    except msgspec.ValidationError as error:
        yield _placed(str(error), expected, path)
    except DomainError as refusal:
        for fault in refusal.errors:
            yield FieldError(_join(path, fault.field), fault.msg)
        if not refusal.errors:
            yield FieldError(path or BODY, refusal.detail)
    else:
        if isinstance(taken, Decimal | float) and beyond_reason(taken):
            yield FieldError(path or BODY, TOO_LARGE if str(taken).strip("+-")[0].isdigit() else "must be a number")


def _placed(message: str, expected: Kind, path: str) -> FieldError:
    """Move the path that msgspec names inside its message into the field's path."""
    if place := _PLACE.fullmatch(message):
        message, expected = place["said"], None
        path = _join(path, place["path"].removeprefix("."))
    if named := _NAMED.fullmatch(message):
        said = IS_NEEDED if named["fault"] == "missing required" else IS_UNKNOWN
        return FieldError(_join(path, named["name"]), said)
    return FieldError(path or BODY, spoken(message, expected))


def _expectation(kinds: str, rest: str, form: str) -> str:
    """Say what follows "must" for `Expected `int` >= 1` and its relatives."""
    if length := _LENGTH.fullmatch(rest):
        noun = "entries" if kinds == "array" else "characters"
        return f"have {_BOUNDS[length['bound']]} {length['number']} {noun}"
    if bound := _BOUND.fullmatch(rest):
        return f"be {_BOUNDS[bound['bound']]} {bound['number']}"
    if rest.startswith(" with a timezone"):
        return "carry its time zone, like 2026-11-24T09:00:00+07:00"
    if rest.startswith(" matching regex"):
        return form
    named = [_KINDS.get(kind, kind) for kind in kinds.split(" | ") if kind != "null"]
    return f"be {' or '.join(dict.fromkeys(named))}"


def _form(expected: Kind) -> str:
    """What follows "must" for a text of the wrong form: what the `Meta` of its pattern says in `extra`."""
    inner, *others = get_args(expected) or (None,)
    if _origin(expected) is not Annotated:
        return next((_form(kind) for kind in (inner, *others) if _origin(kind) is Annotated), _SOME_FORM)
    told = [meta for meta in others if isinstance(meta, Meta) and meta.pattern]
    return next(
        ((meta.extra or {}).get("form") or _FORMS.get(str(meta.pattern), _SOME_FORM) for meta in told), _SOME_FORM
    )


def _bare(expected: Kind) -> Kind:
    """Remove what does not change the type: bounds, `| None`, `| UNSET`."""
    while _origin(expected) is Annotated:
        expected = get_args(expected)[0]
    if _origin(expected) in {Union, UnionType}:
        kinds = [kind for kind in get_args(expected) if kind not in {NoneType, UnsetType}]
        if len(kinds) == 1:
            return _bare(kinds[0])
    return expected


def _origin(kind: Kind) -> Kind:
    origin: Any = get_origin(kind)
    return kind if origin is None else origin


def _choices(bare: Kind) -> list[str]:
    if _origin(bare) is Literal:
        return [str(choice) for choice in get_args(bare)]
    if isinstance(bare, type) and issubclass(bare, Enum):
        return [str(member.value) for member in bare]
    return []


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path and not name.startswith("[") else f"{path}{name}"
