"""Rights are taken away in the middle of a storm: nobody passes by an old one after the change was answered."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from httpx import AsyncClient, Limits

from tests.conftest import open_house, settings_for
from tests.journey.town import Town, sign_in
from tests.moments import PATIENCE
from tests.servers.installation import installation

APPLICATIONS = "/api/v1/applications"
PERMISSIONS = "/api/v1/permissions"
STORMING = 8
"""How many ask at the same time, one request after the other."""


@pytest.fixture(params=["in one process without Redis", "through two workers on Redis"])
async def client(
    request: pytest.FixtureRequest, town: Town, redis_url: str, tmp_path: Path
) -> AsyncIterator[AsyncClient]:
    if request.param == "in one process without Redis":
        async with open_house(settings_for(town.database, upload_folder=tmp_path)) as client:
            yield client
    else:
        with installation(town.database, tmp_path, workers=2, redis_url=redis_url) as url:
            async with AsyncClient(
                base_url=url, limits=Limits(max_keepalive_connections=0), timeout=PATIENCE
            ) as client:
                yield client


async def test_a_right_that_was_taken_opens_nothing_more(client: AsyncClient) -> None:
    admin, viewer = await sign_in(client, "admin"), await sign_in(client, "viewer")
    roles = (await client.get(f"{PERMISSIONS}/roles?search=viewer", headers=admin)).json()["items"]
    rights = (await client.get(f"{PERMISSIONS}?search=application:read:branch", headers=admin)).json()["items"]
    toggle = {"role_id": roles[0]["id"], "permission_id": rights[0]["id"]}
    answers: list[tuple[float, float, int]] = []
    over = asyncio.Event()

    async def storm() -> None:
        while not over.is_set():
            begun = time.monotonic()
            answer = await client.get(f"{APPLICATIONS}?size=1", headers=viewer)
            answers.append((begun, time.monotonic(), answer.status_code))
            # In one process an answer may come from memory alone, and a storm that never pauses starves the loop.
            await asyncio.sleep(0)

    storms = [asyncio.create_task(storm()) for _ in range(STORMING)]
    changes: list[tuple[float, float, bool]] = []
    for granted in (False, True, False, True, False):
        await asyncio.sleep(0.4)
        begun = time.monotonic()
        changed = await client.put(f"{PERMISSIONS}/matrix/toggle", json=toggle | {"is_granted": granted}, headers=admin)
        assert changed.status_code == 200, changed.text
        changes.append((begun, time.monotonic(), granted))
    await asyncio.sleep(0.4)
    over.set()
    await asyncio.gather(*storms)

    ends = [begun for begun, _, _ in changes[1:]] + [float("inf")]
    for (_, answered, granted), end in zip(changes, ends, strict=True):
        # What was asked after this change's answer and answered before the next was asked for is judged by it alone.
        judged = {status for begun, ended, status in answers if answered <= begun and ended < end}
        assert judged == {200 if granted else 403}, granted
