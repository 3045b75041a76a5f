"""What a transaction changed, row by row, collected for the journal while it is written."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any, Final

import msgspec
from sqlalchemy import LargeBinary, event, inspect
from sqlalchemy.orm import InstanceState, Mapper, Session, UOWTransaction

from lc_workflow.platform.db.base import Row
from lc_workflow.platform.journal.models import JournalEntry

NOTICED: Final = "noticed changes"
"""Key in `session.info`: the changes that no journal entry has taken yet."""

UNSPOKEN: Final = re.compile(r"hash|secret|token|digest|password|_index$|^version$|^updated_at$")
"""Columns that never reach the journal, because their values are secret or say nothing."""

PERSONAL: Final = re.compile(r"phone|id_number|identity|date_of_birth|address|^location_|title_number|^entry$")
"""Columns with personal data, which only holders of a right may read. `entry` is a form as somebody filled it in,
numbers included; what is understood of it has columns of its own."""

HIDDEN: Final = "•••"
"""Stands for personal data: the change is on record, the value is not."""


@event.listens_for(Session, "before_flush")
def _notice(session: Session, _: UOWTransaction, __: object) -> None:
    """Attach changes to the entries about the same subject; other changes wait for their entry.

    A new row has no values before. Its first values can be derived from its present ones and its later changes, so they
    are not repeated here.
    """
    noticed: list[tuple[Row, dict[str, Any]]] = session.info.setdefault(NOTICED, [])
    entries = [row for row in session.new if isinstance(row, JournalEntry)]
    noticed += [
        (row, {"of": row.__tablename__, "id": row.id, "fields": fields})
        for row in (*session.dirty, *session.deleted)
        if isinstance(row, Row) and (fields := dict(_fields(row, removed=row in session.deleted)))
    ]
    for entry in entries:
        if mine := [change for row, change in noticed if _concerns(entry, row)]:
            entry.changes = msgspec.to_builtins(mine)
            noticed[:] = [(row, change) for row, change in noticed if not _concerns(entry, row)]


@event.listens_for(Session, "after_commit")
@event.listens_for(Session, "after_rollback")
def _forget(session: Session) -> None:
    session.info.pop(NOTICED, None)


def _fields(row: Row, *, removed: bool) -> Iterator[tuple[str, tuple[Any, Any]]]:
    state: InstanceState[Row] = inspect(row)
    for name in _spoken(state.mapper):
        if not removed and name not in state.committed_state:
            continue
        history = state.attrs[name].history
        before, after = _single(history.deleted), _single(history.added)
        if removed:
            before, after = state.dict.get(name), None
        elif not history.has_changes() or before == after:
            continue
        if before is None and after is None:
            continue
        yield name, (_shown(name, before), _shown(name, after))


@cache
def _spoken(mapper: Mapper[Row]) -> tuple[str, ...]:
    """The columns of a table that the journal may show."""
    return tuple(
        column.key
        for column in mapper.columns
        if not (UNSPOKEN.search(column.key) or isinstance(column.type, LargeBinary))
    )


def _shown(name: str, value: Any) -> Any:
    return HIDDEN if value is not None and PERSONAL.search(name) else value


def _single(values: Any) -> Any:
    return values[0] if values else None


def _concerns(entry: JournalEntry, row: Row) -> bool:
    """Whether a row belongs to the entry: it is its subject, its subject's only such row, or of its application."""
    if row.id in {entry.subject_id, entry.application_id}:
        return True
    if (owner := _only_one_of(row.__mapper__, f"{entry.subject}_id")) and getattr(row, owner) == entry.subject_id:
        return True
    return entry.application_id is not None and getattr(row, "application_id", None) == entry.application_id


@cache
def _only_one_of(mapper: Mapper[Row], owner: str) -> str | None:
    """Return the column's name if its values are unique in the table, as a branch has one row of hours."""
    return owner if owner in mapper.columns and mapper.columns[owner].unique else None
