"""Everybody does everything to the same few applications at once: no answer is a mistake, and the story stays whole."""

import asyncio
import random
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from itertools import pairwise
from pathlib import Path

import pytest
from httpx import AsyncClient, Response
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from lc_workflow.documents.library.models import File
from lc_workflow.lending.applications.models import CustomerApplication
from lc_workflow.lending.rules.stages import Action, Stage
from lc_workflow.lending.workflow.models import Move
from lc_workflow.platform.journal.models import JournalEntry
from tests.conftest import reopen_house, settings_for
from tests.journey.town import Town, sign_in
from tests.lending.steps import URL, WISH

PEOPLE = ("officer", "second_officer", "teller", "manager", "second_manager", "admin")
TURNS = 40
"""How many things each of them does."""
DEEDS = ("move", "move", "move", "move", "edit", "edit", "upload", "folder", "delete", "draft")
EXPECTED = {200, 201, 204, 403, 404, 412, 422}
"""Done, not allowed, thrown away meanwhile, changed meanwhile, not possible (any more)."""


@pytest.fixture
async def houses(town: Town, town_files: Path) -> AsyncIterator[Sequence[AsyncClient]]:
    """Two applications on one database, as two processes would be."""
    async with AsyncExitStack() as stack:
        settings = settings_for(town.database, upload_folder=town_files)
        yield [await stack.enter_async_context(reopen_house(settings)) for _ in range(2)]


async def test_a_storm(houses: Sequence[AsyncClient], town_files: Path, town_engine: AsyncEngine) -> None:
    people = [await sign_in(houses[0], name) for name in PEOPLE]
    loans = [(await houses[0].post(URL, json=WISH, headers=people[0])).json()["id"] for _ in range(4)]
    outcomes: Counter[tuple[str, int]] = Counter()

    async def busy(number: int) -> None:
        chance, client = random.Random(number), houses[number % 2]
        for _ in range(TURNS):
            what = chance.choice(DEEDS)
            answer = await do(client, what, loans, people[number], chance)
            outcomes[what, answer.status_code] += 1

    await asyncio.gather(*(busy(number) for number in range(len(PEOPLE))))
    assert {status for _, status in outcomes} <= EXPECTED, outcomes
    async with AsyncSession(town_engine) as rows:
        await assert_that_the_story_is_whole(rows, outcomes, town_files)


async def assert_that_the_story_is_whole(rows: AsyncSession, outcomes: Counter[tuple[str, int]], papers: Path) -> None:
    """What was answered with success, and nothing else, stands in the rows, in the journal and in the store."""
    told = Counter(await rows.scalars(select(JournalEntry.kind)))
    # whoever reopens a loan that somebody throws away before the answer is written hears that it is gone
    assert outcomes["move", 200] <= told["ApplicationMoved"] <= outcomes["move", 200] + outcomes["move", 404]
    assert told["ApplicationRemoved"] == outcomes["delete", 204]
    assert told["FileStored"] == outcomes["upload", 201]
    # whoever changes a draft that somebody throws away before the answer is written hears that it is gone
    assert told["ApplicationChanged"] <= outcomes["edit", 200] + outcomes["edit", 404]
    walked = defaultdict(list)
    for move in await rows.scalars(select(Move).order_by(Move.number)):
        walked[move.application_id].append(move)
    for loan in await rows.scalars(select(CustomerApplication)):
        moves = walked.pop(loan.id, [])
        assert all(one.target == following.source for one, following in pairwise(moves))
        assert (moves[-1].target if moves else Stage.PO_CREATED) == loan.workflow_status
        assert loan.cycle == 1 + sum(move.action is Action.REOPEN for move in moves)
    assert walked == {}
    assert kept_in(papers) == set(await rows.scalars(select(File.key)))


def kept_in(papers: Path) -> set[str]:
    return {str(path.relative_to(papers)) for path in papers.rglob("*") if path.is_file()}


async def do(
    client: AsyncClient, what: str, loans: list[str], headers: dict[str, str], chance: random.Random
) -> Response:
    """Do one thing to a random loan."""
    at = f"{URL}/{(loan := chance.choice(loans))}"
    match what:
        case "move":
            return await move(client, at, headers, chance)
        case "edit":
            change = {"village": str(chance.random()), "id_number": f"01023456{chance.randrange(3)}"}
            return await client.put(at, json=change, headers=headers)
        case "upload":
            paper = {"file": ("note.txt", str(chance.random()).encode())}
            fields = {"application_id": loan, "document_type": chance.choice(["borrower_id_card", "photo"])}
            return await client.post("/api/v1/files/upload", files=paper, data=fields, headers=headers)
        case "folder":
            wish = {"name": chance.choice("AB"), "application_id": loan}
            return await client.post("/api/v1/folders", json=wish, headers=headers)
        case "delete":
            return await client.delete(at, headers=headers)
        case _:
            drafted = await client.post(URL, json=WISH, headers=headers)
            if drafted.is_success:
                loans.append(drafted.json()["id"])
                loans.pop(0)
            return drafted


async def move(client: AsyncClient, at: str, headers: dict[str, str], chance: random.Random) -> Response:
    """Take a step that was possible a moment ago."""
    listed = await client.get(f"{at}/actions", headers=headers)
    possible = [action["action"] for action in listed.json() if action["allowed"]] if listed.is_success else []
    body = {"reason": "So", "account_id": chance.choice("12")}
    return await client.post(f"{at}/actions/{chance.choice(possible or list(Action))}", json=body, headers=headers)
