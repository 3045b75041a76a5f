"""Where the old service kept the bytes of its papers: a bucket, or a folder that a bucket was copied into."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO, Final, Protocol

import anyio.to_thread
from minio import Minio
from minio.error import MinioException, S3Error
from urllib3.exceptions import HTTPError

from lc_workflow.kernel.errors import Missing
from lc_workflow.platform.config import ObjectStoreSettings, Settings
from lc_workflow.platform.storage.base import CHUNK, out_of_reach
from lc_workflow.platform.variables import BadSetting

LONGEST_NAME: Final = 1024
"""Bytes that a name in a bucket may have, and so one of a file that was copied out of it."""
LONGEST_PART: Final = 255
"""Bytes that a disk gives each part of a name."""

OLD: Final = "OLD_"
ABSENT: Final = frozenset({"NoSuchKey", "NoSuchBucket"})


class OldPapers(Protocol):
    """Gives the bytes of papers by the names they had, which are people's words and no keys of ours."""

    async def size_of(self, name: str) -> int | None:
        """How many bytes a paper has, or None when there is none of that name."""

    async def fetch(self, name: str, into: IO[bytes]) -> None:
        """Write the bytes of a paper to the end of a file.

        Raises:
            Missing: There is none of that name.
            Unavailable: The store does not answer.
        """


class OldFolder:
    """Papers in a folder, under the names the bucket had."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()

    async def size_of(self, name: str) -> int | None:
        """See `OldPapers.size_of`."""
        file = self._file(name)
        return None if file is None else file.stat().st_size

    async def fetch(self, name: str, into: IO[bytes]) -> None:
        """See `OldPapers.fetch`."""
        file = self._file(name)
        if file is None:
            raise Missing("The old store has no such paper.")
        with file.open("rb") as source:
            await anyio.to_thread.run_sync(shutil.copyfileobj, source, into, CHUNK)

    def _file(self, name: str) -> Path | None:
        """Find a paper; a name that leads out of the folder finds none."""
        written = name.encode()
        too_long = len(written) > LONGEST_NAME or any(len(part) > LONGEST_PART for part in written.split(b"/"))
        if not name or "\0" in name or too_long:
            return None
        file = (self._folder / name.lstrip("/")).resolve()
        return file if file.is_relative_to(self._folder) and file.is_file() else None


class OldBucket:
    """Papers in a bucket of an S3 store."""

    def __init__(self, settings: ObjectStoreSettings) -> None:
        self._bucket = settings.bucket
        self._found = False
        self._client = Minio(
            settings.endpoint,
            access_key=settings.access_key,
            secret_key=settings.secret_key,
            secure=settings.secure,
            region=settings.region,
        )

    async def size_of(self, name: str) -> int | None:
        """See `OldPapers.size_of`.

        Raises:
            BadSetting: There is no such bucket.
            Unavailable: The store does not answer.
        """
        if not name.strip() or len(name.encode()) > LONGEST_NAME or {".", ".."} & {*name.split("/")}:
            return None  # no store keeps anything under it
        try:
            return await anyio.to_thread.run_sync(self._size_of, name)
        except Missing:
            return None

    async def fetch(self, name: str, into: IO[bytes]) -> None:
        """See `OldPapers.fetch`."""
        await anyio.to_thread.run_sync(self._fetch, name, into)

    def _size_of(self, name: str) -> int | None:
        with _trouble():
            self._found = self._found or self._client.bucket_exists(self._bucket)
            if not self._found:
                raise BadSetting("The old store has no bucket of the name that was given.")
            return self._client.stat_object(self._bucket, name).size

    def _fetch(self, name: str, into: IO[bytes]) -> None:
        with _trouble(), closing(self._client.get_object(self._bucket, name)) as answer:
            shutil.copyfileobj(answer, into, CHUNK)
            answer.release_conn()


def old_papers(environ: Mapping[str, str], *, bucket: str | None, folder: Path | None) -> OldPapers | None:
    """Find where the old papers are; None where nobody said.

    A bucket is in our own store, unless OLD_MINIO_ENDPOINT, OLD_MINIO_ACCESS_KEY and the like name another.

    Raises:
        BadSetting: There is no S3 store at all.
    """
    if folder is not None:
        return OldFolder(folder)
    if bucket is None:
        return None
    others = {name.removeprefix(OLD): value for name, value in environ.items() if name.startswith(f"{OLD}MINIO_")}
    kept = Settings.from_environ({**environ, **others, "MINIO_BUCKET_NAME": bucket}).object_store
    if kept is None:
        raise BadSetting("A bucket is in an S3 store: set OLD_MINIO_ENDPOINT, OLD_MINIO_ACCESS_KEY and their secret.")
    return OldBucket(kept)


@contextmanager
def _trouble() -> Iterator[None]:
    """Distinguish an absent paper from a store that cannot be used."""
    try:
        yield
    except S3Error as refusal:
        if refusal.code in ABSENT:
            raise Missing("The old store has no such paper.") from refusal
        raise out_of_reach() from refusal
    except (MinioException, HTTPError, OSError) as trouble:
        raise out_of_reach() from trouble
