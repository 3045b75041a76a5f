"""Savepoints with the same few names over and over: the driver prepares each statement that it has not seen."""

from sqlalchemy import Connection, event
from sqlalchemy.ext.asyncio import AsyncEngine

_OPEN = "open savepoints"


def name_by_depth(engine: AsyncEngine) -> None:
    """Call each savepoint by how many lie around it; SQLAlchemy gives every one a number that was never there.

    Of several with one name PostgreSQL means the last, and those before it are never asked for again.
    """
    event.listen(engine.sync_engine, "begin", _begin)
    dialect = engine.sync_engine.dialect
    dialect.do_savepoint = _set  # type: ignore[method-assign]
    dialect.do_rollback_to_savepoint = _roll_back_to  # type: ignore[method-assign]
    dialect.do_release_savepoint = _release  # type: ignore[method-assign]


def _begin(connection: Connection) -> None:
    connection.info[_OPEN] = []


def _set(connection: Connection, name: str) -> None:
    connection.info[_OPEN].append(name)
    connection.exec_driver_sql(f"SAVEPOINT depth_{len(connection.info[_OPEN])}")


def _roll_back_to(connection: Connection, name: str) -> None:
    connection.exec_driver_sql(f"ROLLBACK TO SAVEPOINT depth_{_leave(connection, name)}")


def _release(connection: Connection, name: str) -> None:
    connection.exec_driver_sql(f"RELEASE SAVEPOINT depth_{_leave(connection, name)}")


def _leave(connection: Connection, name: str) -> int:
    """Forget a savepoint and all that lie in it; answers its depth."""
    names: list[str] = connection.info[_OPEN]
    outside = names.index(name)
    del names[outside:]
    return outside + 1
