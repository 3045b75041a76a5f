"""The manifest of a backup, by which it can be checked without the installation it came from."""

import errno
import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec

MANIFEST: Final = "manifest.json"
HALF: Final = f"{MANIFEST}.half"
DUMP: Final = "database.dump"
OBJECTS: Final = "objects"
PIECE: Final = 1024 * 1024
"""Bytes read at a time."""


class BackupRefused(Exception):
    """A backup or a restore that cannot go on; the sentence says why, and what to do."""


class Kept(msgspec.Struct, frozen=True):
    """One object of the store: its key, its length in bytes and its SHA-256 in hexadecimal."""

    key: str
    size: int
    sha256: str
    content_type: str


class Backup(msgspec.Struct, frozen=True, kw_only=True):
    """The manifest of a backup.

    `rows` counts each table at the moment of the dump. `missing` are keys that rows name and the store did not have:
    lost before. `gone` are keys that were removed for good, with their rows, while the backup was made.
    """

    made_at: datetime
    postgresql: str
    revision: str
    dump_sha256: str
    rows: dict[str, int]
    objects: list[Kept]
    missing: list[str]
    gone: list[str] = msgspec.field(default_factory=list)


def sha256_of(file: Path) -> str:
    """Read a file to its end; return its SHA-256 in hexadecimal."""
    with file.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()


@contextmanager
def room(folder: Path, *, apart_from: Path | None = None) -> Iterator[None]:
    """Make the folder of a backup. Nobody else on the machine may read it: it holds names in clear text.

    Half a backup is useless and may fill the disk, so the folder is removed when the block fails.

    Raises:
        BackupRefused: The folder holds something, lies in the one it is to be apart from, or a file could not be
            written or read.
    """
    if apart_from is not None and folder.resolve().is_relative_to(apart_from.resolve()):
        raise BackupRefused(
            f"{folder} lies where the papers are kept: what breaks them breaks it. Choose another place."
        )
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        half = "" if (folder / MANIFEST).exists() else " It is no complete backup, so look whether it is still needed."
        raise BackupRefused(f"{folder} holds something already; a backup wants a folder of its own.{half}")
    folder.chmod(0o700)
    try:
        yield
    except BaseException as broken:
        shutil.rmtree(folder / OBJECTS, ignore_errors=True)
        for name in (DUMP, HALF, MANIFEST):
            (folder / name).unlink(missing_ok=True)
        if isinstance(broken, OSError):
            why = broken.strerror or type(broken).__name__
            raise BackupRefused(f"The backup was broken off, and nothing of it is left in {folder}: {why}.") from broken
        raise


def write_down(backup: Backup, folder: Path) -> None:
    """Write the manifest, whole or not at all, after the names of all files it lists are safe on disk."""
    half = folder / HALF
    with half.open("wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(backup), indent=2))
        file.flush()
        os.fsync(file.fileno())
    for place in (folder.parent, folder, *(path for path in folder.rglob("*") if path.is_dir())):
        _sync_names(place)
    half.rename(folder / MANIFEST)
    _sync_names(folder)


def _sync_names(folder: Path) -> None:
    """Make the names in a folder survive a power cut; network shares without fsync and unreadable folders are
    skipped.
    """
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except PermissionError:
        return
    try:
        os.fsync(descriptor)
    except OSError as refused:
        if refused.errno not in {errno.EINVAL, errno.EBADF, errno.ENOTSUP}:
            raise
    finally:
        os.close(descriptor)


def read_verified(folder: Path) -> Backup:
    """Read the manifest of a backup, and every byte it speaks of.

    Raises:
        BackupRefused: There is no manifest, or something is not what it says.
    """
    try:
        backup = msgspec.json.decode((folder / MANIFEST).read_bytes(), type=Backup)
    except (OSError, msgspec.MsgspecError):
        raise BackupRefused(f"{folder} is no complete backup: it has no {MANIFEST} that can be read.") from None
    if not _holds(folder / DUMP, backup.dump_sha256):
        raise BackupRefused(f"{DUMP} is not what the manifest says; take another backup.")
    for kept in backup.objects:
        if not _holds(folder / OBJECTS / kept.key, kept.sha256):
            raise BackupRefused(f"The object {kept.key} is not what the manifest says; take another backup.")
    return backup


def _holds(file: Path, sha256: str) -> bool:
    return file.is_file() and sha256_of(file) == sha256
