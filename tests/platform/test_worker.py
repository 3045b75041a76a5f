"""The worker begins beside the application, and keeps nobody who wants to end."""

import subprocess
import sys

from tests.moments import PATIENCE

ENDS_WHILE_IT_LOADS = """
import asyncio, sys, threading
from sqlalchemy import make_url
from lc_workflow.platform.worker import Worker

begun = threading.Event()

class NeverFound:
    def find_spec(self, name, *_):
        if name == "procrastinate":
            begun.set()
            threading.Event().wait()

async def end_at_once():
    sys.meta_path.insert(0, NeverFound())
    async with Worker([], None, database=make_url("postgresql://nowhere")).running():
        await asyncio.to_thread(begun.wait)

asyncio.run(end_at_once())
"""


def test_a_process_ends_while_the_queue_is_still_loading() -> None:
    subprocess.run([sys.executable, "-c", ENDS_WHILE_IT_LOADS], check=True, timeout=PATIENCE)
