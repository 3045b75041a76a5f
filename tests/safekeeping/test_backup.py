"""A backup is put back into an empty place, and nothing is missing there; what is damaged or in use is refused."""

import asyncio
import hashlib
import json
import resource
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy
from click.testing import CliRunner, Result
from httpx import AsyncClient
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from lc_workflow.cli import house
from lc_workflow.kernel.money import Currency
from lc_workflow.lending.disbursement.models import DisbursementRequest
from lc_workflow.lending.dossiers.models import DossierPrint
from lc_workflow.lending.rules.disbursement import DisbursementStatus
from lc_workflow.lending.rules.dossier import Language, PrintStatus
from lc_workflow.platform.clock import system_clock
from lc_workflow.platform.config import Settings
from lc_workflow.platform.workbench import revision_of
from tests.conftest import open_house, settings_for
from tests.journey.town import settle, sign_in
from tests.lending.steps import URL, WISH
from tests.servers.databases import copied, empty_database_on
from tests.servers.s3 import s3_server

PAPER = b"Loan agreement of Dara Sok"
ORDER = "disbursements/5f1c.csv"


def variables_of(settings: Settings) -> dict[str, str]:
    """What an installation is told."""
    s3 = settings.object_store
    environ = {
        "DATABASE_URL": settings.database_url.render_as_string(hide_password=False),
        "SECRET_KEY": settings.secret_key,
        "UPLOAD_FOLDER": str(settings.upload_folder),
    }
    if s3 is not None:
        environ |= {
            "MINIO_ENDPOINT": s3.endpoint,
            "MINIO_ACCESS_KEY": s3.access_key,
            "MINIO_SECRET_KEY": s3.secret_key,
            "MINIO_BUCKET_NAME": s3.bucket,
            "MINIO_REGION": s3.region,
            "MINIO_SECURE": str(s3.secure),
        }
    return environ


def run(*words: str | Path, settings: Settings) -> Result:
    return CliRunner(env=variables_of(settings)).invoke(house, [str(word) for word in words])


@pytest.fixture
def empty_database(server: sqlalchemy.URL) -> sqlalchemy.URL:
    return empty_database_on(server)


@pytest.fixture(scope="session")
def worked_in(server: sqlalchemy.URL, template: sqlalchemy.URL, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """An installation to be copied: its work takes a second."""
    town = asyncio.run(settle(copied(server, template)))
    settings = settings_for(town.database, upload_folder=tmp_path_factory.mktemp("worked_in"))
    asyncio.run(_work(settings))
    return settings


@pytest.fixture
def lived_in(server: sqlalchemy.URL, worked_in: Settings, tmp_path: Path) -> Settings:
    """An installation with a folder: a loan with a paper, another paper removed, an order and a dossier left."""
    papers = shutil.copytree(worked_in.upload_folder, tmp_path / "papers")
    return replace(worked_in, database_url=copied(server, worked_in.database_url), upload_folder=papers)


async def _work(settings: Settings) -> None:
    async with open_house(settings, in_background=False) as client:
        officer = await sign_in(client, "officer")
        drafted = (await client.post(URL, json=WISH, headers=officer)).json()["id"]
        paper = {"file": ("agreement.txt", PAPER, "text/plain")}
        of_it: dict[str, Any] = {"files": paper, "data": {"application_id": drafted}, "headers": officer}
        await client.post("/api/v1/files/upload", **of_it)
        removed = (await client.post("/api/v1/files/upload", **of_it)).json()["id"]
        assert (await client.delete(f"/api/v1/files/{removed}", headers=officer)).status_code == 204
        moved = await client.post(f"{URL}/{drafted}/actions/submit", json={}, headers=officer)
        assert moved.json()["workflow_status"] == "USER_COMPLETED"
        user_id, at = UUID(moved.json()["user_id"]), system_clock()
    dossier = DossierPrint(
        id=uuid4(), application_id=UUID(drafted), language=Language.KHMER, content_sha256=b"1" * 32, whole=False,
        filename="x.pdf", status=PrintStatus.READY, progress=100, asked_by=user_id, asked_at=at,
    )  # fmt: skip
    for key in (ORDER, dossier.key):
        (settings.upload_folder / key).parent.mkdir()
        (settings.upload_folder / key).write_text("external_id,account_id")
    engine = create_async_engine(settings.database_url, poolclass=sqlalchemy.NullPool)
    async with AsyncSession(engine) as session, session.begin():
        session.add(dossier)
        session.add(
            DisbursementRequest(
                application_id=UUID(drafted), cycle=1, status=DisbursementStatus.HANDED_OVER, amount=Decimal(1500),
                currency=Currency.USD, account_id="00012345", requested_by=user_id, requested_at=at, connector="csv",
                external_reference=ORDER,
            )
        )  # fmt: skip


async def _look(settings: Settings) -> None:
    """Read the loan and its paper in a house that runs on what was put back."""
    async with open_house(settings, in_background=False) as client:
        officer = await sign_in(client, "officer")
        (loan,) = (await client.get(URL, headers=officer)).json()["items"]
        assert loan["workflow_status"] == "USER_COMPLETED"
        (paper,) = (await client.get("/api/v1/files", headers=officer)).json()["items"]
        (removed,) = (await client.get("/api/v1/files?removed=true", headers=officer)).json()["items"]
        back = await client.post(f"/api/v1/files/{removed['id']}/restore", headers=await sign_in(client, "manager"))
        assert back.status_code == 200, back.text
        link = (await client.get(f"/api/v1/files/{paper['id']}/download", headers=officer)).json()["url"]
        if settings.object_store is None:
            assert (await client.get(link)).content == PAPER
        else:
            async with AsyncClient() as browser:
                assert (await browser.get(link)).content == PAPER


async def _make_older(database: sqlalchemy.URL) -> None:
    """Leave out what releases before did not have."""
    engine = create_async_engine(database)
    async with engine.begin() as connection:
        await connection.execute(sqlalchemy.text("ALTER TABLE webhooks DROP COLUMN previous_secret"))
        await connection.execute(sqlalchemy.text("DROP FUNCTION renumber_application_changes"))
    await engine.dispose()


async def _allow_writing(database: sqlalchemy.URL, *, on: bool) -> None:
    engine = create_async_engine(database.set(database="postgres"), isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.execute(
            sqlalchemy.text(f"ALTER DATABASE {database.database} SET default_transaction_read_only = {not on}")
        )
    await engine.dispose()


def test_what_was_saved_from_a_folder_is_back_in_an_s3_store_also_when_that_was_broken_off(
    lived_in: Settings, empty_database: sqlalchemy.URL, tmp_path: Path
) -> None:
    folder = tmp_path / "backup"
    saved = run("backup", folder, settings=lived_in)
    assert saved.exit_code == 0, saved.output
    assert folder.stat().st_mode & 0o777 == 0o700, "nobody else may read it"
    manifest = json.loads((folder / "manifest.json").read_bytes())
    assert (manifest["rows"]["customer_applications"], manifest["rows"]["files"], manifest["missing"]) == (1, 2, [])
    saved_of = {kept["key"].partition("/")[0]: kept["sha256"] for kept in manifest["objects"]}
    assert (
        saved_of.pop("disbursements")
        == saved_of.pop("dossiers")
        == hashlib.sha256(b"external_id,account_id").hexdigest()
    )
    assert sorted(saved_of) == [str(system_clock().year), "removed"]
    assert set(saved_of.values()) == {hashlib.sha256(PAPER).hexdigest()}

    (tmp_path / "s3").mkdir()
    with s3_server(tmp_path / "s3") as s3, s3.bucket() as bucket:
        place = replace(lived_in, database_url=empty_database, object_store=bucket, upload_folder=tmp_path / "nothing")
        asyncio.run(_allow_writing(empty_database, on=False))
        half = run("restore", folder, settings=place)  # the papers are there, and no table
        assert (half.exit_code, "psql did not finish" in half.output) == (1, True)
        asyncio.run(_allow_writing(empty_database, on=True))
        unproven = run("restore", folder, settings=replace(place, secret_key="x" * 40))
        assert (unproven.exit_code, "do not open what is sealed" in unproven.output) == (1, True)
        restored = run("restore", folder, settings=place)
        assert restored.exit_code == 0, restored.output
        assert f"The journal's {manifest['rows']['journal_entries']} entries agree with their chain." in restored.output
        asyncio.run(_look(place))
        again = run("restore", folder, settings=place)
        assert (again.exit_code, "The database has tables" in again.output) == (1, True)


@contextmanager
def disk_of(most_bytes: int) -> Iterator[None]:
    """No file of ours grows larger."""
    before, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (before, hard))


def test_a_full_disk_keeps_no_half_backup(lived_in: Settings, tmp_path: Path) -> None:
    """It would fill the disk for the next one, and look like one in a list."""
    folder = tmp_path / "backup"
    with disk_of(100_000):
        no_rows = run("backup", folder, settings=lived_in)
    assert (no_rows.exit_code, "pg_dump did not finish" in no_rows.output) == (1, True)
    (lived_in.upload_folder / ORDER).write_bytes(bytes(2_000_000))
    with disk_of(1_000_000):
        no_papers = run("backup", folder, settings=lived_in)
    assert (no_papers.exit_code, "nothing of it is left" in no_papers.output) == (1, True)
    assert [*folder.iterdir()] == []
    assert run("backup", folder, settings=lived_in).exit_code == 0
    (folder / "manifest.json").unlink()
    killed = run("backup", folder, settings=lived_in)
    assert (killed.exit_code, "no complete backup" in killed.output) == (1, True)


def test_a_backup_is_not_laid_among_the_papers_it_is_of(lived_in: Settings) -> None:
    """What breaks their disk would break it too."""
    among = lived_in.upload_folder / "nightly" / ".." / "backups"
    refused = run("backup", among, settings=lived_in)
    assert (refused.exit_code, "lies where the papers are kept" in refused.output) == (1, True)
    assert not among.exists()


def test_what_is_not_as_it_was_saved_is_refused(
    lived_in: Settings, empty_database: sqlalchemy.URL, tmp_path: Path
) -> None:
    folder = tmp_path / "backup"
    assert run("backup", folder, settings=lived_in).exit_code == 0
    taken = run("backup", folder, settings=lived_in)
    assert (taken.exit_code, "wants a folder of its own" in taken.output) == (1, True)

    full = run("restore", folder, settings=replace(lived_in, database_url=empty_database))
    assert (full.exit_code, "The store has" in full.output) == (1, True)

    place = replace(lived_in, database_url=empty_database, upload_folder=tmp_path / "elsewhere")
    paper = next(file for file in (folder / "objects" / "removed").rglob("*") if file.is_file())
    paper.write_bytes(PAPER.replace(b"Dara", b"Sara"))
    damaged = run("restore", folder, settings=place)
    assert (damaged.exit_code, "is not what the manifest says" in damaged.output) == (1, True)
    assert revision_of(empty_database) is None
    (folder / "manifest.json").unlink()
    broken_off = run("restore", folder, settings=place)
    assert (broken_off.exit_code, "no complete backup" in broken_off.output) == (1, True)

    lost = next(file for file in (lived_in.upload_folder / "removed").rglob("*") if file.is_file())
    lost.unlink()
    saved = run("backup", tmp_path / "another", settings=lived_in)
    assert (saved.exit_code, "did not have 1 objects" in saved.output) == (1, True)
    missing = json.loads((tmp_path / "another" / "manifest.json").read_bytes())["missing"]
    assert missing == [str(lost.relative_to(lived_in.upload_folder))]

    asyncio.run(_make_older(lived_in.database_url))
    assert run("backup", tmp_path / "older", settings=lived_in).exit_code == 1, "the paper is still lost"
    restored = run("restore", tmp_path / "older", settings=place)
    assert restored.exit_code == 0, restored.output
