"""Sets a template and its data into a PDF, in a child process.

The typesetter keeps what it has laid out in memory, some hundred megabytes, and cannot be interrupted; so each document
is set by a child that ends afterwards, and that is killed when it takes too long.
"""

import asyncio
import sys
from pathlib import Path
from typing import Final

from lc_workflow.kernel.errors import DomainError

FONTS: Final = Path(__file__).with_name("fonts")
"""Noto Sans and Noto Sans Khmer, under the licence beside them."""

TEMPLATE: Final = "main.typ"
PRINTED: Final = "printed.pdf"
PATIENCE: Final = 120.0
"""Seconds that a document may take; one of sixty photos takes two."""


AT_ONCE: Final = 2
"""How many documents one process sets at a time; each takes a processor and some hundred megabytes."""

_places: Final = asyncio.Semaphore(AT_ONCE)


class CannotSet(DomainError):
    """The document could not be set."""


async def set_pages(folder: Path) -> Path:
    """Set `main.typ` of a folder, which sees nothing outside of it; return where the PDF is.

    Raises:
        CannotSet: It took too long, or the typesetter refused it.
    """
    async with _places:
        await _set(folder)
    return folder / PRINTED


async def _set(folder: Path) -> None:
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        __name__,
        str(folder),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        _, said = await asyncio.wait_for(child.communicate(), PATIENCE)
    except TimeoutError:
        raise CannotSet("The document took too long to be set.") from None
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    if child.returncode:
        raise CannotSet(f"The document could not be set: {said.decode(errors='replace')[-500:]}")


def print_folder(folder: Path) -> None:
    """Set the template of a folder; fonts of the machine are ignored, so that every machine sets the same."""
    import typst  # noqa: PLC0415 - eighty megabytes, which only the child needs

    typst.compile(
        folder / TEMPLATE,
        output=folder / PRINTED,
        root=folder,
        font_paths=[FONTS],
        ignore_system_fonts=True,
    )


if __name__ == "__main__":
    print_folder(Path(sys.argv[1]))
