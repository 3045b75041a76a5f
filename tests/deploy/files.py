"""Reads the deployment files as the platforms do."""

import json
import re
import shlex
import shutil
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Instruction:
    """One line of a Dockerfile: its word, its --flags, and what follows."""

    word: str
    flags: tuple[str, ...]
    rest: str

    @property
    def arguments(self) -> list[str]:
        """The exec form's words; a ValueError when it is not the exec form."""
        return list(json.loads(self.rest))


def dockerfile() -> list[Instruction]:
    text = re.sub(r"^\s*#.*\n", "", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE).replace("\\\n", " ")
    found = []
    for line in filter(None, map(str.strip, text.splitlines())):
        word, _, rest = line.partition(" ")
        words = rest.split()
        flags = tuple(flag for flag in words if flag.startswith("--") and word in {"COPY", "FROM", "HEALTHCHECK"})
        for flag in flags:
            rest = rest.replace(flag, "", 1)
        found.append(Instruction(word, flags, rest.strip()))
    return found


def final_stage() -> dict[str, Instruction]:
    """The last instruction of each word in the stage that becomes the image."""
    lines = dockerfile()
    last = max(index for index, line in enumerate(lines) if line.word == "FROM")
    return {line.word: line for line in lines[last:]}


def image_environment() -> dict[str, str]:
    """The variables that the image itself sets, without its PATH."""
    found: dict[str, str] = {}
    for line in dockerfile():
        if line.word == "FROM":
            found = {}
        elif line.word == "ENV":
            found |= dict(word.split("=", 1) for word in shlex.split(line.rest))
    del found["PATH"]
    return found


def health_check() -> list[str]:
    _, _, command = final_stage()["HEALTHCHECK"].rest.partition("CMD ")
    return list(json.loads(command))


def railway() -> Mapping[str, Any]:
    return tomllib.loads((ROOT / "railway.toml").read_text())


def copied() -> dict[str, str]:
    """What the image takes from the repository, and where it goes."""
    found = {}
    for line in dockerfile():
        if line.word == "COPY" and not line.flags:
            *sources, target = line.rest.split()
            for source in sources:
                found[source] = f"{target}{source}" if target.endswith("/") else target
    return found


def lay_out_image(folder: Path) -> None:
    """Put into `folder` what the image has in its working directory, and nothing else of the repository."""
    for source, target in copied().items():
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, folder / target)  # with its byte code, which the image has too
        else:
            shutil.copy(ROOT / source, folder / target)
