"""Two people publish one scorecard at the same moment: the second is told to look at the first's."""

import asyncio
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.conftest import reopen_house, settings_for
from tests.journey.town import Town, sign_in
from tests.lending.scoring.test_controllers import VECTORS
from tests.servers.databases import until_somebody_waits

CARD = {name: VECTORS["scorecard"][name] for name in ("code", "base", "attributes", "grades")}
THEIRS = """
INSERT INTO scorecard_versions (id, code, version, document, published_by, published_at)
SELECT gen_random_uuid(), code, version + 1, document, published_by, now() FROM scorecard_versions
"""


async def test_of_two_who_publish_at_once_the_second_is_told(
    town: Town, town_files: Path, town_engine: AsyncEngine
) -> None:
    async with (
        reopen_house(settings_for(town.database, upload_folder=town_files)) as client,
        town_engine.connect() as first,
    ):
        admin = await sign_in(client, "admin")
        await first.execute(text(THEIRS))
        second = asyncio.create_task(client.post("/api/v1/scorecards", json=CARD, headers=admin))
        await until_somebody_waits(first)
        await first.commit()
        refused = await second
        assert (refused.status_code, refused.json()["code"]) == (409, "PublishedMeanwhile")
        again = await client.post("/api/v1/scorecards", json=CARD, headers=admin)
        assert (again.status_code, again.json()["version"]) == (201, 3)
