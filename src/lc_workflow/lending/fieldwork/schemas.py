"""What comes from a tablet and what goes back to it."""

from enum import StrEnum
from typing import Annotated, Any, Final
from uuid import UUID

from msgspec import Meta, Struct

from lc_workflow.platform.http.problems import Problem

MOST_OPERATIONS: Final = 100
"""How many operations come in one request."""


class Kind(StrEnum):
    """What an operation does; each is the same verb as the address named with it, with the same body."""

    CREATE = "application.create"
    UPDATE = "application.update"
    SUBMIT = "application.submit"
    COMMENT = "comment.add"
    PARTY = "party.add"
    COLLATERAL = "collateral.add"


class Operation(Struct, frozen=True, kw_only=True):
    """One thing that was done without a network.

    `key` is the client's own, 1 to 200 plain characters, and never used for anything else. `id` is the application's, a
    UUID of version 4 that the client made where it begins it. `version` is the one the work was done on. `kind` is one
    of `application.create` (body as `POST /applications`), `application.update` (`PUT /applications/{id}`),
    `application.submit` (`PATCH …/submit`), `comment.add` (`POST …/comments`), `party.add` (`POST …/parties`) and
    `collateral.add` (`POST …/collaterals`).
    """

    key: Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[ -~]+$(?!\n)")]
    kind: Annotated[str, Meta(max_length=40)]
    id: UUID
    version: Annotated[int, Meta(ge=1, le=1_000_000_000)] | None = None
    body: dict[str, Any] | None = None


class Batch(Struct, frozen=True):
    """What was done without a network, in the order it was done; at most 100 operations."""

    operations: Annotated[list[Operation], Meta(max_length=MOST_OPERATIONS)]


class Result(Struct, frozen=True, kw_only=True):
    """What became of one operation: `status` and `problem` are those of the same request alone.

    `version` is the one that the application has after it; with a 412 the one that stands in its way. `replayed` says
    that it was done before and is told again.
    """

    key: str
    status: int
    id: UUID
    version: int | None = None
    problem: Problem | None = None
    replayed: bool = False


class Results(Struct, frozen=True):
    """What became of the operations, in the order they came."""

    results: list[Result]
