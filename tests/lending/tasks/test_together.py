"""Two people set the same deadline for the first time at the same moment: both are done, the second counts."""

import asyncio
from pathlib import Path

from sqlalchemy import NullPool, text
from sqlalchemy.ext.asyncio import create_async_engine

from tests.conftest import reopen_house, settings_for
from tests.journey.town import Town, sign_in
from tests.servers.databases import until_somebody_waits

THEIRS = """
INSERT INTO stage_deadlines (id, stage, minutes, created_at, updated_at)
VALUES (gen_random_uuid(), 'MANAGER_REVIEW', 600, now(), now())
"""


async def test_of_two_who_set_a_deadline_at_once_the_second_counts(town: Town, town_files: Path) -> None:
    engine = create_async_engine(town.database, poolclass=NullPool)
    async with reopen_house(settings_for(town.database, upload_folder=town_files)) as client, engine.connect() as first:
        admin = await sign_in(client, "admin")
        await first.execute(text(THEIRS))
        wish = client.put("/api/v1/stage-deadlines/MANAGER_REVIEW", json={"minutes": 480}, headers=admin)
        second = asyncio.create_task(wish)
        await until_somebody_waits(first)
        await first.commit()
        answer = await second
        assert answer.status_code == 200, answer.text
        (set_last,) = [one for one in answer.json() if one["stage"] == "MANAGER_REVIEW"]
        assert (set_last["minutes"], set_last["is_default"]) == (480, False)
    await engine.dispose()
