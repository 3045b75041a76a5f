"""The stores the tests run against: a folder, and a real S3 server with the real SDK."""

from collections.abc import Iterator

import pytest

from lc_workflow.platform.clock import system_clock
from lc_workflow.platform.config import ObjectStoreSettings
from lc_workflow.platform.storage.base import ObjectStore
from lc_workflow.platform.storage.local import LocalStore
from lc_workflow.platform.storage.minio import MinioStore
from tests.servers.s3 import S3Server, s3_server
from tests.servers.used import USED

SECRET = "a secret of the application, long enough"


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """A running S3 server."""
    with s3_server(tmp_path_factory.mktemp("s3")) as server:
        USED.append(server.name)
        yield server


@pytest.fixture(scope="session")
def bucket_settings(s3: S3Server) -> Iterator[ObjectStoreSettings]:
    """A bucket of these tests alone."""
    with s3.bucket() as settings:
        yield settings


@pytest.fixture
async def local(tmp_path_factory: pytest.TempPathFactory) -> LocalStore:
    store = LocalStore(tmp_path_factory.mktemp("files"), secret=SECRET, clock=system_clock)
    await store.prepare()
    return store


@pytest.fixture
async def minio(bucket_settings: ObjectStoreSettings) -> MinioStore:
    store = MinioStore(bucket_settings)
    await store.prepare()
    return store


@pytest.fixture(params=["local", "minio"])
def store(request: pytest.FixtureRequest) -> ObjectStore:
    """Each store in turn."""
    chosen: ObjectStore = request.getfixturevalue(request.param)
    return chosen
