"""Activating an account as requests and answers."""

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from msgspec import Meta, Struct

from lc_workflow.identity.users.schemas import Password


class Invitation(Struct, frozen=True):
    """A code that its person sets their password with, shown this once: only its hash is kept.

    Where there is a mail server it goes to the person alone: then `code` is null, and `mailed_to` says where it went.
    """

    user_id: UUID
    username: str
    code: str | None
    expires_at: datetime
    mailed_to: str | None = None


class FirstPassword(Struct, frozen=True):
    """Who sets a password, with which code; a user name or an e-mail address says who."""

    EXAMPLE: ClassVar[dict[str, object]] = {
        "username": "chandara",
        "code": "the code that was handed out",
        "password": "Lotus-Pond-2026",
    }

    username: Annotated[str, Meta(min_length=1, max_length=254)]
    code: Annotated[str, Meta(min_length=1, max_length=100)]
    password: Password


class Activated(Struct, frozen=True):
    """A sentence that confirms what was done."""

    message: str
