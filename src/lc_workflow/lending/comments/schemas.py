"""Comments as requests and answers."""

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from msgspec import Meta, Struct

from lc_workflow.platform.http.fields import VISIBLE


class NewComment(Struct, frozen=True):
    """Something to say about an application."""

    EXAMPLE: ClassVar[dict[str, object]] = {"text": "The neighbours know her well."}

    text: Annotated[str, Meta(min_length=1, max_length=4_000, pattern=VISIBLE)]


class CommentAnswer(Struct, frozen=True):
    """What somebody said about an application."""

    id: UUID
    application_id: UUID
    author_id: UUID
    author_name: str
    text: str
    created_at: datetime
