"""Does jobs while the application runs: starts late, survives a lost database, ends in order."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial
from threading import Thread
from typing import Final, TypeAlias

import structlog
from sqlalchemy import URL

from lc_workflow.platform.jobs import Job, Workplace

ENDING_SECONDS: Final = 3.0
"""How long the end of a worker may take, once its jobs have been told to stop."""

REST_SECONDS: Final = 1.0
"""How long a worker that lost the database rests before it tries again."""

Serve: TypeAlias = Callable[[Sequence[Job], Workplace, URL], Awaitable[None]]

log = structlog.get_logger()


class Worker:
    """Takes jobs from the queue in the database; one runs in each process."""

    def __init__(self, jobs: Sequence[Job], workplace: Workplace, *, database: URL) -> None:
        self._jobs = jobs
        self._workplace = workplace
        self._database = database
        self._ending = asyncio.Event()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Do jobs while the block runs, or until told to end; nobody waits for the worker to start."""
        work = asyncio.create_task(self._work_until_told())
        try:
            yield
        finally:
            self.end()
            await work

    def end(self) -> None:
        """Begin to end: take no more jobs, and interrupt those that do not finish soon."""
        self._ending.set()

    async def _work_until_told(self) -> None:
        work = asyncio.create_task(self._keep_working())
        await self._ending.wait()
        for patience in (ENDING_SECONDS, REST_SECONDS):
            work.cancel()
            await asyncio.wait([work], timeout=patience)

    async def _keep_working(self) -> None:
        serve: Serve | None = None
        failing = False
        while True:
            try:
                serve = serve or await _loaded()
                await serve(self._jobs, self._workplace, self._database)
            except Exception as cause:  # noqa: BLE001 - whatever stops the work, it goes on when that is over
                if not failing:  # once an outage, not once a second
                    log.warning("jobs rest until what they need is back", cause=type(cause.__cause__ or cause).__name__)
                failing = True
            else:
                failing = False
            await asyncio.sleep(REST_SECONDS)


async def _loaded() -> Serve:
    """Load the library beside the work: it takes 0.3 s, which a process that begins to serve need not wait for.

    Nor does one that ends before that: its end would wait for a thread of the loop's, but not for a daemon.
    """
    loop = asyncio.get_running_loop()
    loaded: asyncio.Future[Serve] = loop.create_future()

    def load() -> None:
        settle: Callable[[], None]
        try:
            from lc_workflow.platform.queue import serve  # noqa: PLC0415 - see above
        except Exception as failure:  # noqa: BLE001 - told to who waits, which would be for ever
            settle = partial(loaded.set_exception, failure)
        else:
            settle = partial(loaded.set_result, serve)
        with suppress(RuntimeError):  # the loop is closed
            loop.call_soon_threadsafe(_unless_over, loaded, settle)

    Thread(target=load, daemon=True).start()
    return await loaded


def _unless_over(waited_for: asyncio.Future[Serve], settle: Callable[[], None]) -> None:
    if not waited_for.done():
        settle()
