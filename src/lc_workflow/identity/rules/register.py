"""The format of a list of accounts: its columns, its modes, and how it names places and people."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Protocol
from uuid import UUID

from lc_workflow.kernel.errors import FieldError, Invalid

COLUMNS: Final = (
    "email",
    "username",
    "first_name",
    "last_name",
    "phone_number",
    "employee_id",
    "role",
    "status",
    "department",
    "branch",
    "position",
    "portfolio",
    "line_manager",
)
"""The columns of the template, which an export begins with; a row is found again by its `email`."""

SHOWN: Final = ("status_reason", "onboarding_completed", "last_login_at", "created_at", "id")
"""Further columns of an export; an import ignores them."""

REFERENCES: Final = frozenset({"department", "branch", "position", "portfolio", "line_manager"})
"""Columns that name a place or a person: by code, by name, or by id."""

NEEDED: Final = ("username", "first_name", "last_name")
"""What a new account must have, besides its e-mail address."""


class ImportMode(StrEnum):
    """What the rows of a list may do."""

    CREATE_ONLY = "create_only"
    UPDATE_ONLY = "update_only"
    CREATE_AND_UPDATE = "create_and_update"


class RowAction(StrEnum):
    """What was done with a row; `skipped` says nothing new, `failed` was refused."""

    CREATED = "created"
    UPDATED = "updated"
    SKIPPED = "skipped"
    FAILED = "failed"


_WORDS: Final[Mapping[str, ImportMode]] = {mode.value: mode for mode in ImportMode} | {
    "create": ImportMode.CREATE_ONLY,
    "update": ImportMode.UPDATE_ONLY,
    "update_existing": ImportMode.UPDATE_ONLY,
    "create_update": ImportMode.CREATE_AND_UPDATE,
    "create_or_update": ImportMode.CREATE_AND_UPDATE,
    "upsert": ImportMode.CREATE_AND_UPDATE,
}


class NoSuchImportMode(Invalid):
    """Lists are not imported in this way."""


class RowRefused(Invalid):
    """A row of a list cannot be taken; `errors` says which of its cells, and why."""

    def __init__(self, *faults: tuple[str, str]) -> None:
        """Take pairs of a column and a sentence."""
        super().__init__("The row cannot be taken.", errors=tuple(FieldError(*fault) for fault in faults))


def mode_of(word: str) -> ImportMode:
    """Read the mode of an import; clients have several words for each.

    Raises:
        NoSuchImportMode: The word is none of them.
    """
    mode = _WORDS.get(word.strip().casefold().replace("-", "_").replace(" ", "_"))
    if mode is None:
        sentence = f"must be one of {', '.join(ImportMode)}"
        raise NoSuchImportMode(f"import_mode {sentence}.", errors=(FieldError("import_mode", sentence),))
    return mode


def column_of(heading: str) -> str:
    """Read a heading: `Branch code` and `branch_id` both mean the branch."""
    for ending in ("_id", "_code", "_name"):
        bare = heading.removesuffix(ending)
        if bare in REFERENCES:
            return bare
    return heading


def foreign_columns(columns: Iterable[str]) -> list[str]:
    """The columns of a list that are ignored, which its sender should know."""
    return [name for name in columns if name not in COLUMNS and name not in SHOWN]


@dataclass(frozen=True, slots=True)
class Place:
    """Something a cell can name, and the words for it: first its own code, then its names."""

    id: UUID
    words: tuple[str, ...]


class Places:
    """Finds what a cell names, regardless of case and outer blanks, unless two differ only by them."""

    def __init__(self, noun: str, places: Sequence[Place]) -> None:
        self._noun = noun
        self._own = {place.words[0]: place.id for place in places}
        self._named: dict[str, set[UUID]] = {}
        for place in places:
            for word in (str(place.id), *place.words):
                self._named.setdefault(word.strip().casefold(), set()).add(place.id)

    def find(self, column: str, word: str) -> UUID:
        """The id of what has this name.

        Raises:
            RowRefused: Nothing is, or more than one thing.
        """
        if (own := self._own.get(word.strip())) is not None:
            return own
        found = self._named.get(word.strip().casefold(), set())
        if len(found) == 1:
            return next(iter(found))
        if found:
            raise RowRefused((column, f"“{word}” is the name of more than one {self._noun}; give the code"))
        raise RowRefused((column, f"there is no {self._noun} called “{word}”"))


class Listed(Protocol):
    """A `User` row with its places loaded."""

    id: Any
    email: Any
    department: Any
    branch: Any
    position: Any
    portfolio: Any
    line_manager: Any


def cells_of(user: Listed, *, phone_number: str | None) -> list[object]:
    """Write an account as a row of an export; the columns that an import reads come first.

    The telephone is given as it is to be shown.
    """
    named: dict[str, object] = {
        "phone_number": phone_number,
        "department": user.department and user.department.code,
        "branch": user.branch and user.branch.code,
        "position": user.position and user.position.name,
        "portfolio": user.portfolio and user.portfolio.employee_code,
        "line_manager": user.line_manager and user.line_manager.employee_code,
    }
    return [named[column] if column in named else getattr(user, column) for column in (*COLUMNS, *SHOWN)]
