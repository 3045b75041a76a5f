"""What a backup says about itself, so that it can be checked without the installation it came from."""

import hashlib
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec

MANIFEST: Final = "manifest.json"
DUMP: Final = "database.dump"
OBJECTS: Final = "objects"
PIECE: Final = 1024 * 1024
"""Bytes that are read at a time."""


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

    `rows` counts each table at the moment of the dump. `missing` are the keys that rows name and the store did not
    have: removed while the backup was made, or lost before.
    """

    made_at: datetime
    postgresql: str
    revision: str
    dump_sha256: str
    rows: dict[str, int]
    objects: list[Kept]
    missing: list[str]


def sha256_of(file: Path) -> str:
    """Read a file to its end; answers its SHA-256 in hexadecimal."""
    with file.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()


def make_room(folder: Path) -> None:
    """Make the folder of a backup, which nobody else on the machine may read: names stand in it as they are.

    Raises:
        BackupRefused: It holds something.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise BackupRefused(f"{folder} holds something already; a backup wants a folder of its own.")
    folder.chmod(0o700)


def write_down(backup: Backup, folder: Path) -> None:
    """Write the manifest: whole or not at all."""
    half = folder / f"{MANIFEST}.half"
    half.write_bytes(msgspec.json.format(msgspec.json.encode(backup), indent=2))
    half.rename(folder / MANIFEST)


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
