"""A restore says that all is there only when it is, and what it could not bring is made anew."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy

from lc_workflow.platform.config import Settings
from lc_workflow.safekeeping import restore as putting_back
from lc_workflow.safekeeping.database import restore
from tests.conftest import open_house
from tests.documents.library.conftest import JPEG
from tests.journey.town import sign_in
from tests.safekeeping.test_backup import empty_database, lived_in, run, worked_in
from tests.safekeeping.test_meanwhile import session_of
from tests.servers.databases import empty_database_on

__all__ = ["empty_database", "lived_in", "worked_in"]


async def execute(settings: Settings, statement: str) -> None:
    async with session_of(settings) as session:
        await session.execute(sqlalchemy.text(statement))
        await session.commit()


def test_what_was_lost_on_the_way_back_is_told(
    lived_in: Settings, server: sqlalchemy.URL, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, whole = tmp_path / "backup", restore
    assert run("backup", folder, settings=lived_in).exit_code == 0

    def place_that_loses(what: str) -> Settings:
        place = replace(lived_in, database_url=empty_database_on(server), upload_folder=tmp_path / what)

        async def half(url: sqlalchemy.URL, file: Path) -> None:
            await whole(url, file)
            if what == "rows":
                await execute(place, "DELETE FROM dossier_prints")
            else:
                (removed,) = [path for path in (place.upload_folder / "removed").rglob("*") if path.is_file()]
                removed.write_bytes(b"half of it")

        monkeypatch.setattr(putting_back, "restore", half)
        return place

    rows = place_that_loses("rows")
    fewer = run("restore", folder, settings=rows)
    assert (fewer.exit_code, "as many rows as were saved: dossier_prints." in fewer.output) == (1, True), fewer.output
    again = run("restore", folder, settings=rows)  # what is there now is not what the first try left
    assert (again.exit_code, "The database has tables" in again.output) == (1, True), again.output
    shorter = run("restore", folder, settings=place_that_loses("bytes"))
    assert (shorter.exit_code, "does not hold removed/" in shorter.output) == (1, True), shorter.output


async def bring_a_photo(settings: Settings) -> None:
    """Its small pictures are lost."""
    async with open_house(settings, in_background=False) as client:
        photo = {"file": ("portrait.jpg", JPEG, "image/jpeg")}
        brought = await client.post("/api/v1/files/upload", files=photo, headers=await sign_in(client, "officer"))
        assert brought.status_code == 201, brought.text
    await execute(settings, "UPDATE files SET previews = true WHERE mime_type = 'image/jpeg'")


def test_small_pictures_that_no_backup_held_are_made_anew(
    lived_in: Settings, empty_database: sqlalchemy.URL, tmp_path: Path
) -> None:
    asyncio.run(bring_a_photo(lived_in))
    folder = tmp_path / "backup"
    assert run("backup", folder, settings=lived_in).exit_code == 0
    place = replace(lived_in, database_url=empty_database, upload_folder=tmp_path / "elsewhere")
    restored = run("restore", folder, settings=place)
    assert restored.exit_code == 0, restored.output

    async def look() -> None:
        async with open_house(place, in_background=False) as client:
            officer = await sign_in(client, "officer")
            papers = (await client.get("/api/v1/files", headers=officer)).json()["items"]
            (photo,) = [paper["id"] for paper in papers if paper["mime_type"] == "image/jpeg"]
            shown = await client.get(f"/api/v1/files/{photo}/preview", headers=officer)
            assert (shown.status_code, shown.json().get("code")) == (409, "PreviewNotReady"), shown.text

    asyncio.run(look())
