"""A folder of this machine as object store, with signed links."""

import os
import shutil
import stat
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import IO, Final, TypeVar

import anyio.to_thread
import msgspec
from anyio import CapacityLimiter

from lc_workflow.kernel.errors import Missing, Unavailable
from lc_workflow.platform.clock import Clock
from lc_workflow.platform.storage.base import ASK_AGAIN, CHUNK, Chunks, Kept, out_of_reach, sound, walked
from lc_workflow.platform.storage.promises import LinkExpired, key_for, opened, signed

T = TypeVar("T")

CONTENT_PATH: Final = "/api/v1/files/content/"
"""Where the documents feature serves what a signed link stands for."""

UPLOAD_PATH: Final = "/api/v1/files/arrivals/"
"""Where the documents feature accepts the bytes for a signed upload link."""

PARTS: Final = ".parts"
"""The suffix that turns an object's name into the folder of its parts."""

INCOMING: Final = ".incoming"
"""The folder of half-written files; no key begins with a dot, so none can lead there."""

THREADS: Final = 8
"""How many files are read or written at a time."""

ABANDONED: Final = timedelta(days=1)
"""A half-written file this old belongs to no running upload."""


@dataclass(frozen=True, slots=True)
class Download:
    """The content of a signed link; `size` is in bytes."""

    key: str
    filename: str
    content_type: str
    size: int
    inline: bool


class _Promise(msgspec.Struct, array_like=True, frozen=True):
    """The signed content of a link; `until` is in seconds since 1970."""

    key: str
    filename: str
    content_type: str
    until: float
    inline: bool


@dataclass(frozen=True, slots=True)
class Place:
    """Where a signed upload link leads, and how many bytes may be uploaded."""

    key: str
    most_bytes: int


class _Errand(msgspec.Struct, array_like=True, frozen=True):
    """The signed content of an upload link; `until` is in seconds since 1970."""

    key: str
    most_bytes: int
    until: float


class LocalStore:
    """Keeps each object as one file under `folder`.

    An object appears under its name whole or not at all, also when the process is killed: it is written beside, synced
    to the disk and then renamed. `secret` is the application's; links are signed with a key derived from it.
    """

    def __init__(self, folder: Path, *, secret: str, clock: Clock) -> None:
        self._folder = folder.absolute()
        self._incoming = self._folder / INCOMING
        self._signing_key = key_for("links to stored files", secret=secret)
        # a key of its own: a link to read a file must never allow replacing it
        self._upload_key = key_for("links for uploads", secret=secret)
        self._clock = clock
        self._limiter = CapacityLimiter(THREADS)

    async def prepare(self) -> None:
        """Make the folder, and delete what broken uploads left more than a day ago."""
        try:
            await self._in_thread(self._prepare)
        except Unavailable as unavailable:
            raise Unavailable(
                "The folder UPLOAD_FOLDER names cannot be written.", retry_after=ASK_AGAIN
            ) from unavailable

    async def put(self, key: str, source: IO[bytes], *, size: int, content_type: str) -> None:  # noqa: ARG002 - the link says the type
        """Keep the bytes; see `ObjectStore.put`."""
        await self._in_thread(partial(self._write, self._path(key), source, size))

    async def get(self, key: str, *, start: int = 0, end: int | None = None) -> Chunks:
        """Open the file; see `ObjectStore.get`."""
        file = await self._in_thread(partial(self._open, self._path(key)))
        file.seek(start)
        return Chunks(partial(_read, file, end), file.close, self._limiter)

    async def link(
        self, key: str, *, filename: str, content_type: str, lifetime: timedelta, base_url: str, inline: bool = False
    ) -> str:
        """Sign a link to this API; see `ObjectStore.link`."""
        until = (self._clock() + lifetime).timestamp()
        promise = _Promise(sound(key), filename, content_type, until, inline)
        return f"{base_url.rstrip('/')}{CONTENT_PATH}{signed(promise, self._signing_key)}"

    async def read_link(self, token: str) -> Download:
        """Read the last part of a link made by `link`.

        Both refusals are a 403, as an S3 store answers; a 401 would sign the person out of the web app.

        Raises:
            LinkBroken: The signature is not ours.
            LinkExpired: The link was good until a moment ago.
            Missing: The file was removed meanwhile.
        """
        promise = opened(token, self._signing_key, _Promise)
        if self._clock().timestamp() >= promise.until:
            raise LinkExpired("This link is no longer valid; open the file again to get a new one.")
        if (size := await self.size_of(promise.key)) is None:
            raise Missing("This file is no longer kept.")
        return Download(promise.key, promise.filename, promise.content_type, size, promise.inline)

    async def upload_link(self, key: str, *, most_bytes: int, lifetime: timedelta, base_url: str) -> str:
        """Sign a link for an upload to this API; see `ObjectStore.upload_link`."""
        until = (self._clock() + lifetime).timestamp()
        errand = _Errand(sound(key), most_bytes, until)
        return f"{base_url.rstrip('/')}{UPLOAD_PATH}{signed(errand, self._upload_key)}"

    def read_upload_link(self, token: str) -> Place:
        """Read the last part of a link made by `upload_link`.

        Raises:
            LinkBroken: The signature is not ours.
            LinkExpired: The link was good until a moment ago.
        """
        errand = opened(token, self._upload_key, _Errand)
        if self._clock().timestamp() >= errand.until:
            raise LinkExpired("This link is no longer valid; ask for a new one to upload the file.")
        return Place(errand.key, errand.most_bytes)

    async def begin_parts(self, key: str, *, content_type: str) -> str:  # noqa: ARG002 - the link says the type
        """Nothing needs to be begun; see `ObjectStore.begin_parts`."""
        sound(key)
        return "1"

    async def part_link(
        self,
        key: str,
        attempt: str,  # noqa: ARG002 - a folder knows one
        number: int,
        *,
        most_bytes: int,
        lifetime: timedelta,
        base_url: str,
    ) -> str:
        """Sign a link to a file beside; see `ObjectStore.part_link`."""
        return await self.upload_link(
            f"{key}{PARTS}/{number}", most_bytes=most_bytes, lifetime=lifetime, base_url=base_url
        )

    async def parts_of(self, key: str, attempt: str) -> dict[int, int]:  # noqa: ARG002 - as above
        """Look into the folder beside; see `ObjectStore.parts_of`."""
        return await self._in_thread(partial(self._parts, self._path(key + PARTS)))

    async def put_together(self, key: str, attempt: str) -> None:  # noqa: ARG002 - as above
        """Write the parts one after the other; see `ObjectStore.put_together`."""
        await self._in_thread(partial(self._put_together, self._path(key), self._path(key + PARTS)))

    async def give_up_parts(self, key: str, attempt: str) -> None:  # noqa: ARG002 - as above
        """Delete the folder beside; see `ObjectStore.give_up_parts`."""
        await self._in_thread(partial(shutil.rmtree, self._path(key + PARTS), ignore_errors=True))

    async def remove(self, key: str) -> None:
        """Delete the file; see `ObjectStore.remove`."""
        await self._in_thread(partial(self._remove, self._path(key)))

    async def move(self, key: str, target: str) -> None:
        """Rename the file; see `ObjectStore.move`."""
        await self._in_thread(partial(self._move, self._path(key), self._path(target)))

    async def size_of(self, key: str) -> int | None:
        """How large the file is; see `ObjectStore.size_of`."""
        return await self._in_thread(partial(_size_of, self._path(key)))

    def walk(self) -> AsyncIterator[Kept]:
        """Go through the folder; see `ObjectStore.walk`."""
        return walked(self._everything(), self._limiter)

    async def ping(self) -> None:
        """Write a byte: a full or read-only disk takes no uploads either."""
        await self._in_thread(self._try_to_write)

    def _path(self, key: str) -> Path:
        return self._folder / sound(key)

    async def _in_thread(self, work: Callable[[], T]) -> T:
        """Do blocking work beside the event loop, a few at a time."""
        with _disk_trouble():
            return await anyio.to_thread.run_sync(work, limiter=self._limiter)

    def _prepare(self) -> None:
        self._incoming.mkdir(parents=True, exist_ok=True)
        # a file's age is the disk's word, so the machine's clock is asked and not ours
        horizon = time.time() - ABANDONED.total_seconds()
        for leftover in self._incoming.iterdir():
            if leftover.stat().st_mtime < horizon:
                leftover.unlink(missing_ok=True)
        self._try_to_write()

    def _write(self, path: Path, source: IO[bytes], size: int) -> None:
        descriptor, name = tempfile.mkstemp(dir=self._incoming)
        try:
            with os.fdopen(descriptor, "wb") as file:
                _copy(source, file, size)
            path.parent.mkdir(parents=True, exist_ok=True)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        self._sync_folders(path)

    def _sync_folders(self, path: Path) -> None:
        """Make the file's name, and those of folders made for it, survive a power cut."""
        for folder in path.parents:
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            if folder == self._folder:
                return

    def _open(self, path: Path) -> IO[bytes]:
        try:
            return path.open("rb")
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            raise Missing("This file is no longer kept.") from None

    def _remove(self, path: Path) -> None:
        try:
            path.unlink()
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            return
        self._sync_folders(path)

    def _move(self, path: Path, target: Path) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            path.rename(target)
        except FileNotFoundError:
            raise Missing("This file is no longer kept.") from None
        for moved in (target, path):
            self._sync_folders(moved)

    def _parts(self, folder: Path) -> dict[int, int]:
        try:
            return {int(path.name): path.stat().st_size for path in folder.iterdir()}
        except FileNotFoundError:
            return {}

    def _put_together(self, path: Path, folder: Path) -> None:
        parts = self._parts(folder)
        if not parts:
            raise Missing("This file is no longer kept.")
        descriptor, name = tempfile.mkstemp(dir=self._incoming)
        try:
            with os.fdopen(descriptor, "wb") as whole:
                for number in sorted(parts):
                    with (folder / str(number)).open("rb") as part:
                        shutil.copyfileobj(part, whole, CHUNK)
                whole.flush()
                os.fsync(whole.fileno())
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        self._sync_folders(path)
        shutil.rmtree(folder, ignore_errors=True)

    def _everything(self) -> Iterator[Kept]:
        with _disk_trouble():
            for folder, _, names in os.walk(self._folder):
                if Path(folder) == self._incoming:
                    continue
                for name in names:
                    path = Path(folder, name)
                    with suppress(FileNotFoundError):  # removed meanwhile
                        found = path.stat()
                        moment = datetime.fromtimestamp(found.st_mtime, UTC)
                        yield Kept(path.relative_to(self._folder).as_posix(), found.st_size, moment)

    def _try_to_write(self) -> None:
        with tempfile.TemporaryFile(dir=self._incoming) as file:
            file.write(b"\0")


def _copy(source: IO[bytes], file: IO[bytes], size: int) -> None:
    shutil.copyfileobj(source, file, CHUNK)
    if (copied := file.tell()) != size:
        raise ValueError(f"The source held {copied} bytes, not the {size} announced.")
    file.flush()
    os.fsync(file.fileno())


def _size_of(path: Path) -> int | None:
    try:
        found = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return found.st_size if stat.S_ISREG(found.st_mode) else None


def _read(file: IO[bytes], end: int | None) -> bytes:
    with _disk_trouble():
        return file.read(CHUNK if end is None else min(CHUNK, end - file.tell()))


@contextmanager
def _disk_trouble() -> Iterator[None]:
    """Turn disk errors into the refusal that the files cannot be reached."""
    try:
        yield
    except OSError as trouble:
        raise out_of_reach() from trouble
