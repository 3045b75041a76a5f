"""What changed since a tablet asked last, as far as its person may see it."""

from hashlib import sha256
from typing import Annotated, Any, Final
from uuid import UUID

from msgspec import Meta, Struct
from msgspec.json import Decoder
from sqlalchemy import BigInteger, ColumnElement, Row, Select, Text, cast, func, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.identity.users.models import User
from lc_workflow.kernel.principal import Principal
from lc_workflow.lending.applications.access import READ, visible_to
from lc_workflow.lending.applications.models import CustomerApplication
from lc_workflow.lending.comments.models import Comment
from lc_workflow.lending.comments.schemas import CommentAnswer
from lc_workflow.lending.fieldwork.models import LatestChange
from lc_workflow.lending.fieldwork.schemas import ChangedCard, TaskOfMine
from lc_workflow.lending.rules.stages import STATUS_OF
from lc_workflow.lending.tasks.models import Task
from lc_workflow.platform.db.nested import as_list, as_object
from lc_workflow.platform.db.reach import within
from lc_workflow.platform.http.long_lists import read_cursor, write_cursor

A_PAGE: Final = 200
"""How many applications are returned at once."""

MOST_COMMENTS: Final = 50
"""How many comments are returned with an application, the newest; the list of comments has them all."""

NOWHERE: Final = UUID(int=0)

_NOW: Final = text(
    "SELECT system_identifier, CAST(CAST('application_changes' AS regclass) AS oid) AS table_id,"
    " CAST(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS text) AS bigint) AS horizon FROM pg_control_system()"
)


Number = Annotated[int, Meta(ge=-1, lt=2**62)]
"""A transaction number, or -1 for before all."""


class Place(Struct, frozen=True, array_like=True):
    """How far somebody has read.

    `origin` identifies the database whose transaction numbers `position` uses, `reach` what the person could see.
    Anything before `began`, their first reading, they have never seen.
    """

    origin: str
    reach: str
    began: Number
    position: Number
    id: UUID


class Changed(Struct, frozen=True):
    """An application with what is shown of it; without a card when it is gone."""

    id: UUID
    card: ChangedCard | None
    comments: list[CommentAnswer]
    tasks: list[TaskOfMine]


class Told(Struct, frozen=True):
    """One page of changes, and where it ends."""

    changes: list[Changed]
    next: str
    more: bool
    reset: bool


class ChangeQueries:
    """What changed of the applications a person may see."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def since(self, cursor: str | None, *, principal: Principal) -> Told:
        """List what changed after the cursor, in the order of the changes; each application once, as it is now.

        Whoever may now see other things than when the cursor was made starts from the beginning, and so does everybody
        after the database was restored.

        Raises:
            BadCursor: It is none of ours.
        """
        asked = read_cursor(cursor, Place, name="since") if cursor else None
        now = (await self._session.execute(_NOW)).one()
        origin, reach = _digest(now.system_identifier, now.table_id), _reach(principal)
        begin = Place(origin, reach, now.horizon, -1, NOWHERE)
        # A cursor ahead of the horizon was made before the disk was reset to an earlier moment.
        known = asked is not None and (asked.origin, asked.reach) == (origin, reach) and asked.position < now.horizon
        place = asked if asked and known else begin
        rows = (await self._session.execute(_page(place, principal))).all()
        shown, more = rows[:A_PAGE], len(rows) > A_PAGE
        if shown:
            last = shown[-1]
            place = Place(origin, reach, place.began, last.position, last.changed_id)
        changes = [_changed(row) for row in shown if row.id is not None or row.position >= place.began]
        return Told(changes, write_cursor(place), more, not known)


def _page(place: Place, principal: Principal) -> Select[Any]:
    """The statement of a page: the index gives its changes in order, the rest is joined by their ids."""
    page = (
        select(LatestChange.id.label("changed_id"), LatestChange.position)
        .where(
            within(principal, READ, owner=LatestChange.user_id, branch=LatestChange.branch_id),
            tuple_(LatestChange.position, LatestChange.id) > tuple_(place.position, place.id),
            LatestChange.position < _horizon(),
        )
        .order_by(LatestChange.position, LatestChange.id)
        .limit(A_PAGE + 1)
        .cte("page")
    )
    application = CustomerApplication
    return (
        select(page.c.changed_id, page.c.position, *_COLUMNS, _comments(), _tasks(principal.id))
        .select_from(page)
        .outerjoin(application, (application.id == page.c.changed_id) & visible_to(principal))
        .order_by(page.c.position, page.c.changed_id)
    )


def _horizon() -> ColumnElement[int]:
    """The number below which every transaction has ended, as seen by the running statement."""
    return cast(cast(func.pg_snapshot_xmin(func.pg_current_snapshot()), Text), BigInteger)


def _comments() -> ColumnElement[str]:
    comment, author = Comment.__table__, User.__table__
    newest = (
        select(comment)
        .where(comment.c.application_id == CustomerApplication.id)
        .correlate(CustomerApplication)
        .order_by(comment.c.created_at.desc(), comment.c.id)
        .limit(MOST_COMMENTS)
        .subquery("newest")
    )
    named = author.c.first_name + " " + author.c.last_name
    said = as_object(CommentAnswer, newest, author_name=named)
    source = newest.join(author, author.c.id == newest.c.author_id)
    gathered = as_list(said, order=newest.c.created_at, source=source)
    return gathered.correlate(CustomerApplication).scalar_subquery().label("comments")


def _tasks(person: UUID) -> ColumnElement[str]:
    task = Task.__table__
    mine = as_list(as_object(TaskOfMine, task), order=task.c.opened_at, source=task).where(
        task.c.application_id == CustomerApplication.id, task.c.owner_id == person, task.c.closed_at.is_(None)
    )
    return mine.correlate(CustomerApplication).scalar_subquery().label("tasks")


def _changed(row: Row[Any]) -> Changed:
    if row.id is None:
        return Changed(row.changed_id, None, [], [])
    fields = {column.key: getattr(row, column.key) for column in _COLUMNS}
    card = ChangedCard(**fields, status=STATUS_OF[row.workflow_status])
    return Changed(row.changed_id, card, _COMMENTS.decode(row.comments), _TASKS.decode(row.tasks))


def _reach(principal: Principal) -> str:
    """What decides which applications the person can see, as far as it is about the person."""
    return _digest(
        principal.id,
        principal.scope_of(READ),
        principal.branch_id,
        *sorted(map(str, principal.team)),
        "",
        *sorted(map(str, principal.department)),
    )


def _digest(*parts: object) -> str:
    return sha256("\n".join(map(str, parts)).encode()).hexdigest()[:16]


_COLUMNS: Final = tuple(
    getattr(CustomerApplication, name) for name in ChangedCard.__struct_fields__ if name != "status"
)
_COMMENTS: Final = Decoder(list[CommentAnswer])
_TASKS: Final = Decoder(list[TaskOfMine])
