"""Field types that requests share, how a partial change is read, and how a row becomes an answer."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Annotated, Any, Final, TypeAlias, TypeVar
from uuid import UUID

from msgspec import UNSET, Meta, Struct, convert
from msgspec.structs import force_setattr

from lc_workflow.kernel.errors import FieldError
from lc_workflow.platform.http.fields import VISIBLE, cannot_take

Shape = TypeVar("Shape", bound=Struct)

Name: TypeAlias = Annotated[str, Meta(min_length=1, max_length=200, pattern=VISIBLE)]
"""What a person or a thing is called."""

Line: TypeAlias = Annotated[str, Meta(max_length=200)]
"""One line of free text."""

Note: TypeAlias = Annotated[str, Meta(max_length=4_000)]
"""Free text of several lines."""

Phone: TypeAlias = Annotated[str, Meta(max_length=40)]
"""A telephone number as it was given."""

_UNBROKEN: Final = r"[^@\s\x00-\x1f\x7f-\x9f\ufeff]+"
"""Characters without spaces; control characters are listed, because Python and JavaScript differ about them."""

Email: TypeAlias = Annotated[
    str,
    Meta(
        max_length=254,
        pattern=rf"^{_UNBROKEN}@{_UNBROKEN}\.{_UNBROKEN}$(?!\n)",
        extra={"form": "be an e-mail address like sok.dara@example.com"},
    ),
]
"""An e-mail address; only its form is looked at."""

Code: TypeAlias = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=20,
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$(?!\n)",
        extra={"form": "be Latin letters and digits without spaces, like PP01"},
    ),
]
"""A short code in Latin letters and digits."""

PlaceCode: TypeAlias = Annotated[str, Meta(max_length=8, extra_json_schema={"pattern": r"^([0-9]{2}){1,4}$(?!\n)"})]
"""A code of the gazetteer as it was given: 2 digits name a province, 4 a district, 6 a commune, 8 a village."""

RANDOM: Final = 4
"""The version of a UUID that nobody can guess."""

_OF_A_RANDOM_ID: Final = r"^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-4[0-9a-fA-F]{3}-[89abAB][0-9a-fA-F]{3}-[0-9a-fA-F]{12}$"

NewId: TypeAlias = Annotated[UUID, Meta(extra_json_schema={"pattern": _OF_A_RANDOM_ID})]
"""An id made beforehand by the client; `check_new_id` enforces the pattern."""

MOST: Final = Decimal("9999999999999.99")
"""The largest amount a column holds."""

MOST_PERCENT: Final = Decimal(999)

Amount: TypeAlias = Annotated[Decimal, Meta(extra_json_schema={"minimum": 0, "maximum": float(MOST)})]
"""An amount of money as it was given; `check_amounts` enforces these bounds, and at most two decimals."""

Percent: TypeAlias = Annotated[Decimal, Meta(extra_json_schema={"minimum": 0, "maximum": float(MOST_PERCENT)})]
"""A percentage as it was given; `check_percents` enforces these bounds, and at most four decimals."""


def given(change: Struct) -> dict[str, Any]:
    """The fields a partial change carries: absent ones are left out, null clears a field."""
    return {name: value for name in change.__struct_fields__ if (value := getattr(change, name)) is not UNSET}


def differing(row: object, change: Struct) -> dict[str, Any]:
    """The fields of a partial change that differ from what the row holds: saving an unchanged form changes nothing."""
    return {name: value for name, value in given(change).items() if getattr(row, name) != value}


def shaped(row: object, shape: type[Shape]) -> Shape:
    """Turn a row with its loaded relations into an answer of the same field names."""
    return convert(row, shape, from_attributes=True)


def check_amounts(struct: Struct, *names: str) -> None:
    """Refuse amounts that are negative, too large, or finer than a hundredth; called from `__post_init__`.

    Raises:
        InvalidInput: Names each field that is no such amount.
    """
    _check(struct, names, most=MOST, decimals=2, said=f"must be an amount from 0 to {MOST}", finer="two")


def check_percents(struct: Struct, *names: str) -> None:
    """Refuse percentages that are negative, above 999 or finer than four decimals; called from `__post_init__`.

    Raises:
        InvalidInput: Names each field that is no such percentage.
    """
    said = f"must be a percentage from 0 to {MOST_PERCENT}"
    _check(struct, names, most=MOST_PERCENT, decimals=4, said=said, finer="four")


def check_new_id(struct: Struct, name: str) -> None:
    """Refuse an id that was not made at random; called from `__post_init__`.

    Raises:
        InvalidInput: It is an id of another kind, which somebody could have guessed.
    """
    made = getattr(struct, name)
    if isinstance(made, UUID) and made.version != RANDOM:
        raise cannot_take([FieldError(name, "must be a UUID of version 4, made at random")])


def places(number: Decimal) -> int:
    """How many decimals a number has, trailing zeros aside; only asked of numbers whose size was checked."""
    exponent = number.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _check(struct: Struct, names: Iterable[str], *, most: Decimal, decimals: int, said: str, finer: str) -> None:
    wrong = []
    for name in names:
        number = getattr(struct, name)
        if isinstance(number, Decimal):
            if not (number.is_finite() and 0 <= number <= most):
                wrong.append(FieldError(name, said))
            elif places(number) > decimals:
                wrong.append(FieldError(name, f"must have at most {finer} decimals"))
            elif "E" in str(number):
                # 5e3 would be stored and shown like that, and nobody writes money that way.
                force_setattr(struct, name, Decimal(f"{number:f}"))
    if wrong:
        raise cannot_take(wrong)
