"""Reads what an operator has written into a file of the house's own rules."""

from pathlib import Path
from typing import TypeVar

from msgspec import MsgspecError, toml

from lc_workflow.seeding.standing import CannotPlant

Written = TypeVar("Written")


def read_written(file: Path, kind: type[Written]) -> Written:
    """Read a TOML file as what it must say.

    Raises:
        CannotPlant: It is no TOML, or says something else; the sentence names the file and the place in it.
    """
    try:
        return toml.decode(file.read_bytes(), type=kind, strict=False)
    except (MsgspecError, UnicodeDecodeError) as wrong:
        raise CannotPlant(f"{file} cannot be taken as it is written: {wrong}.") from wrong
