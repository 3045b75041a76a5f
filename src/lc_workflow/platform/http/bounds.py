"""Bounds in the documentation that Litestar leaves out: those of what lists and mappings hold, and of their names."""

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
"""What a bound is called in a document, and as a field of Litestar's schemas."""

_Collection: TypeAlias = inspect.ListType | inspect.SetType | inspect.FrozenSetType | inspect.VarTupleType


def bound(schema: object, kind: inspect.Type) -> None:
    """Write the bounds of `kind` and of its parts into its description, where it does not say them yet.

    What a `Meta` says in `extra_json_schema` counts as a bound too: the only way to say those of a `Decimal`.
    """
    if not isinstance(schema, Schema):
        return
    told: dict[str, Any] = {}
    if isinstance(kind, inspect.Metadata):
        told, kind = kind.extra_json_schema or {}, kind.type
    if schema.one_of:
        _bound_one_of(schema.one_of[0], kind)
    elif isinstance(kind, inspect.DictType):
        bound(schema.additional_properties, kind.value_type)
        schema.property_names = _names(kind.key_type)
    elif isinstance(kind, _Collection):
        bound(schema.items, kind.item_type)
    for name, value in (_bounds(kind) | told).items():
        if name in _TOLD and value is not None and getattr(schema, _TOLD[name]) is None:
            setattr(schema, _TOLD[name], value)


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


def _bound_one_of(arm: object, kind: inspect.Type) -> None:
    """Go on with what may also be null or left out; Litestar has written the bounds of a text or a number beside."""
    several = kind.types if isinstance(kind, inspect.UnionType) else (kind,)
    kinds = [one for one in several if not isinstance(one, inspect.NoneType)]
    if len(kinds) == 1 and not isinstance(kinds[0], inspect.StrType | inspect.IntType | inspect.FloatType):
        bound(arm, kinds[0])


def _names(kind: inspect.Type) -> Schema | None:
    """What the names of a mapping can be, where they are not any text."""
    if isinstance(kind, inspect.EnumType):
        return Schema(enum=[member.value for member in kind.cls])
    if isinstance(kind, inspect.LiteralType):
        return Schema(enum=list(kind.values))
    named = Schema()
    bound(named, kind)
    return None if named == Schema() else named
