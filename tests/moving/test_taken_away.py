"""What people took away here after a move stays away when the old book is moved once more."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import URL

from lc_workflow.app import open_store
from lc_workflow.documents.library.service.removal import purge
from lc_workflow.moving.taking import TAKEN_AWAY
from lc_workflow.platform.config import Settings
from tests.conftest import open_house, settings_for
from tests.journey.town import sign_in
from tests.moving.old_service import LAST, LAST_BOOK, fill_old_store, old_id, open_old_service
from tests.moving.test_moving import move, rows_of, session_on
from tests.servers.databases import empty_database_on

SELFIE = LAST_BOOK["selfies"][0] | {"status": "captured", "validated_by": None}
GONE = {
    f"applications/{old_id('second')}": "dara",
    f"selfies/{old_id('selfie')}": "dara",
    f"files/{old_id('agreement')}": "dara",
    f"folders/{old_id('Identity')}": "maly",  # nobody knows who made it, so it is the manager's
}


async def take_away(settings: Settings) -> None:
    """People throw a draft away, and a selfie, a paper and a folder of another."""
    async with open_house(settings, in_background=False) as client:
        for thing, whose in GONE.items():
            answer = await client.delete(f"/api/v1/{thing}", headers=await sign_in(client, whose))
            assert answer.status_code == 204, (thing, answer.text)


async def end_retention(settings: Settings) -> None:
    """The removed paper and the picture of the selfie go for good."""
    async with session_on(settings.database_url) as session:
        later = datetime.now(UTC) + timedelta(days=400)
        store = open_store(settings, lambda: later)
        await store.prepare()
        assert await purge(session, store, kept_for=timedelta(days=30), at=later) == 2


def test_what_was_taken_away_here_does_not_come_back(
    server: URL, copy_database: Callable[[], URL], tmp_path: Path
) -> None:
    settings, old = settings_for(copy_database(), upload_folder=tmp_path / "papers"), empty_database_on(server)
    asyncio.run(open_old_service(old, LAST, {**LAST_BOOK, "selfies": [SELFIE]}))
    fill_old_store(bucket := tmp_path / "bucket")
    move(settings, old, tmp_path, "--write", f"--old-folder={bucket}")
    for goes in (take_away, end_retention):
        asyncio.run(goes(settings))
        before = asyncio.run(rows_of(settings.database_url))
        _, report = move(settings, old, tmp_path, "--write", f"--old-folder={bucket}")
        parts = report["parts"]
        assert {table: part["taken"] for table, part in parts.items() if part["taken"]} == {}
        assert asyncio.run(rows_of(settings.database_url)) == before
        assert parts["customer_applications"]["refused"][TAKEN_AWAY] == [str(old_id("second"))]
