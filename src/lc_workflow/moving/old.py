"""The database of the old service: which of its tables are taken, and how they are read."""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, Never

import asyncpg
import msgspec
from asyncpg import Connection, Record
from sqlalchemy import URL

from lc_workflow.kernel.errors import Unavailable
from lc_workflow.platform.variables import BadSetting

Row = Mapping[str, Any]

BEGINNING: Final = datetime(2000, 1, 1, tzinfo=UTC)
"""Where PostgreSQL counts days and moments from; of those without a zone the old service wrote in UTC."""

AT_ONCE: Final = 500
"""Rows that are fetched together."""

TAKEN: Final = (
    "branches",
    "departments",
    "positions",
    "users",
    "employees",
    "customer_applications",
    "application_employee_assignments",
    "folders",
    "files",
    "selfies",
    "settings",
)
"""The old tables that are read, each in the shape it happens to have.

The old service grew: positions, employees, selfies, and columns such as `sex`, `workflow_status`, `account_id` or
`is_deleted` came later. Which there are is asked, and what is not there is as if it were empty. Managers of branches
and departments were accounts at first and employees later, as were line managers; an id tells by where it is found.
"""

LEFT: Final = {
    "notifications": "for what was told there is told",
    "bulk_operations": "for they only say what was done to rows that are taken as they are now",
    "audit_logs": "for the journal holds what happens in this house; keep a dump of the old database for auditors",
    "permission_audit_trail": "for the same reason",
    "roles": "for the rights of this house have other names; each account gets the role that fits its old one",
    "permissions": "for the rights of this house have other names",
    "role_permissions": "for the rights of this house have other names",
    "user_roles": "for further roles are given here by somebody who may, with a reason",
    "user_permissions": "for further rights are given here by somebody who may, with a reason",
    "permission_templates": "for the rights of this house have other names",
}
"""The old tables that are not taken, and why; the report names any other table as unknown."""

NEEDED: Final = ("users", "customer_applications")

TABLES: Final = """
SELECT c.relname AS name, array_agg(a.attname::text) AS columns FROM pg_class AS c
JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace GROUP BY c.relname ORDER BY c.relname
"""


class NotTheOldService(Exception):
    """The database that was named is not that of the old service; the sentence says why."""


class OldDatabase:
    """The old database at one moment, seen by a session that cannot write."""

    def __init__(self, connection: "Connection[Record]", tables: Mapping[str, frozenset[str]]) -> None:
        """`tables` are those that are there, with their columns."""
        self._connection = connection
        self.tables = tables

    async def rows(self, table: str, *, order: str = "id") -> AsyncIterator[Row]:
        """Read a table to its end, the oldest rows first where it knows when they were written.

        A table that is not there has no rows.
        """
        if table not in self.tables:
            return
        columns = self.tables[table]
        orders = [name for name in ("created_at", order) if name in columns]
        by = f" ORDER BY {', '.join(orders)}" if orders else ""
        query = f'SELECT * FROM public."{table}"{by}'  # noqa: S608 - the names are ours
        with _lost():
            async for row in self._connection.cursor(query, prefetch=AT_ONCE):
                yield dict(row)

    async def count(self, table: str) -> int:
        """Count a table; one that is not there has no rows."""
        if table not in self.tables:
            return 0
        with _lost():
            return int(await self._connection.fetchval(f'SELECT count(*) FROM public."{table}"'))  # noqa: S608 - as it is called there

    def left(self) -> dict[str, str]:
        """The tables that are not read, and why; not those of the migration tool."""
        others = [table for table in self.tables if table not in {*TAKEN, "alembic_version"}]
        return {table: LEFT.get(table, "for this house does not know it; look what it holds") for table in others}


@asynccontextmanager
async def opened(url: URL) -> AsyncIterator[OldDatabase]:
    """Open the old database, read-only and at one moment, for as long as the block runs.

    Raises:
        NotTheOldService: The tables that make it one are not there, or they are ours.
        BadSetting: It does not answer.
    """
    address = url.set(drivername="postgresql").render_as_string(hide_password=False)
    try:
        connection: Connection[Record] = await asyncpg.connect(
            address,
            timeout=10,
            server_settings={"default_transaction_read_only": "on", "application_name": "lc_workflow move"},
        )
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, ValueError) as silent:
        raise BadSetting(f"The old database does not answer at its address ({type(silent).__name__}).") from silent
    try:
        for kind in ("json", "jsonb"):
            await connection.set_type_codec(
                kind, schema="pg_catalog", encoder=_refuse, decoder=_json_or_text, format="text"
            )
        for kind, read in (("date", _day), ("timestamp", _moment), ("timestamptz", _moment)):
            await connection.set_type_codec(kind, schema="pg_catalog", encoder=_refuse, decoder=read, format="tuple")
        await connection.transaction(isolation="repeatable_read", readonly=True).start()
        tables = {row["name"]: frozenset(row["columns"]) for row in await connection.fetch(TABLES)}
        if "journal_entries" in tables:
            raise NotTheOldService("The old database has a journal: it is one of this house, not the old service's.")
        if missing := [table for table in NEEDED if table not in tables]:
            raise NotTheOldService(f"The old database has no {' and no '.join(missing)}; is it the right one?")
        yield OldDatabase(connection, tables)
    finally:  # nothing was written, so nothing is committed; the connection may be lost by now
        await connection.close(timeout=5)


@contextmanager
def _lost() -> Iterator[None]:
    """The refusal when the old database stops answering.

    Raises:
        Unavailable: It does not.
    """
    try:
        yield
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as lost:
        raise Unavailable("The old database does not answer any more; move once more when it does.") from lost


def _refuse(_: object) -> Never:
    raise NotTheOldService("Nothing is written into the old database.")


def _json_or_text(written: str) -> Any:
    """Read JSON; what PostgreSQL accepted and cannot be decoded, such as half a surrogate pair, stays text."""
    try:
        return msgspec.json.decode(written)
    except (msgspec.MsgspecError, RecursionError):
        return written


def _day(since: tuple[int]) -> date:
    """Read a day, counted from 2000; one outside Python's calendar becomes its first or last."""
    return date.fromordinal(min(max(BEGINNING.toordinal() + since[0], 1), date.max.toordinal()))


def _moment(since: tuple[int]) -> datetime:
    """Read a moment, counted in microseconds from 2000 on, as `_day` reads a day."""
    try:
        return BEGINNING + timedelta(microseconds=since[0])
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC) if since[0] > 0 else datetime.min.replace(tzinfo=UTC)
