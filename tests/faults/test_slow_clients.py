"""Clients that take their time keep nobody else waiting."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.conftest import reopen_house, settings_for
from tests.journey.town import Town, sign_in
from tests.lending.steps import URL
from tests.moments import PATIENCE

JSON = {"content-type": "application/json"}


@pytest.mark.parametrize(
    ("method", "path"), [("POST", URL), ("PATCH", "/api/v1/users/me/change-password"), ("POST", "/api/v1/auth/login")]
)
async def test_a_body_that_arrives_slowly_holds_no_connection(
    town: Town, town_files: Path, method: str, path: str
) -> None:
    settings = settings_for(town.database, upload_folder=town_files, pool_size=1, pool_overflow=0)
    others_were_served = asyncio.Event()

    async def slowly() -> AsyncIterator[bytes]:
        yield b"{"
        await others_were_served.wait()
        yield b"}"

    async with reopen_house(settings, in_background=False) as client:
        officer = await sign_in(client, "officer")
        slow = asyncio.create_task(client.request(method, path, content=slowly(), headers=officer | JSON))
        await asyncio.sleep(0.1)  # the one connection is not held, although the request has come to the application
        async with asyncio.timeout(PATIENCE):
            assert (await client.get(URL, headers=officer)).status_code == 200
        others_were_served.set()
        assert (await slow).status_code in {201, 422}
