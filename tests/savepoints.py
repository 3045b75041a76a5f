"""Savepoints with the same few names over and over: the driver prepares each statement that it has not seen."""

import re
from typing import Any

from sqlalchemy import Connection, event
from sqlalchemy.ext.asyncio import AsyncEngine

_NUMBERED = re.compile(r"(SAVEPOINT|ROLLBACK TO SAVEPOINT|RELEASE SAVEPOINT) (sa_savepoint_\d+)")
_OPEN = "open savepoints"


def name_by_depth(engine: AsyncEngine) -> None:
    """Call each savepoint by how many lie around it; SQLAlchemy gives every one a number that was never there.

    Of several with one name PostgreSQL means the last, and those before it are never asked for again.
    """
    event.listen(engine.sync_engine, "begin", _begin)
    event.listen(engine.sync_engine, "before_cursor_execute", _rename, retval=True)


def _begin(connection: Connection) -> None:
    connection.info[_OPEN] = []


def _rename(connection: Connection, _cursor: object, statement: str, parameters: Any, *_: object) -> tuple[str, Any]:
    if not (found := _NUMBERED.fullmatch(statement)):
        return statement, parameters
    verb, name = found.groups()
    names: list[str] = connection.info[_OPEN]
    if verb == "SAVEPOINT":
        names.append(name)
    depth = names.index(name)
    if verb != "SAVEPOINT":
        del names[depth:]  # with all that lie in it
    return f"{verb} depth_{depth}", parameters
