"""Knocks at doors with whatever comes to mind, and notes every answer that must not be."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from httpx import AsyncClient, Response
from sqlalchemy import event, text
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

_HELD = " UNION ALL ".join(
    f"SELECT '{table}', md5(string_agg(t::text, '' ORDER BY t::text)) FROM {table} t" for table in METADATA.tables
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
    _files: set[Path] = field(default_factory=set)
    _commits: int = 0

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """Look at the house as it is, and notice from now on whenever something is committed."""
        self._rows, self._files = await self._held(), self._kept()
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
        rows = await self._held()
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

    async def _held(self) -> dict[str, str]:
        """What stands in each table, boiled down."""
        rows = await self.connection.execute(text(_HELD))
        return {row[0]: row[1] for row in rows}

    def _kept(self) -> set[Path]:
        """The files in the store, half-written ones included."""
        return {path for path in self.uploads.rglob("*") if path.is_file()}

    def _notice(self, *_: object) -> None:
        self._commits += 1


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
