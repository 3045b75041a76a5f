"""Bounds that Litestar leaves out of the documentation: those of list items and mapping values, and of mapping keys."""

from typing import Any, Final, TypeAlias

from litestar.openapi.spec import Schema
from msgspec import inspect

_TOLD: Final = {
    "minLength": "min_length",
    "maxLength": "max_length",
    "pattern": "pattern",
    "minimum": "minimum",
    "maximum": "maximum",
    "exclusiveMinimum": "exclusive_minimum",
    "minItems": "min_items",
    "maxItems": "max_items",
    "minProperties": "min_properties",
    "maxProperties": "max_properties",
}
"""What a bound is called in JSON Schema, and as a field of Litestar's schemas."""

_Scalar: TypeAlias = inspect.StrType | inspect.IntType | inspect.FloatType | inspect.DecimalType | inspect.UUIDType
_Collection: TypeAlias = inspect.ListType | inspect.SetType | inspect.FrozenSetType | inspect.VarTupleType


def bound(schema: object, kind: inspect.Type) -> None:
    """Add the bounds of `kind` and of its parts to its description, where they are missing.

    What a `Meta` says in `extra_json_schema` counts too: the only way to give the bounds of a `Decimal`.
    """
    if not isinstance(schema, Schema):
        return
    kind, told = _unwrapped(kind)
    if schema.one_of and not isinstance(kind, _Scalar):
        bound(schema.one_of[0], kind)
    elif isinstance(kind, inspect.DictType):
        bound(schema.additional_properties, kind.value_type)
        schema.property_names = _names(kind.key_type)
    elif isinstance(kind, _Collection):
        bound(schema.items, kind.item_type)
    for name, value in (_bounds(kind) | told).items():
        if name in _TOLD and value is not None and getattr(schema, _TOLD[name]) is None:
            setattr(schema, _TOLD[name], value)


def _unwrapped(kind: inspect.Type) -> tuple[inspect.Type, dict[str, Any]]:
    """The one type a value has when it is not null, and its `Meta`."""
    if isinstance(kind, inspect.UnionType):
        kinds = [one for one in kind.types if not isinstance(one, inspect.NoneType)]
        kind = kinds[0] if len(kinds) == 1 else kind
    if isinstance(kind, inspect.Metadata):
        return kind.type, kind.extra_json_schema or {}
    return kind, {}


def _bounds(kind: inspect.Type) -> dict[str, Any]:
    if isinstance(kind, inspect.StrType):
        return {"minLength": kind.min_length, "maxLength": kind.max_length, "pattern": kind.pattern}
    if isinstance(kind, inspect.IntType | inspect.FloatType):
        return {"minimum": kind.ge, "maximum": kind.le}
    if isinstance(kind, _Collection):
        return {"minItems": kind.min_length, "maxItems": kind.max_length}
    if isinstance(kind, inspect.DictType):
        return {"minProperties": kind.min_length, "maxProperties": kind.max_length}
    return {}


def _names(kind: inspect.Type) -> Schema | None:
    """What the keys of a mapping can be, where they are not just any text."""
    if isinstance(kind, inspect.EnumType):
        return Schema(enum=[member.value for member in kind.cls])
    if isinstance(kind, inspect.LiteralType):
        return Schema(enum=list(kind.values))
    named = Schema()
    bound(named, kind)
    return None if named == Schema() else named
