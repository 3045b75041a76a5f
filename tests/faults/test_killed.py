"""The process is killed while people work: what was answered is there afterwards, and nothing is half there."""

import asyncio
import hashlib
import os
import random
import signal
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from httpx import AsyncClient, Response, TransportError
from sqlalchemy import NullPool, func, select
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from lc_workflow.documents.library.models import File
from lc_workflow.lending.applications.models import CustomerApplication
from lc_workflow.lending.workflow.models import Move
from lc_workflow.platform.config import Settings, database_url
from lc_workflow.platform.embedded import postgres
from lc_workflow.platform.journal.models import JournalEntry, Untold
from lc_workflow.platform.workbench import serving
from tests.house.test_migrations import alembic_for
from tests.journey.town import settle, sign_in
from tests.lending.steps import URL as APPLICATIONS
from tests.lending.steps import WISH
from tests.moments import PATIENCE
from tests.servers.installation import variables_of
from tests.servers.memory import roomy_folder

WITH_DATABASE = (False, True)
"""Of each kill, whether the database is killed with the application."""
SECONDS_OF_WORK = 0.9
DESKS = 5
"""How many loans are under way at the same time, and how many uploads besides."""

STAGES = ["PO_CREATED", "USER_COMPLETED", "TELLER_PROCESSING", "MANAGER_REVIEW", "APPROVED"]
STEPS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("officer", "submit", {}),
    ("teller", "start", {}),
    ("teller", "send_to_review", {"account_id": "00012345"}),
    ("manager", "approve", {}),
)


@dataclass
class Answered:
    """What clients were told is done: where each application stands, and the SHA-256 of each file."""

    stages: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A place for the database and the papers, which PostgreSQL can reach also when root runs the tests."""
    with roomy_folder() as folder:
        yield folder


def test_what_was_answered_outlives_every_kill(folder: Path) -> None:
    with postgres(folder / "postgres") as server:
        command.upgrade(alembic_for(database_url(server.url)), "head")
        asyncio.run(settle(database_url(server.url)))
    answered = Answered()
    for with_database in (*WITH_DATABASE, None):
        with postgres(folder / "postgres") as server:
            environ = variables_of(database_url(server.url), folder / "papers", LOG_LEVEL="CRITICAL")
            settings = Settings.from_environ(environ)
            with serving(settings, environ) as process:
                asyncio.run(look_after_the_kill(settings, answered))
                if with_database is not None:
                    victims = [-process.pid, *([postmaster_of(folder / "postgres")] if with_database else [])]
                    asyncio.run(work_until_killed(settings, answered, victims))


def postmaster_of(folder: Path) -> int:
    return int((folder / "data" / "postmaster.pid").read_text().split()[0])


@asynccontextmanager
async def client_of(settings: Settings) -> AsyncIterator[AsyncClient]:
    async with AsyncClient(base_url=f"http://127.0.0.1:{settings.port}", timeout=PATIENCE) as client:
        yield client


async def work_until_killed(settings: Settings, answered: Answered, victims: list[int]) -> None:
    """Walk loans at several desks, and kill everybody in the middle of it (a negative number is a process group)."""
    known = len(answered.stages), len(answered.files)
    async with client_of(settings) as client:
        people = {name: await sign_in(client, name) for name in ("officer", "teller", "manager")}
        desks = [
            asyncio.create_task(work)
            for desk in range(DESKS)
            for work in (walk_loans(client, people, answered), upload(client, people["officer"], answered, desk))
        ]
        async with asyncio.timeout(PATIENCE):
            while len(answered.stages) == known[0] or len(answered.files) == known[1]:  # noqa: ASYNC110 - told by no event
                await asyncio.sleep(0.1)
        await asyncio.sleep(SECONDS_OF_WORK)
        for victim in victims:
            os.kill(victim, signal.SIGKILL)
        await asyncio.gather(*desks)
    assert len(answered.stages) > known[0]
    assert len(answered.files) > known[1]


async def walk_loans(client: AsyncClient, people: dict[str, dict[str, str]], answered: Answered) -> None:
    """Walk one loan after another, and write down what was answered; it ends when nobody answers any more."""
    with suppress(TransportError):
        while True:
            drafted = done(await client.post(APPLICATIONS, json=WISH, headers=people["officer"]))
            application_id = drafted["id"]
            answered.stages[application_id] = drafted["workflow_status"]
            paper = f"Loan {application_id}".encode()
            await store(client, people["officer"], answered, paper, application_id=application_id)
            for name, action, body in STEPS:
                path = f"{APPLICATIONS}/{application_id}/actions/{action}"
                moved = done(await client.post(path, json=body, headers=people[name]))
                answered.stages[application_id] = moved["workflow_status"]


async def upload(client: AsyncClient, officer: dict[str, str], answered: Answered, desk: int) -> None:
    """Upload one file after another."""
    chance = random.Random(desk)
    with suppress(TransportError):
        while True:
            await store(client, officer, answered, b"%PDF-1.7\n" + chance.randbytes(1_000_000))


async def store(client: AsyncClient, person: dict[str, str], answered: Answered, paper: bytes, **fields: str) -> None:
    """Upload a file, and write down what it holds when that was answered."""
    files = {"file": ("paper", paper)}
    stored = done(await client.post("/api/v1/files/upload", files=files, data=fields, headers=person))
    answered.files[stored["id"]] = hashlib.sha256(paper).hexdigest()


def done(answer: Response) -> dict[str, Any]:
    assert answer.is_success, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def look_after_the_kill(settings: Settings, answered: Answered) -> None:
    async with client_of(settings) as client:
        officer = await sign_in(client, "officer")
        for application_id, stage in answered.stages.items():
            stands = done(await client.get(f"{APPLICATIONS}/{application_id}", headers=officer))["workflow_status"]
            # what was asked when it was killed may have been done, or not
            assert STAGES.index(stands) - STAGES.index(stage) in {0, 1}
        for file_id, sha256 in answered.files.items():
            link = done(await client.get(f"/api/v1/files/{file_id}/download", headers=officer))["url"]
            assert hashlib.sha256((await client.get(link)).content).hexdigest() == sha256
    engine = create_async_engine(settings.database_url, poolclass=NullPool)
    async with AsyncSession(engine) as rows:
        await assert_that_every_file_is_whole(rows, settings.upload_folder)
        await assert_that_every_move_is_whole(rows)
        await assert_that_all_is_told(rows)


async def assert_that_every_file_is_whole(rows: AsyncSession, papers: Path) -> None:
    files = (await rows.scalars(select(File))).all()
    for file in files:
        kept = (papers / file.key).read_bytes()
        assert (len(kept), hashlib.sha256(kept).digest()) == (file.file_size, file.sha256)
    assert await subjects(rows, "FileStored") == Counter(file.id for file in files)


async def assert_that_every_move_is_whole(rows: AsyncSession) -> None:
    """Each step stands in the history, in the journal and in the application, or in none of them."""
    walked = defaultdict(list)
    for move in await rows.scalars(select(Move).order_by(Move.number)):
        walked[move.application_id].append((move.source, move.target))
    applications = (await rows.scalars(select(CustomerApplication))).all()
    for application in applications:
        stages = STAGES[: STAGES.index(application.workflow_status) + 1]
        assert walked[application.id] == list(pairwise(stages))
    assert await subjects(rows, "ApplicationMoved") == Counter({id_: len(moves) for id_, moves in walked.items()})
    assert await subjects(rows, "ApplicationDrafted") == Counter(application.id for application in applications)


async def subjects(rows: AsyncSession, kind: str) -> Counter[object]:
    """How often the journal tells a fact about whom."""
    return Counter(await rows.scalars(select(JournalEntry.subject_id).where(JournalEntry.kind == kind)))


async def assert_that_all_is_told(rows: AsyncSession) -> None:
    """What the killed relay left untold is told by the next one."""
    untold = select(func.count()).select_from(Untold)
    async with asyncio.timeout(PATIENCE):
        while await rows.scalar(untold):  # noqa: ASYNC110 - only the database knows
            await asyncio.sleep(0.05)
