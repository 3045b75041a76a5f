"""Brings papers to a house of its own and is killed at a chosen step of it, once for each; run by `test_sweep.py`.

Takes the settings from the environment, the officer's token and application from OFFICER and APPLICATION; prints how
each of the processes ended.
"""

import asyncio
import os
import signal
import sys
from typing import Any
from uuid import uuid4

from httpx import AsyncClient
from litestar import Litestar

from lc_workflow.app import create_app
from lc_workflow.documents.deliveries.service import DeliveryService
from lc_workflow.documents.library.service import FileService
from lc_workflow.platform.config import Settings
from lc_workflow.platform.storage.local import LocalStore
from tests.conftest import client_of

FILES = "/api/v1/files"
PAPER = b"%PDF-1.7\n" + b"a land title" * 50_000

STEPS: dict[str, tuple[str, type, str, str]] = {
    "before the bytes": ("upload", LocalStore, "put", "before"),
    "amid the bytes": ("upload", LocalStore, "_sync_folders", "before"),
    "after the bytes": ("upload", LocalStore, "put", "after"),
    "after the row": ("upload", FileService, "take_in", "after"),
    "brought, not taken in": ("deliver", DeliveryService, "take_in", "before"),
    "taken in, without a row": ("deliver", LocalStore, "put", "second"),
    "with a row, not cleared up": ("deliver", FileService, "take_in", "after"),
    "a newer version without a row": ("replace", LocalStore, "put", "second"),
    "removed, not put aside": ("remove", LocalStore, "move", "before"),
    "brought back, without a row": ("restore", LocalStore, "move", "second"),
}
"""What is done, and at which call of what the process is killed."""


def kill_at(kind: type, name: str, when: str) -> None:
    """End this process, as a power cut would, when that is called."""
    plain = getattr(kind, name)
    calls = 0

    def due() -> bool:
        nonlocal calls
        calls += 1
        return when != "second" or calls == 2

    if name.startswith("_"):

        def killing(*_: Any, **__: Any) -> None:
            os.kill(os.getpid(), signal.SIGKILL)

        setattr(kind, name, killing)
        return

    async def killing_later(*arguments: Any, **named: Any) -> Any:
        now = due()
        if now and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        done = await plain(*arguments, **named)
        if now:
            os.kill(os.getpid(), signal.SIGKILL)
        return done

    setattr(kind, name, killing_later)


async def bring(app: Litestar, way: str) -> None:
    async with app.lifespan(), client_of(app) as client:
        client.headers["Authorization"] = os.environ["OFFICER"]
        if way == "deliver":
            wish = {"file_id": str(uuid4()), "filename": "title.pdf", "content_type": "application/pdf"}
            link = await client.post(
                f"{FILES}/upload-url",
                json={**wish, "file_size": len(PAPER), "application_id": os.environ["APPLICATION"]},
            )
            await client.put(link.json()["upload_url"], content=PAPER)
            await client.post(f"{FILES}/finalize", json={"file_id": wish["file_id"]})
            return
        file = await uploaded(client, "upload")
        if way == "replace":
            await uploaded(client, f"{file['id']}/versions")
        else:
            await client.delete(f"{FILES}/{file['id']}")
            await client.post(f"{FILES}/{file['id']}/restore")


async def uploaded(client: AsyncClient, path: str) -> Any:
    data = {"application_id": os.environ["APPLICATION"], "document_type": "land_title"}
    answer = await client.post(f"{FILES}/{path}", files={"file": ("title.pdf", PAPER)}, data=data)
    return answer.json()


if __name__ == "__main__":
    house = create_app(Settings.from_environ(), in_background=False)
    for step, (way, kind, name, when) in STEPS.items():
        if not (child := os.fork()):
            kill_at(kind, name, when)
            asyncio.run(bring(house, way))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{step}: {'killed' if os.WIFSIGNALED(status) else 'not killed'}\n")
        sys.stdout.flush()
