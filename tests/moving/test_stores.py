"""Old papers are found under the names people gave them, in a bucket and in a folder that it was copied into."""

from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from minio import Minio

from lc_workflow.kernel.errors import Missing, Unavailable
from lc_workflow.moving.stores import OldPapers, old_papers
from lc_workflow.platform.config import ObjectStoreSettings
from lc_workflow.platform.variables import BadSetting
from tests.conftest import SECRET
from tests.moving.old_service import AGREEMENT, PAPERS, fill_old_store
from tests.servers.s3 import s3_server

ENVIRON = {"DATABASE_URL": "postgresql://house@127.0.0.1/house", "SECRET_KEY": SECRET}
NAME = "applications/A/Loan agreement ខ្មែរ.txt"


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectStoreSettings]:
    """The old bucket, in a store that is not ours."""
    with s3_server(tmp_path_factory.mktemp("s3")) as server, server.bucket() as settings:
        client = Minio(
            settings.endpoint, settings.access_key, settings.secret_key, secure=settings.secure, region=settings.region
        )
        client.make_bucket(settings.bucket)
        for name, content in PAPERS.items():
            client.put_object(settings.bucket, name, BytesIO(content), len(content))
        yield settings


def in_bucket(s3: ObjectStoreSettings) -> OldPapers | None:
    there = {
        "OLD_MINIO_ENDPOINT": s3.endpoint,
        "OLD_MINIO_ACCESS_KEY": s3.access_key,
        "OLD_MINIO_SECRET_KEY": s3.secret_key,
        "OLD_MINIO_SECURE": str(s3.secure),
        "OLD_MINIO_REGION": s3.region,
    }
    return old_papers(ENVIRON | there, bucket=s3.bucket, folder=None)


async def look(papers: OldPapers | None) -> None:
    assert papers is not None
    assert await papers.size_of(NAME) == len(AGREEMENT)
    await papers.fetch(NAME, into := BytesIO())
    assert into.getvalue() == AGREEMENT
    assert await papers.size_of("applications/A/missing.pdf") is None
    with pytest.raises(Missing):
        await papers.fetch("applications/A/missing.pdf", BytesIO())


async def test_a_bucket_gives_its_papers(s3: ObjectStoreSettings) -> None:
    await look(in_bucket(s3))


@pytest.mark.parametrize("name", ["", " ", "../secret", "a/./b", "a" * 2_000, f"{'ខ' * 300}/x"])
async def test_under_what_is_no_name_there_is_no_paper(s3: ObjectStoreSettings, tmp_path: Path, name: str) -> None:
    """The old service wrote a row before the bytes, and where they never came an empty name stayed."""
    fill_old_store(folder := tmp_path / "bucket")
    for papers in (in_bucket(s3), old_papers(ENVIRON, bucket=None, folder=folder)):
        assert papers is not None
        assert await papers.size_of(name) is None


async def test_a_bucket_that_is_not_there_has_lost_no_papers(s3: ObjectStoreSettings) -> None:
    papers = in_bucket(replace(s3, bucket="mistyped"))
    assert papers is not None
    with pytest.raises(BadSetting, match="no bucket"):
        await papers.size_of(NAME)


async def test_a_folder_gives_its_papers_and_nothing_beside_them(tmp_path: Path) -> None:
    fill_old_store(folder := tmp_path / "bucket")
    (tmp_path / "secret").write_bytes(b"not a paper")
    papers = old_papers(ENVIRON, bucket=None, folder=folder)
    await look(papers)
    assert papers is not None
    for name in ("../secret", "/../secret", "applications", "", "a\0b"):
        assert await papers.size_of(name) is None


async def test_a_store_that_does_not_answer_is_no_store_without_papers(s3: ObjectStoreSettings) -> None:
    papers = in_bucket(replace(s3, secret_key="another secret"))
    assert papers is not None
    with pytest.raises(Unavailable):
        await papers.size_of(NAME)


def test_a_bucket_needs_a_store() -> None:
    assert old_papers(ENVIRON, bucket=None, folder=None) is None
    with pytest.raises(BadSetting, match="OLD_MINIO_ENDPOINT"):
        old_papers(ENVIRON, bucket="files", folder=None)
