"""What a tablet missed while it had no network is told once it asks, and none of it is lost on the way."""

import asyncio
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from httpx import AsyncClient
from msgspec.structs import replace
from sqlalchemy import URL, NullPool, text, update
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from lc_workflow.identity.users.models import User
from lc_workflow.lending.fieldwork.queries import Place
from lc_workflow.organization.branches.models import Branch
from lc_workflow.platform.http.long_lists import read_cursor, write_cursor
from lc_workflow.platform.security.tokens import Tokens
from tests.conftest import Person, SignIn, open_house, settings_for
from tests.identity.factories import a_session, a_user
from tests.lending.factories import an_application
from tests.lending.steps import URL as APPLICATIONS
from tests.lending.steps import WISH
from tests.moments import NOON
from tests.organization.factories import a_branch

SYNC = "/api/v1/sync"
CHANGES = f"{SYNC}/changes"


@pytest.fixture(scope="module")
def own_database(copy_database: Callable[[], URL]) -> URL:
    """A database whose commits are real."""
    return copy_database()


@pytest.fixture(scope="module")
async def rows(own_database: URL) -> AsyncIterator[AsyncEngine]:
    engine = create_async_engine(own_database, poolclass=NullPool)
    yield engine
    await engine.dispose()


@pytest.fixture(scope="module")
async def api(own_database: URL, tmp_path_factory: pytest.TempPathFactory, house: object) -> AsyncIterator[AsyncClient]:
    """An application of its own, inside the lifespan of the one that all tests share."""
    assert house
    folder: Path = tmp_path_factory.mktemp("papers")
    settings = settings_for(own_database, upload_folder=folder)
    async with open_house(settings, clock=lambda: NOON, in_background=False) as client:
        yield client


async def a_branch_of_its_own(rows: AsyncEngine) -> UUID:
    async with AsyncSession(rows) as session:
        session.add(branch := a_branch(code=uuid4().hex[:8]))
        await session.flush()
        branch_id: UUID = branch.id
        await session.commit()
    return branch_id


async def somebody(rows: AsyncEngine, tokens: Tokens, role: str, branch_id: UUID) -> Person:
    async with AsyncSession(rows, expire_on_commit=False) as session:
        session.add(user := a_user(role=role, branch_id=branch_id))
        await session.flush()
        session.add(visit := a_session(user.id))
        await session.commit()
    return Person(user, {"Authorization": f"Bearer {tokens.issue(user.id, visit.id, at=NOON)}"})


async def ask(api: AsyncClient, person: Person, since: str | None = None) -> dict[str, Any]:
    answer = await api.get(CHANGES, params={"since": since} if since else {}, headers=person.headers)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def test_a_tablet_hears_what_it_missed_and_nobody_else_does(
    api: AsyncClient, rows: AsyncEngine, tokens: Tokens
) -> None:
    here, there = await a_branch_of_its_own(rows), await a_branch_of_its_own(rows)
    officer, teller = [await somebody(rows, tokens, role, here) for role in ("officer", "teller")]
    viewer, stranger = await somebody(rows, tokens, "viewer", here), await somebody(rows, tokens, "officer", there)
    begun = {person.user.id: await ask(api, person) for person in (officer, viewer, stranger)}
    assert all(told["changes"] == [] and told["reset"] and not told["more"] for told in begun.values())

    drafted = [(await api.post(APPLICATIONS, json=WISH, headers=officer.headers)).json() for _ in range(2)]
    one, other = (each["id"] for each in drafted)
    told = await ask(api, officer, begun[officer.user.id]["next"])
    assert [change["id"] for change in told["changes"]] == [one, other]
    card = told["changes"][0]["application"]
    assert (card["workflow_status"], card["version"]) == ("PO_CREATED", drafted[0]["version"])
    masked = await ask(api, viewer, begun[viewer.user.id]["next"])
    assert masked["changes"][0]["application"]["phone"] != WISH["phone"] == card["phone"]

    assert (await ask(api, officer, told["next"])) == told | {"changes": []}
    said = await api.post(f"{APPLICATIONS}/{one}/comments", json={"text": "Which plot?"}, headers=teller.headers)
    assert said.status_code == 201
    heard = await ask(api, officer, told["next"])
    assert [(change["id"], [said["text"] for said in change["comments"]]) for change in heard["changes"]] == [
        (one, ["Which plot?"])
    ]
    assert (await api.patch(f"{APPLICATIONS}/{one}/submit", headers=officer.headers)).status_code == 200
    started = await api.post(f"{APPLICATIONS}/{one}/actions/start", headers=teller.headers)
    assert started.status_code == 200
    of_teller, of_officer = [await ask(api, person, heard["next"]) for person in (teller, officer)]
    assert of_teller["reset"], "the cursor of somebody else begins anew"
    assert [task["stage"] for task in of_teller["changes"][-1]["tasks"]] == ["TELLER_PROCESSING"]
    assert of_officer["changes"][0]["tasks"] == []

    assert (await api.delete(f"{APPLICATIONS}/{other}", headers=officer.headers)).status_code == 204
    assert (await ask(api, officer, of_officer["next"]))["changes"] == [{"id": other, "gone": True}]
    assert [change["id"] for change in (await ask(api, officer))["changes"]] == [one], "who never had it is not told"
    assert (await ask(api, stranger, begun[stranger.user.id]["next"]))["changes"] == []

    async with AsyncSession(rows) as session:
        await session.execute(update(User).where(User.id == officer.user.id).values(branch_id=there))
        await session.commit()
    moved = await ask(api, officer, of_officer["next"])
    assert moved["reset"], "who sees other things than before begins anew"


async def test_a_tablet_that_lost_patience_sends_its_day_again_while_it_is_worked_on(
    api: AsyncClient, rows: AsyncEngine, tokens: Tokens
) -> None:
    """Two requests with one day in them, at the same moment: whatever each is told, everything is done once."""
    officer = await somebody(rows, tokens, "officer", await a_branch_of_its_own(rows))
    day = [
        {"key": uuid4().hex, "kind": kind, "id": about, "body": body}
        for about in (str(uuid4()) for _ in range(4))
        for kind, body in (("application.create", WISH), ("comment.add", {"text": "Seen at home."}))
    ]

    async def send() -> list[int]:
        answer = await api.post(SYNC, json={"operations": day}, headers=officer.headers)
        assert answer.status_code == 200, answer.text
        return [result["status"] for result in answer.json()["results"]]

    told = await asyncio.gather(*(send() for _ in range(3)))
    assert {status for statuses in told for status in statuses} <= {201, 409, 424}
    assert await send() == [201] * len(day)
    heard = (await ask(api, officer))["changes"]
    assert sorted(change["id"] for change in heard) == sorted({str(operation["id"]) for operation in day})
    assert [len(change["comments"]) for change in heard] == [1] * 4


async def test_what_is_committed_late_is_not_lost(api: AsyncClient, rows: AsyncEngine, tokens: Tokens) -> None:
    """The slow transaction begins first and ends last: a cursor past the fast one would have passed it by."""
    officer = await somebody(rows, tokens, "officer", await a_branch_of_its_own(rows))
    begun = await ask(api, officer)

    async def write(session: AsyncSession) -> UUID:
        session.add(drafted := an_application(officer.user.id, branch_id=officer.user.branch_id))
        await session.flush()
        return drafted.id

    async with AsyncSession(rows, expire_on_commit=False) as slow, AsyncSession(rows, expire_on_commit=False) as fast:
        late = await write(slow)
        early = await write(fast)
        await fast.commit()
        meanwhile = await ask(api, officer, begun["next"])
        await slow.commit()
    after = await ask(api, officer, meanwhile["next"])
    heard = [UUID(change["id"]) for told in (meanwhile, after) for change in told["changes"]]
    assert sorted(heard) == sorted([late, early])


async def test_a_long_list_comes_in_pages(api: AsyncClient, rows: AsyncEngine, tokens: Tokens) -> None:
    officer = await somebody(rows, tokens, "officer", await a_branch_of_its_own(rows))
    async with AsyncSession(rows) as session:
        session.add_all(an_application(officer.user.id, branch_id=officer.user.branch_id) for _ in range(250))
        await session.commit()
    first = await ask(api, officer)
    second = await ask(api, officer, first["next"])
    assert [(len(told["changes"]), told["more"], told["reset"]) for told in (first, second)] == [
        (200, True, True),
        (50, False, False),
    ]
    assert len({change["id"] for told in (first, second) for change in told["changes"]}) == 250


async def test_who_read_further_than_the_database_goes_begins_anew(
    api: AsyncClient, rows: AsyncEngine, tokens: Tokens
) -> None:
    """Its disk was put back to an earlier moment: it is the same database, and counts its transactions once more."""
    officer = await somebody(rows, tokens, "officer", await a_branch_of_its_own(rows))
    drafted = (await api.post(APPLICATIONS, json=WISH, headers=officer.headers)).json()["id"]
    place = read_cursor((await ask(api, officer))["next"], Place, name="since")
    told = await ask(api, officer, since=write_cursor(replace(place, position=place.position + 1_000_000)))
    assert told["reset"]
    assert [change["id"] for change in told["changes"]] == [drafted]


async def test_after_a_restore_everybody_begins_anew(api: AsyncClient, rows: AsyncEngine, tokens: Tokens) -> None:
    """A database that was put back counts other transactions; its rows are numbered by these."""
    officer = await somebody(rows, tokens, "officer", await a_branch_of_its_own(rows))
    async with AsyncSession(rows) as session:
        session.add(an_application(officer.user.id, branch_id=officer.user.branch_id))
        await session.commit()
        await session.execute(text("UPDATE application_changes SET position = position + 1000000000"))
        await session.commit()
        assert (await ask(api, officer))["changes"] == []
        await session.execute(text("SELECT renumber_application_changes()"))
        await session.commit()
    assert len((await ask(api, officer))["changes"]) == 1


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "ខ",
        "%00",
        "{}",
        *(urlsafe_b64encode(made).decode() for made in (b"[]", b'["a","b",1,1,"c"]', b"\xff[", b"")),
    ],
)
async def test_a_made_up_cursor_is_refused(client: AsyncClient, sign_in: SignIn, branch: Branch, cursor: str) -> None:
    officer = await sign_in("officer", branch_id=branch.id)
    refused = await client.get(CHANGES, params={"since": cursor}, headers=officer.headers)
    if cursor:
        assert (refused.status_code, refused.json()["code"]) == (422, "BadCursor")
        assert refused.json()["errors"][0]["field"] == "since"
    else:
        assert refused.status_code == 200, "nothing is no cursor"


async def test_a_cursor_with_numbers_of_nobody_is_refused(client: AsyncClient, sign_in: SignIn, branch: Branch) -> None:
    officer = await sign_in("officer", branch_id=branch.id)
    made = urlsafe_b64encode(b'["a","b",1,99999999999999999999,"%s"]' % str(uuid4()).encode()).decode()
    assert (await client.get(CHANGES, params={"since": made}, headers=officer.headers)).status_code == 422
