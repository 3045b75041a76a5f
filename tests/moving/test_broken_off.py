"""A move whose databases go away says so, loses nothing of what came, and goes on there when it is begun again."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import pytest
from click.testing import CliRunner
from sqlalchemy import URL

from lc_workflow.cli import house
from lc_workflow.moving import old as old_module
from lc_workflow.moving.stores import OldFolder
from lc_workflow.platform.config import Settings
from tests.conftest import settings_for
from tests.moving.old_service import LAST, LAST_BOOK, PAPERS, fill_old_store, old_id, open_old_service
from tests.moving.test_moving import address, rows_of
from tests.servers.databases import empty_database_on


@dataclass(frozen=True)
class Houses:
    """Both houses, and a folder with the old papers."""

    settings: Settings
    old: URL
    folder: Path

    def move(self) -> tuple[int, str, dict[str, Any]]:
        environ = {
            "DATABASE_URL": address(self.settings.database_url),
            "SECRET_KEY": self.settings.secret_key,
            "UPLOAD_FOLDER": str(self.settings.upload_folder),
        }
        words = "move-from", address(self.old), "--write", f"--old-folder={self.folder}", f"--report={self.report}"
        self.report.unlink(missing_ok=True)
        ran = CliRunner(env=environ).invoke(house, words)
        assert isinstance(ran.exception, SystemExit | None), ran.exception
        return ran.exit_code, ran.output, msgspec.json.decode(self.report.read_bytes()) if self.report.exists() else {}

    @property
    def report(self) -> Path:
        return self.folder.with_name("report.json")

    def rows(self, table: str) -> int:
        return asyncio.run(rows_of(self.settings.database_url))[table]


@pytest.fixture
def houses(server: URL, copy_database: Callable[[], URL], tmp_path: Path) -> Houses:
    settings, old = settings_for(copy_database(), upload_folder=tmp_path / "papers"), empty_database_on(server)
    asyncio.run(open_old_service(old, LAST, LAST_BOOK))
    fill_old_store(tmp_path / "bucket")
    return Houses(settings, old, tmp_path / "bucket")


async def run(url: URL, *statements: str) -> None:
    connection = await asyncpg.connect(address(url.set(drivername="postgresql")))
    for statement in statements:
        await connection.execute(statement)
    await connection.close()


def lose_at(houses: Houses, table: str, name: str) -> None:
    """Have our database hang up when a row arrives."""
    asyncio.run(
        run(
            houses.settings.database_url,
            "CREATE FUNCTION hang_up() RETURNS trigger LANGUAGE plpgsql AS"
            " 'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END'",
            f"CREATE TRIGGER hang_up BEFORE INSERT ON {table} FOR EACH ROW WHEN (NEW.id = '{old_id(name)}')"
            " EXECUTE FUNCTION hang_up()",
        )
    )


def let_go_on(houses: Houses) -> None:
    asyncio.run(run(houses.settings.database_url, "DROP FUNCTION hang_up CASCADE"))


def test_rows_come_together_or_not_at_all(houses: Houses) -> None:
    lose_at(houses, "customer_applications", "approved")
    code, said, _ = houses.move()
    assert (code, "move once more" in said) == (1, True), said
    assert (houses.rows("users"), houses.rows("customer_applications")) == (0, 0)
    let_go_on(houses)
    assert houses.move()[0] == 0
    assert houses.rows("customer_applications") == 12


def test_papers_are_not_said_to_be_done_when_our_database_went(houses: Houses) -> None:
    lose_at(houses, "files", "portrait")
    code, said, report = houses.move()
    assert (code, "papers are still to come" in said) == (1, True), said
    assert any("come with the next move" in why for why in report["parts"]["files"]["refused"])
    kept = {file.read_bytes() for file in houses.settings.upload_folder.rglob("*") if file.is_file()}
    assert len(kept) == 2, "nobody knows whether the row came, and it would need its bytes"
    assert (houses.rows("files"), houses.rows("selfies")) == (1, 0)
    let_go_on(houses)
    assert houses.move()[0] == 0
    assert (houses.rows("files"), houses.rows("selfies")) == (2, 1)


def test_what_came_is_reported_when_the_old_database_went(houses: Houses, monkeypatch: pytest.MonkeyPatch) -> None:
    size_of = OldFolder.size_of

    async def size_while_it_goes(papers: OldFolder, name: str) -> int | None:
        await run(
            houses.old,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'lc_workflow move'",
        )
        return await size_of(papers, name)

    with monkeypatch.context() as while_it_goes:
        while_it_goes.setattr(OldFolder, "size_of", size_while_it_goes)
        while_it_goes.setattr(old_module, "AT_ONCE", 1)
        code, said, report = houses.move()
    assert (code, "papers are still to come" in said) == (1, True), said
    assert report["parts"]["customer_applications"]["taken"] == 12
    assert houses.rows("files") == 1 < len(PAPERS)
    assert houses.move()[0] == 0
    assert houses.rows("files") == 2
