"""Settings as requests and answers."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, ClassVar, Final
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from lc_workflow.kernel.errors import FieldError
from lc_workflow.platform.http.fields import BODY, cannot_take
from lc_workflow.platform.http.shapes import Note

LARGEST_VALUE: Final = 20_000
"""Bytes of a value written as JSON."""

Category = Annotated[str, Meta(min_length=1, max_length=60, pattern=r"^[A-Za-z][A-Za-z0-9_]*$(?!\n)")]
Key = Annotated[str, Meta(min_length=1, max_length=100, pattern=r"^[A-Za-z][A-Za-z0-9_.]*$(?!\n)")]
"""A key holds no hyphen, so that no id can be mistaken for one."""

MOST_VALUES: Final = 100
"""How many settings are set at once."""


class SettingEntry(Struct, frozen=True):
    """A setting inside its category, where its key stands in front of it."""

    id: UUID
    value: Any
    description: str | None
    is_public: bool
    type: str
    obeyed_by: str
    created_at: datetime
    updated_at: datetime


class SettingAnswer(Struct, frozen=True):
    """A setting by itself."""

    id: UUID
    category: str
    key: str
    value: Any
    description: str | None
    is_public: bool
    type: str
    obeyed_by: str
    created_at: datetime
    updated_at: datetime


class NewSetting(Struct, frozen=True, kw_only=True):
    """A setting to add."""

    EXAMPLE: ClassVar[dict[str, object]] = {
        "category": "general",
        "key": "receipt_footer",
        "value": "Thank you for your trust",
        "description": "The last line of receipts",
        "is_public": True,
    }

    category: Category
    key: Key
    value: Any = None
    description: Note | None = None
    is_public: bool = False

    def __post_init__(self) -> None:
        """Refuse a value that is no setting any more but a file."""
        check_values({"value": self.value})


class SettingChange(Struct, frozen=True, kw_only=True):
    """What to change about a setting: absent fields stay, null clears."""

    EXAMPLE: ClassVar[dict[str, object]] = {"value": "Thank you", "description": "The last line of receipts"}

    value: Any | UnsetType = UNSET
    description: Note | UnsetType | None = UNSET
    is_public: bool | UnsetType = UNSET

    def __post_init__(self) -> None:
        """Refuse a value that is no setting any more but a file."""
        check_values({"value": self.value})


class Initialized(Struct, frozen=True):
    """How many settings there were to begin with, and how many of them were there already."""

    message: str
    created: int
    skipped: int
    total: int


class Changed(Struct, frozen=True):
    """The values that several settings have now, by key."""

    message: str
    settings: dict[str, Any]


class SettingRemoved(Struct, frozen=True):
    """A sentence about what was removed."""

    message: str


def check_values(values: Mapping[str, Any]) -> None:
    """Refuse values that take more than `LARGEST_VALUE` bytes, and no values or too many.

    Raises:
        InvalidInput: Names each field that cannot be taken.
    """
    if not 1 <= len(values) <= MOST_VALUES:
        raise cannot_take([FieldError(BODY, f"must hold from 1 to {MOST_VALUES} settings")])
    if large := [
        FieldError(name, f"must take at most {LARGEST_VALUE} bytes as JSON")
        for name, value in values.items()
        if value is not UNSET and len(msgspec.json.encode(value)) > LARGEST_VALUE
    ]:
        raise cannot_take(large)
