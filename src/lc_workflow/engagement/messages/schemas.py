"""Messages as requests, and what became of them."""

from typing import Annotated, Any, ClassVar, Final
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from lc_workflow.kernel.errors import FieldError
from lc_workflow.lending.rules.terms import Priority
from lc_workflow.platform.http.fields import VISIBLE, cannot_take
from lc_workflow.platform.http.shapes import Name

LARGEST_DATA: Final = 20_000
"""Bytes of a message's data written as JSON."""


class Message(Struct, frozen=True, kw_only=True):
    """What is said; `data` is for the app that shows it.

    It is shown in the app and sent by e-mail, where its sender ticked so and as each person wants, if at all.
    """

    EXAMPLE: ClassVar[dict[str, object]] = {
        "title": "The branch opens later",
        "message": "On Monday we open at nine.",
        "priority": "normal",
    }

    notification_type: Annotated[str, Meta(min_length=1, max_length=60)] = "message"
    title: Name
    message: Annotated[str, Meta(min_length=1, max_length=4_000, pattern=VISIBLE)]
    priority: Priority = Priority.NORMAL
    data: dict[str, Any] | None = None
    send_email: bool = True
    send_in_app: bool = True

    def __post_init__(self) -> None:
        """Refuse data that is no note any more but a file.

        Raises:
            InvalidInput: It takes more than `LARGEST_DATA` bytes.
        """
        if self.data and len(msgspec.json.encode(self.data)) > LARGEST_DATA:
            raise cannot_take([FieldError("data", f"must take at most {LARGEST_DATA} bytes as JSON")])


class ToPeople(Message, frozen=True, kw_only=True):
    """A message to certain people."""

    EXAMPLE: ClassVar[dict[str, object]] = Message.EXAMPLE | {"user_ids": ["7c9e6679-7425-40de-944b-e07fc1f90ae7"]}

    user_ids: Annotated[list[UUID], Meta(min_length=1, max_length=1_000)]


class ToPerson(Message, frozen=True, kw_only=True):
    """A message to one person."""

    EXAMPLE: ClassVar[dict[str, object]] = Message.EXAMPLE | {"user_id": "7c9e6679-7425-40de-944b-e07fc1f90ae7"}

    user_id: UUID


class ToBranch(Message, frozen=True, kw_only=True):
    """A message to everybody in a branch."""

    EXAMPLE: ClassVar[dict[str, object]] = Message.EXAMPLE | {"branch_id": "7c9e6679-7425-40de-944b-e07fc1f90ae7"}

    branch_id: UUID


class ToDepartment(Message, frozen=True, kw_only=True):
    """A message to everybody in a department."""

    EXAMPLE: ClassVar[dict[str, object]] = Message.EXAMPLE | {"department_id": "7c9e6679-7425-40de-944b-e07fc1f90ae7"}

    department_id: UUID


class ToPattern(Message, frozen=True, kw_only=True):
    """A message to a pattern of the live socket: `general`, `role:<role>` or `user:<id>`."""

    EXAMPLE: ClassVar[dict[str, object]] = Message.EXAMPLE | {"pattern": "general"}

    pattern: Annotated[
        str, Meta(min_length=1, max_length=200, extra_json_schema={"pattern": "^(general$|role:.|user:[0-9a-fA-F]{8})"})
    ]


class Sent(Struct, frozen=True, omit_defaults=False):
    """How many people were written to; `message_id` is the journal's entry about it."""

    message_id: UUID
    total_users: int
    message: str
    pattern: str | None = None
    success: bool = True
