"""Knocks at doors with whatever comes to mind, and notes every answer that must not be."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from httpx import AsyncClient, Response
from sqlalchemy import TextClause, event, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncTransaction

from lc_workflow.app import METADATA
from lc_workflow.identity.rules.roles import Role
from tests.conftest import Person
from tests.house.doors import Door

SLOWEST = 5.0
"""Seconds in which even a machine that is busy with other things has refused."""

PROBLEM = {"type": str, "title": str, "status": int, "detail": str, "code": str, "request_id": str, "errors": list}

MARKS = {"notifications", "personal_reads"}
"""Tables that say what people have seen, which is no fact for the journal."""

RECORDED = {"refused_decisions"}
"""Tables that say what was refused; nothing else is written by a refusal."""

_TOUCHED = text(
    "SELECT relname, n_tup_ins + n_tup_upd + n_tup_del FROM pg_stat_xact_user_tables"
    " WHERE n_tup_ins + n_tup_upd + n_tup_del > 0"
)
"""How many rows of which tables the transaction has written so far, even where it took that back."""


def _held(tables: Iterable[str]) -> TextClause:
    """Ask what stands in some tables, boiled down."""
    return text(
        " UNION ALL ".join(
            f"SELECT '{table}', md5(string_agg(t::text, '' ORDER BY t::text)) FROM {table} t"
            for table in sorted(tables)
        )
    )


@dataclass
class Prober:
    """Sends requests as somebody who may; each finds the house as the first one found it.

    `known` is what stands in the house, by the names that paths and bodies use for it; `faults` is what was wrong.
    """

    client: AsyncClient
    connection: AsyncConnection
    people: dict[Role, Person]
    known: dict[str, Any]
    uploads: Path
    faults: list[str] = field(default_factory=list)
    knocks: int = 0
    _start: AsyncTransaction | None = None
    _rows: dict[str, str] = field(default_factory=dict)
    _touched: dict[str, int] = field(default_factory=dict)
    _files: set[Path] = field(default_factory=set)
    _folders: dict[Path, int] = field(default_factory=dict)
    _commits: int = 0

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """Look at the house as it is, and notice from now on whenever something is committed."""
        self._rows, self._files = await self._held(METADATA.tables), self._kept()
        self._touched = await self._written()
        self._start = await self.connection.begin_nested()
        event.listen(self.connection.sync_connection, "release_savepoint", self._notice)
        yield
        event.remove(self.connection.sync_connection, "release_savepoint", self._notice)

    def known_at(self, door: Door) -> dict[str, Any]:
        """What one door is about: an application that waits for a decision where there is one to make, else a draft."""
        decides = "application:approve" in door.permissions
        return self.known | ({"application_id": self.known["reviewed_id"]} if decides else {})

    def address(self, door: Door) -> str:
        """Where the door is, with the ids of things that are there."""
        return door.address(self.known_at(door))

    async def knock(self, door: Door, what: str, address: str | None = None, **sent: Any) -> Response:
        """Send one request and judge the answer; `what` says what is wrong with the request."""
        self.knocks += 1
        self._commits = 0
        own = {} if door.is_public else self.people[door.role].headers
        headers = {name.encode(): value.encode("latin-1") for name, value in (own | sent.pop("headers", {})).items()}
        answer = await self.client.request(door.method, address or self.address(door), headers=headers, **sent)
        if fault := _fault(door, answer) or await self._fault_in_house(answer):
            self.faults.append(f"{door}, {what[:200]}: {fault} [{answer.status_code} {answer.text[:300].strip()}]")
        return answer

    async def _fault_in_house(self, answer: Response) -> str | None:
        """Say what is wrong with what was written, and undo it."""
        files = self._kept()
        if not self._commits and files == self._files:
            return None
        touched = await self._written()
        rows = await self._held(table for table in touched if touched[table] != self._touched.get(table))
        self._touched = touched
        changed = {table for table in rows if rows[table] != self._rows[table]}
        assert self._start is not None
        await self._start.rollback()
        self._start = await self.connection.begin_nested()
        for path in files - self._files:
            path.unlink()
        if answer.is_error:
            changed -= RECORDED
        if answer.is_error and (changed or files != self._files):
            return f"refused, and written all the same ({changed or 'a file'})"
        if changed - MARKS and "journal_entries" not in changed:
            return f"written, and not in the journal ({changed})"
        return None

    async def _held(self, tables: Iterable[str]) -> dict[str, str]:
        """What stands in these tables, boiled down."""
        ours = METADATA.tables.keys() & set(tables)
        return {row[0]: row[1] for row in await self.connection.execute(_held(ours))} if ours else {}

    async def _written(self) -> dict[str, int]:
        """How many rows were written so far, table by table."""
        return {row[0]: row[1] for row in await self.connection.execute(_TOUCHED)}

    def _kept(self) -> set[Path]:
        """The files in the store, half-written ones included; a folder in which one comes or goes has another time."""
        if not self._folders or any(_changed_at(folder) != at for folder, at in self._folders.items()):
            self._folders = {path: _changed_at(path) for path in (self.uploads, *self.uploads.rglob("*/"))}
            return {path for path in self.uploads.rglob("*") if path.is_file()}
        return self._files

    def _notice(self, *_: object) -> None:
        self._commits += 1


def _changed_at(folder: Path) -> int:
    return folder.stat().st_mtime_ns if folder.exists() else 0


def _fault(door: Door, answer: Response) -> str | None:
    """Say what is wrong with an answer, whatever was asked."""
    if answer.elapsed.total_seconds() > SLOWEST:
        return f"took {answer.elapsed.total_seconds()} s"
    if answer.is_server_error:
        return "a mistake of ours"
    if not answer.is_error:
        return None
    if answer.headers["content-type"] != "application/problem+json":
        return "no problem"
    return None if door.method == "HEAD" else _fault_in_problem(answer.status_code, answer.json(), answer)


def _fault_in_problem(status: int, problem: Any, answer: Response) -> str | None:
    if {name: type(value) for name, value in problem.items()} != PROBLEM:
        return "not the shape of a problem"
    if not (problem["detail"] and problem["code"] and problem["request_id"] == answer.headers["x-request-id"]):
        return "a problem that says nothing"
    if problem["status"] != status or any(set(error) != {"field", "msg", "loc"} for error in problem["errors"]):
        return "a problem that contradicts itself"
    return None
