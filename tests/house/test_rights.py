"""Who may do what, where: every route, every role, and things of their own, of their branch, of another, and of none.

`rights.tsv` holds the expected answers, to be read line by line: a role's column says how far it comes on a route.

- `-` the guard refuses (403)
- `yes` the route is about no single person's thing, or takes a form, and the guard lets them in
- `own`, `branch`, `all` what they reach: their own things, those of their branch too, everything; `none` not even these
- `others` everybody's but their own
- `everybody` it is open to those who have not signed in

What is not reached is 404, or 403 when it may be seen; what does not exist is 404. After a new route
`WRITE_RIGHTS=1 make test` proposes its line; read it before it is committed.
"""

import csv
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from httpx import AsyncClient
from litestar import Litestar
from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, AsyncTransaction

from lc_workflow.documents.library.models import File, Folder
from lc_workflow.identity.rules.roles import Role
from lc_workflow.lending.applications.models import Assignment
from lc_workflow.lending.rules.stages import Stage
from lc_workflow.lending.rules.terms import AssignmentRole
from tests.conftest import Person, Sessions, SignIn
from tests.house.doors import NOTHING, Door, doors_of
from tests.lending.factories import an_application
from tests.moments import NOON
from tests.organization.factories import a_branch, an_employee

MATRIX = Path(__file__).with_name("rights.tsv")
PLACES = ("own", "branch", "elsewhere")
WORDS = {"number": "1", "action": "withdraw", "stage": "MANAGER_REVIEW", "target_type": "role"}
"""What else paths take."""

PLACED = frozenset({"application_id", "file_id", "folder_id", "assignment_id", "employee_id", "user_id"})
"""What a path can name that belongs to somebody."""

EMPTY = "[]"
"""What a list of the things of nobody answers."""

REACHES = {
    frozenset(): "none",
    frozenset({"own"}): "own",
    frozenset({"own", "branch"}): "branch",
    frozenset(PLACES): "all",
    frozenset({"branch", "elsewhere"}): "others",
}
"""How far somebody comes, by the places where they are let in; anything else is written out, and looks odd."""


@dataclass(frozen=True)
class Cast:
    """Somebody of every role in one branch, and for each of them things in each place, by the names that paths use."""

    people: dict[Role, Person]
    things: dict[Role, dict[str, dict[str, UUID]]]


@dataclass
class Undo:
    """Takes back whatever was committed since it was last asked to; most that is asked commits nothing."""

    connection: AsyncConnection
    start: AsyncTransaction
    commits: int = 0

    def notice(self, *_: object) -> None:
        self.commits += 1

    async def take_back(self) -> None:
        if self.commits:
            await self.start.rollback()
            self.start = await self.connection.begin_nested()
            self.commits = 0


@pytest.fixture
async def undo(session: AsyncSession, cast: Cast) -> AsyncIterator[Undo]:
    connection = await session.connection()
    undo = Undo(connection, await connection.begin_nested())
    event.listen(connection.sync_connection, "release_savepoint", undo.notice)
    yield undo
    event.remove(connection.sync_connection, "release_savepoint", undo.notice)


@pytest.fixture
async def cast(session: AsyncSession, sign_in: SignIn) -> Cast:
    session.add_all([here := a_branch(), there := a_branch()])
    await session.flush()
    near, far = await sign_in("officer", branch_id=here.id), await sign_in("officer", branch_id=there.id)
    around = {
        "branch": await _things_of(session, near, here.id),
        "elsewhere": await _things_of(session, far, there.id),
    }
    people = {role: await sign_in(role, branch_id=here.id) for role in Role}
    things = {role: around | {"own": await _things_of(session, person, here.id)} for role, person in people.items()}
    await session.commit()
    return Cast(people, things)


async def _things_of(session: AsyncSession, person: Person, branch_id: UUID) -> dict[str, UUID]:
    """One of everything that belongs to somebody."""
    application = an_application(person.user.id, branch_id=branch_id)
    reviewed = an_application(person.user.id, branch_id=branch_id, workflow_status=Stage.MANAGER_REVIEW)
    employee = an_employee(branch_id=branch_id, user_id=person.user.id)
    session.add_all([application, reviewed, employee])
    await session.flush()
    folder = Folder(name="Papers", application_id=application.id, created_at=NOON, updated_at=NOON)
    session.add(folder)
    await session.flush()
    file = File(
        key=f"2026/11/{uuid4()}",
        original_filename="id.png",
        display_name="id.png",
        file_size=1,
        mime_type="image/png",
        sha256=bytes(32),
        uploaded_by=person.user.id,
        application_id=application.id,
        created_at=NOON,
    )
    assignment = Assignment(
        application_id=application.id,
        employee_id=employee.id,
        assignment_role=AssignmentRole.REVIEWER,
        assigned_at=NOON,
        assigned_by=person.user.id,
    )
    session.add_all([file, assignment])
    await session.flush()
    return {
        "application_id": application.id,
        "reviewed_id": reviewed.id,
        "employee_id": employee.id,
        "folder_id": folder.id,
        "file_id": file.id,
        "assignment_id": assignment.id,
        "user_id": person.user.id,
    }


@pytest.mark.timeout(600)
async def test_everybody_comes_as_far_as_the_matrix_says(
    application: tuple[Litestar, Sessions], client: AsyncClient, undo: Undo, cast: Cast
) -> None:
    seen: dict[str, dict[str, str]] = {}
    for door in sorted(doors_of(application[0]), key=lambda door: (door.path, door.method)):
        if door.method == "HEAD":
            continue
        if door.is_public:
            seen[_name(door)] = dict.fromkeys(Role, "everybody")
        else:
            tried: set[str] = set()
            seen[_name(door)] = {role: await _reach(door, role, cast, client, undo, tried) for role in Role}
    if os.environ.get("WRITE_RIGHTS"):
        _write(seen)
    expected = _read()
    assert seen.keys() == expected.keys(), "a route has no line in rights.tsv, or a line has no route"
    wrong = [
        f"{door} as {role}: {seen[door][role]}, not {expected[door][role]}"
        for door in seen
        for role in Role
        if seen[door][role] != expected[door][role]
    ]
    assert not wrong, "\n".join(wrong)


async def test_whoever_asks_for_headers_alone_leaves_nothing_behind(
    application: tuple[Litestar, Sessions], client: AsyncClient, undo: Undo, cast: Cast
) -> None:
    """HEAD answers as GET would, and nobody is on record as having seen or taken what they did not get."""
    recorded: set[str] = set()
    admin = cast.people[Role.ADMIN]
    for door in doors_of(application[0]):
        if door.method != "GET" or door.is_public:
            continue
        path = door.address(WORDS | cast.things[Role.ADMIN]["own"])
        before = await _on_record(undo)
        alone = await client.head(path, headers=admin.headers)
        assert await _on_record(undo) == before, door
        whole = await client.get(path, headers=admin.headers)
        assert (alone.status_code, alone.content) == (whole.status_code, b""), door
        if await _on_record(undo) != before:
            recorded.add(door.documented.removeprefix("/api/v1"))
        await undo.take_back()
    assert recorded >= {"/applications/export/csv", "/users/export/csv", "/audit/export", "/files/{file_id}/download"}


async def _on_record(undo: Undo) -> tuple[int, int]:
    """How many facts and reads stand in the journal and beside it."""
    counted = "SELECT (SELECT count(*) FROM journal_entries), (SELECT count(*) FROM personal_reads)"
    facts, reads = (await undo.connection.execute(text(counted))).one()
    return facts, reads


async def _reach(door: Door, role: Role, cast: Cast, client: AsyncClient, undo: Undo, tried: set[str]) -> str:
    """Say how far a role comes; who comes no further than one that was `tried` finds as little where nothing is."""
    things = cast.things[role]
    places = PLACES if PLACED & set(door.parts) and not door.form else PLACES[:1]
    let_in: set[str] = set()
    for place in places:
        status, code = await _knock(door, things[place], cast.people[role], client, undo)
        if code == "NotPermitted" and status == 403:
            assert not let_in, f"{door} as {role} is refused by its guard at {place} only"
            return "-"
        if status not in {403, 404}:
            let_in.add(place)
    if len(places) == 1:
        return "yes"
    reach = REACHES.get(frozenset(let_in), "+".join(sorted(let_in)))
    if reach not in tried:
        tried.add(reach)
        status, said = await _knock(door, dict.fromkeys(PLACED, NOTHING), cast.people[role], client, undo)
        assert status >= 400 or said == EMPTY, f"{door} as {role} succeeds with what does not exist"
    return reach


async def _knock(door: Door, known: dict[str, Any], person: Person, client: AsyncClient, undo: Undo) -> tuple[int, str]:
    """Ask once, and take back whatever it did."""
    if "application:approve" in door.permissions and "reviewed_id" in known:
        known = known | {"application_id": known["reviewed_id"]}  # one that waits for a decision
    body = None if door.body is None or door.form else door.fitting(known)
    answer = await client.request(door.method, door.address(WORDS | known), headers=person.headers, json=body)
    await undo.take_back()
    is_problem = answer.headers.get("content-type", "").startswith("application/problem+json")
    return answer.status_code, answer.json()["code"] if is_problem else answer.text[:2]


def _name(door: Door) -> str:
    return f"{door.method} {door.documented}"


def _read() -> dict[str, dict[str, str]]:
    if not MATRIX.exists():
        return {}
    with MATRIX.open(encoding="utf-8") as lines:
        return {row.pop("route"): row for row in csv.DictReader(lines, delimiter="\t")}


def _write(seen: dict[str, dict[str, str]]) -> None:
    with MATRIX.open("w", encoding="utf-8") as lines:
        writer = csv.DictWriter(lines, ["route", *Role], delimiter="\t", lineterminator="\n")
        writer.writeheader()
        writer.writerows({"route": door, **row} for door, row in seen.items())
