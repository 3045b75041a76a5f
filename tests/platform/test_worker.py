"""The worker begins beside the application, and keeps nobody who wants to end."""

import subprocess
import sys

from tests.moments import PATIENCE

ENDS_WHILE_IT_LOADS = """
import asyncio, sys, threading
from importlib.util import spec_from_loader
from sqlalchemy import make_url
from lc_workflow.platform.worker import Worker

begun = threading.Event()

class NeverLoaded:
    def find_spec(self, name, *_):
        return spec_from_loader(name, self) if name == "procrastinate" else None

    def create_module(self, spec):
        return None

    def exec_module(self, module):  # not while it is looked for: nobody else could import anything then
        begun.set()
        threading.Event().wait()

async def end_at_once():
    sys.meta_path.insert(0, NeverLoaded())
    async with Worker([], None, database=make_url("postgresql://nowhere")).running():
        await asyncio.to_thread(begun.wait)

asyncio.run(end_at_once())
"""


def test_a_process_ends_while_the_queue_is_still_loading() -> None:
    subprocess.run([sys.executable, "-c", ENDS_WHILE_IT_LOADS], check=True, timeout=PATIENCE)


LOADS_THE_SECOND_TIME = """
import asyncio, sys
from importlib.util import spec_from_loader
from sqlalchemy import make_url
from lc_workflow.platform import worker

worker.REST_SECONDS = 0.01
begun = asyncio.Event()
tried = []

class NotYet:
    def find_spec(self, name, *_):
        if name != "lc_workflow.platform.queue":
            return None
        tried.append(name)
        if len(tried) == 1:
            raise ImportError(name)
        return spec_from_loader(name, self)

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        module.serve = serve

async def serve(*_):
    begun.set()
    await asyncio.Event().wait()

async def work_on():
    sys.meta_path.insert(0, NotYet())
    async with worker.Worker([], None, database=make_url("postgresql://nowhere")).running():
        await asyncio.wait_for(begun.wait(), 20)

asyncio.run(work_on())
"""


def test_a_queue_that_could_not_be_loaded_is_loaded_again() -> None:
    """While a release is put in place of another, or memory is short; a worker that never began was silent."""
    subprocess.run([sys.executable, "-c", LOADS_THE_SECOND_TIME], check=True, timeout=PATIENCE)
