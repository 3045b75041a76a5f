"""A real S3 server for the tests: the one of `MINIO_ENDPOINT`, or else OpenStack Swift as a process of its own."""

import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from minio import Minio

from lc_workflow.platform.config import ObjectStoreSettings
from tests.surroundings import MACHINE

SCRIPT: Final = Path(__file__).with_name("swift_process.py")


@dataclass(frozen=True, slots=True)
class S3Server:
    """Where the server is and how to sign for it; `name` says which one it is."""

    name: str
    endpoint: str
    access_key: str
    secret_key: str
    region: str
    secure: bool = False

    stays: bool = False
    """Whether it goes on after the tests, so that what they made must be cleared away."""

    @contextmanager
    def bucket(self) -> Iterator[ObjectStoreSettings]:
        """The name of a bucket that nobody has made yet, and that is gone after the block."""
        settings = ObjectStoreSettings(
            endpoint=self.endpoint,
            secure=self.secure,
            access_key=self.access_key,
            secret_key=self.secret_key,
            bucket=f"lc-workflow-test-{secrets.token_hex(4)}",
            region=self.region,
        )
        yield settings
        if self.stays:
            self._clear_away(settings.bucket)

    def _clear_away(self, bucket: str) -> None:
        client = Minio(self.endpoint, self.access_key, self.secret_key, secure=self.secure, region=self.region)
        if not client.bucket_exists(bucket):
            return
        for kept in client.list_objects(bucket, recursive=True):
            assert kept.object_name is not None
            client.remove_object(bucket, kept.object_name)
        client.remove_bucket(bucket)


@contextmanager
def s3_server(folder: Path) -> Iterator[S3Server]:
    """Run a server that keeps its files in `folder` (which must be empty) until the block ends."""
    if endpoint := MACHINE.get("MINIO_ENDPOINT"):
        yield _given(endpoint)
        return
    access_key, secret_key, region = "lc:workflow", secrets.token_hex(16), "us-east-1"
    log = folder / "swift.log"
    with log.open("wb") as errors:
        process = subprocess.Popen(
            [sys.executable, "-W", "ignore", str(SCRIPT), str(folder)],
            env={**os.environ, "S3_ACCESS_KEY": access_key, "S3_SECRET_KEY": secret_key, "S3_REGION": region},
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    with process:
        try:
            assert process.stdout is not None
            if not (port := process.stdout.readline().strip()):
                raise RuntimeError(f"The S3 server did not start:\n{log.read_text()[-2000:]}")
            yield S3Server("OpenStack Swift", f"127.0.0.1:{port}", access_key, secret_key, region)
        finally:
            process.kill()


def _given(endpoint: str) -> S3Server:
    scheme, _, host = endpoint.rpartition("://")
    secure = scheme == "https" if scheme else MACHINE.get("MINIO_SECURE", "").lower() in {"true", "1", "yes", "on"}
    return S3Server(
        name=f"the server at {host.rstrip('/')}",
        endpoint=host.rstrip("/"),
        access_key=MACHINE["MINIO_ACCESS_KEY"],
        secret_key=MACHINE["MINIO_SECRET_KEY"],
        region=MACHINE.get("MINIO_REGION", "us-east-1"),
        secure=secure,
        stays=True,
    )
