"""Statements compiled once and sent straight to asyncpg: those of every request, and of the busiest lists."""

from collections import namedtuple
from collections.abc import Callable, Sequence
from functools import cached_property
from types import SimpleNamespace
from typing import Any, Final, TypeAlias

from asyncpg import Attribute
from sqlalchemy import BindParameter, CompoundSelect, Connection, Delete, Enum, Insert, Select, Update
from sqlalchemy.dialects.postgresql.asyncpg import dialect
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import SessionTransaction
from sqlalchemy.types import TypeEngine

from lc_workflow.platform.db.exact_json import read_json, write_json
from lc_workflow.platform.db.reading import DONE, DOUBTED, Line, only_reads, reading_on

_DIALECT: Final = dialect(json_serializer=write_json, json_deserializer=read_json)  # type: ignore[no-untyped-call]

_KNOWN: Final = "known"
"""Key in `session.info`: the transaction or savepoint it last sent a statement in, and the connection."""

_Process = Callable[[Any], Any]

Statement: TypeAlias = Select[*tuple[Any, ...]] | CompoundSelect[Any] | Insert | Update | Delete
"""What can be compiled once; an insert without values has a parameter for each column."""


class Written:
    """A SQLAlchemy statement that is compiled once and sent by asyncpg, past SQLAlchemy's execution.

    SQLAlchemy adds 200 to 300 µs to each statement (bench/README.md), more than a small one takes. Rows have names and
    positions and values in the types of their columns, as from `session.execute`. Errors are asyncpg's own; problem
    bodies are made of those and of SQLAlchemy's alike. Every `bindparam` without a value must be given with each call,
    so that no value of an earlier reader can be sent again.
    """

    def __init__(self, statement: Statement) -> None:
        """Take the statement; it is compiled when it is first sent, because by then all tables are mapped."""
        self._statement = statement
        self._readers: list[tuple[int, _Process]] | None = None

    @cached_property
    def text(self) -> str:
        """The SQL that PostgreSQL receives."""
        return str(self._compiled)

    @cached_property
    def always(self) -> list[Any]:
        """The arguments by position: constants of the statement, and None where a value is given with each call."""
        arguments = []
        for parameter in self._parameters:
            process = _written_by(parameter.type)
            arguments.append(process(parameter.effective_value) if process else parameter.effective_value)
        return arguments

    async def rows(self, session: AsyncSession, **values: Any) -> Sequence[Any]:
        """Send it and return all rows."""
        if DONE in session.info and not session.in_transaction():
            only_reads(session)
        if line := await reading_on(session):
            return await self._send(line, values)
        connection = await _writing_on(session)
        if not _driver(connection).is_in_transaction():
            # The transaction begins with the first statement that SQLAlchemy sends itself.
            result = await (await session.connection()).execute(self._statement, values)
            return result.all() if result.returns_rows else ()
        return await self._send(connection, values)

    async def one(self, session: AsyncSession, **values: Any) -> Any:
        """Send it and return the first row, or None."""
        found = await self.rows(session, **values)
        return found[0] if found else None

    async def value(self, session: AsyncSession, **values: Any) -> Any:
        """Send it and return the first value of the first row, or None."""
        found = await self.rows(session, **values)
        return found[0][0] if found else None

    async def _send(self, connection: Connection | Line, values: dict[str, Any]) -> Sequence[Any]:
        driver, events = _driver(connection), connection.engine.dispatch
        arguments = self.always.copy()
        for place, name, process in self._brought:
            arguments[place] = process(values[name]) if process else values[name]
        sent = (connection, None, self.text, arguments, SimpleNamespace(), False)
        for hears in events.before_cursor_execute:
            hears(*sent)
        try:
            if self._readers is None:
                self._readers = self._read_by((await driver.prepare(self.text)).get_attributes())
            found = await driver.fetch(self.text, *arguments)
        except BaseException as failure:
            connection.info[DOUBTED] = True
            failed = SimpleNamespace(
                connection=None, statement=self.text, execution_context=sent[4], original_exception=failure
            )
            for hears in connection.engine.dialect.dispatch.handle_error:
                hears(failed)
            raise
        for hears in events.after_cursor_execute:
            hears(*sent)
        if not self._readers:
            return [*map(self._row._make, found)]
        return [self._row._make(self._read(record)) for record in found]

    def _read(self, record: Any) -> list[Any]:
        row = list(record)
        for place, process in self._readers or ():
            row[place] = process(row[place])
        return row

    @cached_property
    def _compiled(self) -> Any:
        brings_each = isinstance(self._statement, Insert) and self._statement.select is None
        columns = [*self._statement.table.c.keys()] if brings_each else None  # type: ignore[union-attr]
        compiled = self._statement.compile(dialect=_DIALECT, column_keys=columns)
        if "POSTCOMPILE" in str(compiled):
            raise TypeError("A written statement has as many places as it has; compare with any_() of an array.")
        return compiled

    @cached_property
    def _brought(self) -> list[tuple[int, str, _Process | None]]:
        """The positions of the values that are given with each call."""
        return [
            (place, parameter.key, _written_by(parameter.type))
            for place, parameter in enumerate(self._parameters)
            if parameter.required
        ]

    @cached_property
    def _parameters(self) -> list[BindParameter[Any]]:
        return [self._compiled.binds[name] for name in self._compiled.positiontup]

    @cached_property
    def _row(self) -> Any:
        names = [str(name) for name in self._statement.exported_columns.keys()]  # noqa: SIM118 - a column collection
        return namedtuple("_Row", names, rename=True)  # noqa: PYI024 - the names are the columns'

    def _read_by(self, attributes: Sequence[Attribute]) -> list[tuple[int, _Process]]:
        """The positions whose values the driver returns raw, and what turns each into its column's type."""
        readers: list[tuple[int, _Process]] = []
        for place, (column, attribute) in enumerate(zip(self._statement.exported_columns, attributes, strict=True)):
            kind: TypeEngine[Any] = column.type
            process = kind.dialect_impl(_DIALECT).result_processor(_DIALECT, attribute.type.oid)
            if process is not None:
                readers.append((place, _looked_up(kind, process) if isinstance(kind, Enum) else process))
        return readers


async def _writing_on(session: AsyncSession) -> Connection:
    """Return the connection of a session's transaction; asking the session each time takes as long as sending.

    A new savepoint is only set when the session is asked, so what was remembered outside it does not count inside.
    """
    transaction, connection = session.info.get(_KNOWN, (None, None))
    if transaction is None or transaction is not _innermost(session):
        connection = (await session.connection()).sync_connection
        session.info[_KNOWN] = (_innermost(session), connection)
    assert isinstance(connection, Connection)  # noqa: S101 - it was opened
    return connection


def _innermost(session: AsyncSession) -> SessionTransaction | None:
    within = session.sync_session
    return within.get_nested_transaction() or within.get_transaction()


def _looked_up(kind: Enum, process: _Process) -> _Process:
    """Convert enumeration words by a dictionary: rows hold many, and SQLAlchemy makes two calls for each."""
    return {stored: process(stored) for stored in (None, *kind.enums)}.__getitem__


def _driver(connection: Connection | Line) -> Any:
    return connection.connection.driver_connection


def _written_by(kind: TypeEngine[Any]) -> _Process | None:
    return kind.dialect_impl(_DIALECT).bind_processor(_DIALECT)
