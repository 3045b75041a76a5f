"""What comes from a tablet and what goes back to it."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Final
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from lc_workflow.lending.applications.schemas import ApplicationCard
from lc_workflow.lending.comments.schemas import CommentAnswer
from lc_workflow.lending.rules.stages import Stage
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
    kind: Annotated[str, Meta(min_length=1, max_length=40)]
    id: UUID
    version: Annotated[int, Meta(ge=1, le=1_000_000_000)] | None = None
    body: dict[str, Any] | None = None


class Batch(Struct, frozen=True):
    """What was done without a network, in the order it was done; at most 100 operations."""

    EXAMPLE: ClassVar[dict[str, object]] = {
        "operations": [
            {
                "key": "tablet-7-0001",
                "kind": "application.create",
                "id": "7c9e6679-7425-40de-944b-e07fc1f90ae7",
                "body": {"full_name_latin": "SOK BOPHA", "requested_amount": 1500},
            }
        ]
    }

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


class ChangedCard(ApplicationCard, frozen=True, kw_only=True):
    """A card with the version it shows, which a change of it is made on."""

    version: int


class TaskOfMine(Struct, frozen=True):
    """Work on the application that the person who asks has taken; `due_at` is null while no clock runs."""

    id: UUID
    stage: Stage
    cycle: int
    opened_at: datetime
    at_risk_at: datetime | None
    due_at: datetime | None


class Change(Struct, frozen=True):
    """An application that changed, as it is now, with its newest comments (at most 50) and one's own open tasks.

    One that is not there any more for whoever asks says `gone` and nothing else.
    """

    id: UUID
    application: ChangedCard | UnsetType = UNSET
    comments: list[CommentAnswer] | UnsetType = UNSET
    tasks: list[TaskOfMine] | UnsetType = UNSET
    gone: bool | UnsetType = UNSET


class Changes(Struct, frozen=True):
    """What changed since the cursor, in the order of the changes.

    `next` is the cursor to ask with the next time, at once if there is `more`. With `reset` the list begins anew:
    whatever one holds of before and does not meet again until there is no more of it, is gone.
    """

    changes: list[Change]
    next: str
    more: bool
    reset: bool
