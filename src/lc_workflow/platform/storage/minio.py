"""An S3 store (MinIO, AWS, Ceph …) as object store, with presigned links."""

import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from functools import partial
from typing import IO, BinaryIO, Final, TypeVar, cast
from xml.etree.ElementTree import ParseError

import anyio.to_thread
from anyio import CapacityLimiter
from minio import Minio
from minio.commonconfig import CopySource
from minio.datatypes import Part
from minio.error import MinioException, S3Error
from urllib3 import BaseHTTPResponse, PoolManager, Retry, Timeout
from urllib3.exceptions import HTTPError

from lc_workflow.kernel.errors import Missing, Unavailable
from lc_workflow.platform.config import ObjectStoreSettings
from lc_workflow.platform.storage.base import ASK_AGAIN, CHUNK, Chunks, Kept, out_of_reach, sound, walked
from lc_workflow.platform.storage.disposition import content_disposition
from lc_workflow.platform.variables import BadSetting

T = TypeVar("T")

ABSENT: Final = frozenset({"NoSuchKey", "NoSuchUpload"})

CONNECT_WITHIN: Final = 3.0
"""Seconds to reach the store; each request is tried twice."""

THREADS: Final = 16
"""How many requests to the store run at a time: the SDK blocks."""

TAKEN: Final = frozenset({"BucketAlreadyOwnedByYou", "BucketAlreadyExists", "OperationAborted"})
"""Another instance of ours created the bucket at the same moment."""


class MinioStore:
    """Keeps each object in the bucket of the settings, and signs links that browsers follow to the store itself.

    `answer_within` is how many seconds the store may be silent.
    Requests and links are signed with the machine's own time, because the store compares them with its own.
    """

    def __init__(self, settings: ObjectStoreSettings, *, answer_within: float = 10.0) -> None:
        self._bucket = settings.bucket
        self._limiter = CapacityLimiter(THREADS)
        pool = PoolManager(
            timeout=Timeout(connect=CONNECT_WITHIN, read=answer_within),
            maxsize=THREADS,
            # a store that asks for a long pause would block a thread
            retries=Retry(
                1, backoff_factor=0.2, status_forcelist=(500, 502, 503, 504), respect_retry_after_header=False
            ),
        )
        self._client = _client(settings.endpoint, secure=settings.secure, settings=settings, pool=pool)
        self._public = self._client
        if settings.public_endpoint is not None:
            self._public = _client(
                settings.public_endpoint, secure=settings.public_secure, settings=settings, pool=pool
            )

    async def prepare(self) -> None:
        """Create the bucket when there is none yet; see `ObjectStore.prepare`."""
        try:
            await self._in_thread(self._create_bucket)
        except Unavailable as unavailable:
            if isinstance(unavailable.__cause__, S3Error):
                help_ = "refuses MINIO_ACCESS_KEY, MINIO_SECRET_KEY or the bucket MINIO_BUCKET_NAME"
            else:
                help_ = "does not answer as an S3 store does"
            raise Unavailable(f"The address MINIO_ENDPOINT names {help_}.", retry_after=ASK_AGAIN) from unavailable

    async def put(self, key: str, source: IO[bytes], *, size: int, content_type: str) -> None:
        """Send the bytes, in parts of 5 MiB when there are more; see `ObjectStore.put`."""
        await self._in_thread(partial(self._send, sound(key), source, size, content_type))

    async def get(self, key: str, *, start: int = 0, end: int | None = None) -> Chunks:
        """Begin to read; see `ObjectStore.get`."""
        length = 0 if end is None else end - start
        answer = await self._in_thread(
            partial(self._client.get_object, self._bucket, sound(key), offset=start, length=length)
        )
        return Chunks(partial(_read, answer), partial(_hang_up, answer), self._limiter)

    async def link(
        self,
        key: str,
        *,
        filename: str,
        content_type: str,
        lifetime: timedelta,
        base_url: str,  # noqa: ARG002 - the store has an address of its own
        inline: bool = False,
    ) -> str:
        """Presign a GET at the store's public address; see `ObjectStore.link`."""
        return self._public.get_presigned_url(
            "GET",
            self._bucket,
            sound(key),
            expires=lifetime,
            response_headers={
                "response-content-disposition": content_disposition(filename, inline=inline),
                "response-content-type": content_type,
            },
        )

    async def upload_link(
        self,
        key: str,
        *,
        most_bytes: int,  # noqa: ARG002 - a presigned PUT knows no size
        lifetime: timedelta,
        base_url: str,  # noqa: ARG002 - the store has an address of its own
    ) -> str:
        """Presign a PUT at the store's public address; see `ObjectStore.upload_link`."""
        return self._public.get_presigned_url("PUT", self._bucket, sound(key), expires=lifetime)

    async def begin_parts(self, key: str, *, content_type: str) -> str:
        """Create a multipart upload; see `ObjectStore.begin_parts`."""
        headers: dict[str, str | list[str] | tuple[str]] = {"Content-Type": content_type}
        begin = partial(self._client._create_multipart_upload, self._bucket, sound(key), headers)  # noqa: SLF001 - the SDK offers it no other way
        return await self._in_thread(begin)

    async def part_link(
        self,
        key: str,
        attempt: str,
        number: int,
        *,
        most_bytes: int,  # noqa: ARG002 - a presigned PUT knows no size
        lifetime: timedelta,
        base_url: str,  # noqa: ARG002 - the store has an address of its own
    ) -> str:
        """Presign a PUT of one part; see `ObjectStore.part_link`."""
        return self._public.get_presigned_url(
            "PUT",
            self._bucket,
            sound(key),
            expires=lifetime,
            extra_query_params={"uploadId": attempt, "partNumber": str(number)},
        )

    async def parts_of(self, key: str, attempt: str) -> dict[int, int]:
        """Ask for the list of parts; see `ObjectStore.parts_of`."""
        try:
            return {part.part_number: part.size or 0 for part in await self._in_thread(self._parts(key, attempt))}
        except Missing:
            return {}

    async def put_together(self, key: str, attempt: str) -> None:
        """Complete the multipart upload; see `ObjectStore.put_together`."""
        parts = await self._in_thread(self._parts(key, attempt))
        if not parts:
            raise Missing("This file is no longer kept.")
        complete = partial(self._client._complete_multipart_upload, self._bucket, sound(key), attempt, parts)  # noqa: SLF001 - as above
        await self._in_thread(complete)

    async def give_up_parts(self, key: str, attempt: str) -> None:
        """Abort the multipart upload; see `ObjectStore.give_up_parts`."""
        abort = partial(self._client._abort_multipart_upload, self._bucket, sound(key), attempt)  # noqa: SLF001 - as above
        with suppress(Missing):
            await self._in_thread(abort)

    async def remove(self, key: str) -> None:
        """Delete the object; see `ObjectStore.remove`."""
        await self._in_thread(partial(self._client.remove_object, self._bucket, sound(key)))

    async def move(self, key: str, target: str) -> None:
        """Let the store copy the object, and delete the first; see `ObjectStore.move`."""
        await self._in_thread(partial(self._move, sound(key), sound(target)))

    async def size_of(self, key: str) -> int | None:
        """Ask for the object's size; see `ObjectStore.size_of`."""
        try:
            return (await self._in_thread(partial(self._client.stat_object, self._bucket, sound(key)))).size
        except Missing:
            return None

    def walk(self) -> AsyncIterator[Kept]:
        """Go through the bucket; see `ObjectStore.walk`."""
        return walked(self._everything(), self._limiter)

    async def ping(self) -> None:
        """Ask for the bucket; who stops waiting does not wait for the thread."""
        if not await self._in_thread(partial(self._client.bucket_exists, self._bucket), may_abandon=True):
            raise out_of_reach()

    async def _in_thread(self, work: Callable[[], T], *, may_abandon: bool = False) -> T:
        """Do blocking work beside the event loop, a few at a time."""
        with _store_trouble():
            return await anyio.to_thread.run_sync(work, limiter=self._limiter, abandon_on_cancel=may_abandon)

    def _create_bucket(self) -> None:
        if not self._client.bucket_exists(self._bucket):
            try:
                self._client.make_bucket(self._bucket)
            except S3Error as refusal:
                if refusal.code not in TAKEN:
                    raise
        # an ordinary web page would also answer the requests above with 200
        next(iter(self._client.list_objects(self._bucket)), None)

    def _move(self, key: str, target: str) -> None:
        self._client.copy_object(self._bucket, target, CopySource(self._bucket, key))
        self._client.remove_object(self._bucket, key)

    def _parts(self, key: str, attempt: str) -> Callable[[], list[Part]]:
        listed = partial(self._client._list_parts, self._bucket, sound(key), attempt)  # noqa: SLF001 - as above
        return lambda: listed().parts

    def _everything(self) -> Iterator[Kept]:
        with _store_trouble():
            for found in self._client.list_objects(self._bucket, recursive=True):
                if found.object_name and found.last_modified:
                    yield Kept(found.object_name, found.size or 0, found.last_modified)

    def _send(self, key: str, source: IO[bytes], size: int, content_type: str) -> None:
        start = source.tell()
        source.seek(0, os.SEEK_END)
        held = source.tell() - start
        source.seek(start)
        if held != size:
            raise ValueError(f"The source held {held} bytes, not the {size} announced.")
        # one part after the other: the threads are bounded here, not in each upload
        self._client.put_object(self._bucket, key, cast(BinaryIO, source), size, content_type, num_parallel_uploads=1)


def _client(endpoint: str, *, secure: bool, settings: ObjectStoreSettings, pool: PoolManager) -> Minio:
    try:
        return Minio(
            endpoint,
            access_key=settings.access_key,
            secret_key=settings.secret_key,
            secure=secure,
            region=settings.region,
            http_client=pool,
        )
    except ValueError as unusable:
        raise BadSetting("MINIO_ENDPOINT, MINIO_PUBLIC_ENDPOINT or MINIO_REGION cannot be used.") from unusable


def _read(answer: BaseHTTPResponse) -> bytes:
    with _store_trouble():
        return answer.read(CHUNK)


def _hang_up(answer: BaseHTTPResponse) -> None:
    answer.close()
    answer.release_conn()


@contextmanager
def _store_trouble() -> Iterator[None]:
    """Distinguish an absent object from a store that cannot be used."""
    try:
        yield
    except S3Error as refusal:
        if refusal.code in ABSENT:
            raise Missing("This file is no longer kept.") from refusal
        raise out_of_reach() from refusal
    except (MinioException, HTTPError, OSError, ParseError) as trouble:
        raise out_of_reach() from trouble
