"""Planting: takes every step of the seeds that the journal does not know yet, in the order of their moments."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Final
from uuid import UUID

from rich.console import Console
from rich.progress import Progress
from sqlalchemy import delete, exists, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from structlog.contextvars import bound_contextvars

from lc_workflow.app import open_store
from lc_workflow.documents.library.service.refusals import ApplicationFull
from lc_workflow.documents.rules.uploads import FileTooLarge, TypeNotAllowed
from lc_workflow.identity.users.models import User
from lc_workflow.kernel.errors import DomainError
from lc_workflow.kernel.principal import Principal
from lc_workflow.platform.clock import system_clock
from lc_workflow.platform.config import Settings
from lc_workflow.platform.db.exact_json import read_json, write_json
from lc_workflow.platform.journal.models import JournalEntry, Untold
from lc_workflow.platform.security.passwords import Passwords
from lc_workflow.platform.security.vault import use, vault_of
from lc_workflow.seeding.applications import application_steps
from lc_workflow.seeding.data import read_base, read_demo, read_places
from lc_workflow.seeding.institution import base_steps, gazetteer_step, institution_steps
from lc_workflow.seeding.standing import FIRST, SIGNED, CannotPlant
from lc_workflow.seeding.steps import DemoPlanted, Means, Step, Turn, acting, taken_steps

HASTY: Final = {
    "timeout": 5,
    "prepared_statement_cache_size": 1000,
    "server_settings": {"application_name": "lc-workflow seeding", "synchronous_commit": "off"},
}
"""Commits do not wait for the disk: a step lost in a crash is simply taken again by the next run."""

CONNECTIONS: Final = 3
"""Few, and the last used first, so that each has most statements prepared."""

KEEPING_OUT: Final = {
    TypeNotAllowed: "ALLOWED_FILE_TYPES",
    FileTooLarge: "MAX_FILE_SIZE",
    ApplicationFull: "MAX_APPLICATION_SIZE",
}
"""The variable that a refused paper comes from, which whoever starts the demo has set."""


@dataclass(frozen=True, slots=True)
class Planted:
    """How many steps were taken now, and how many had been taken before."""

    now: int
    before: int


async def plant(
    settings: Settings,
    seeds: Path,
    *,
    demo_password: str | None,
    passwords: Passwords | None = None,
) -> Planted:
    """Plant what every installation can use, and the demo institution when its accounts are given a password.

    What was planted before stays as it is now, changed or not.

    Raises:
        CannotPlant: The demo would come among accounts of others, or a step was refused.
    """
    at = system_clock()
    use(vault_of(settings))
    engine = create_async_engine(
        settings.database_url,
        pool_size=CONNECTIONS,
        max_overflow=0,
        pool_use_lifo=True,
        connect_args=HASTY,
        hide_parameters=True,
        json_serializer=write_json,
        json_deserializer=read_json,
    )
    sessions = async_sessionmaker(engine, expire_on_commit=False)
    store = open_store(settings, system_clock)
    means = Means(settings, store, OneDigest(passwords or Passwords()), demo_password or "")
    try:
        async with sessions() as session:
            made = await taken_steps(session)
            if demo_password is not None:
                await _refuse_strangers(session, made)
                await store.prepare()
        steps = list(_plan(seeds, with_demo=demo_password is not None, now=at))
        todo = [step for step in steps if step.key not in made]
        await _take(todo, sessions, made, means)
        if demo_password is not None:
            await _mark(sessions, at=at)
    finally:
        await engine.dispose()
    return Planted(len(todo), len(steps) - len(todo))


class OneDigest(Passwords):
    """Hashes a password once: the demo accounts share one public password, and so its digest."""

    def __init__(self, passwords: Passwords) -> None:
        self._passwords = passwords
        self._known: dict[str, asyncio.Task[str]] = {}

    async def hash(self, password: str) -> str:
        """Hash a password, or return its digest from before."""
        if password not in self._known:
            self._known[password] = asyncio.create_task(self._passwords.hash(password))
        return await self._known[password]

    async def matches(self, password: str, digest: str | None) -> bool:
        """Check a password."""
        return await self._passwords.matches(password, digest)


def _plan(seeds: Path, *, with_demo: bool, now: datetime) -> Iterator[Step]:
    """Put all steps in the order of their moments; what the base opens comes first, and is opened now."""
    base = read_base(seeds)
    places = read_places(seeds)
    if not with_demo:
        yield gazetteer_step(places, at=now)
        yield from base_steps(base, at=now)
        return
    demo = read_demo(seeds)
    institution = list(institution_steps(demo.institution, now=now))
    yield gazetteer_step(places, at=institution[0].at)
    yield from base_steps(base, at=institution[0].at)
    yield from institution
    yield from sorted(application_steps(demo, now=now), key=lambda step: step.at)


async def _refuse_strangers(session: AsyncSession, made: dict[str, UUID]) -> None:
    """Keep accounts with a public password out of an installation that others use."""
    if FIRST not in made and await session.scalar(select(exists(select(User.id)))):
        raise CannotPlant("This database has accounts of its own; the demo is planted in an empty one only.")


async def _take(
    steps: list[Step], sessions: async_sessionmaker[AsyncSession], made: dict[str, UUID], means: Means
) -> None:
    people: dict[str | None, Principal] = {}
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        bar = progress.add_task("Planting", total=len(steps))

        async def take(step: Step) -> None:
            async with sessions() as session:
                if step.by not in people:
                    people[step.by] = await acting(session, step.by, step.at)
                turn = Turn(session, people[step.by], step.at, made, means)
                with bound_contextvars(request_id=f"{SIGNED}{step.key}"):
                    try:
                        made[step.key] = await step.take(turn)
                    except DomainError as refusal:
                        variable = KEEPING_OUT.get(type(refusal))
                        way = f" {variable} is too narrow for the papers of the demo." if variable else ""
                        raise CannotPlant(f"The step {step.key} was refused: {refusal.detail}{way}") from refusal
            progress.advance(bar)

        for _, together in groupby(steps, key=lambda step: step.at):
            for outcome in await asyncio.gather(*(take(step) for step in together), return_exceptions=True):
                if outcome is not None:
                    raise outcome


async def _mark(sessions: async_sessionmaker[AsyncSession], *, at: datetime) -> None:
    """Record that the demo is complete; marked as told, because nobody listens."""
    async with sessions.begin() as session:
        known = await session.scalar(select(exists().where(JournalEntry.kind == DemoPlanted.__name__)))
        if not known:
            session.add(entry := JournalEntry.of(DemoPlanted(actor_id=None, at=at)))
            await session.flush()
            await session.execute(delete(Untold).where(Untold.id == entry.id))
