"""Folders that lay in one another without end come so that they can be shown."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import URL

from lc_workflow.documents.library.service.folders import DEEPEST
from lc_workflow.moving.shelves import TOO_DEEP
from tests.conftest import open_house, settings_for
from tests.journey.town import sign_in
from tests.moving.old_service import LAST, LAST_BOOK, old_id, open_old_service
from tests.moving.test_moving import move
from tests.servers.databases import empty_database_on

LEVELS = 600


def depth_of(tree: dict[str, Any]) -> int:
    return 1 + max(map(depth_of, tree["children"]), default=0)


def test_folders_that_lie_too_deep_lie_at_the_top(
    server: URL, copy_database: Callable[[], URL], tmp_path: Path
) -> None:
    settings, old = settings_for(copy_database(), upload_folder=tmp_path / "papers"), empty_database_on(server)
    names = [f"Level {number}" for number in range(LEVELS)]
    first = LAST_BOOK["folders"][1]
    folders = [
        first | {"id": old_id(name), "name": name, "parent_id": old_id(above) if above else None}
        for name, above in zip(names, [None, *names[:-1]], strict=True)
    ]
    asyncio.run(open_old_service(old, LAST, {**LAST_BOOK, "folders": folders}))
    _, report = move(settings, old, tmp_path, "--write")
    assert report["parts"]["folders"]["taken"] == LEVELS
    assert len(report["parts"]["folders"]["mended"][TOO_DEEP]) == LEVELS // DEEPEST - 1

    async def look() -> None:
        async with open_house(settings, in_background=False) as client:
            place = f"/api/v1/folders/application/{old_id('draft')}/hierarchy"
            shown = await client.get(place, headers=await sign_in(client, "dara"))
            assert shown.status_code == 200, shown.text
            assert {depth_of(tree) for tree in shown.json()["folders"]} == {DEEPEST}

    asyncio.run(look())
