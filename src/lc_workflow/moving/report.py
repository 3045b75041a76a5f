"""The findings of a move: how many rows of each old table were read, taken, there already or refused, and why."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

SHOWN: Final = 5
"""Ids printed for each kind; the file has all of them."""


@dataclass(slots=True)
class Part:
    """One old table. Kinds are sentences of ours, ids those of the old rows: nothing here reveals a person."""

    read: int = 0
    taken: int = 0
    there_already: int = 0
    refused: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    mended: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def refuse(self, why: str, old_id: object) -> None:
        """Record that a row stays behind."""
        self.refused[why].append(str(old_id))

    def mend(self, how: str, old_id: object) -> None:
        """Record that a row was taken with a change."""
        self.mended[how].append(str(old_id))

    @property
    def refusals(self) -> int:
        """How many rows stay behind."""
        return sum(map(len, self.refused.values()))


@dataclass(slots=True)
class Report:
    """What a move found, or would do; `left` says which old tables were not looked into, how many rows, and why."""

    at: datetime
    written: bool = False
    parts: dict[str, Part] = field(default_factory=dict)
    left: dict[str, tuple[int, str]] = field(default_factory=dict)
    broken_off: bool = False
    """Whether a store did not answer, so that papers are still to come."""
    figures: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def of(self, table: str) -> Part:
        """The part about an old table."""
        return self.parts.setdefault(table, Part())

    def lines(self) -> Iterator[str]:
        """The report in lines for a screen."""
        for table, part in self.parts.items():
            yield (
                f"{table}: {part.read} read, {part.taken} {'taken' if self.written else 'to take'},"
                f" {part.there_already} there already, {part.refusals} refused"
            )
            yield from _kinds("refused", part.refused)
            yield from _kinds("mended", part.mended)
        for figure, number in self.figures.items():
            yield f"{figure}: {number}"
        for table, (rows, why) in self.left.items():
            yield f"{table}: {rows} rows left, {why}"

    def as_json(self) -> bytes:
        """The report with every id."""
        return msgspec.json.format(msgspec.json.encode(self), indent=2) + b"\n"


def _kinds(word: str, kinds: dict[str, list[str]]) -> Iterator[str]:
    for kind, ids in sorted(kinds.items(), key=lambda each: -len(each[1])):
        more = f" and {len(ids) - SHOWN} more" if len(ids) > SHOWN else ""
        yield f"  {word} {len(ids)}: {kind} ({', '.join(ids[:SHOWN])}{more})"


class Unfit(Exception):
    """An old row that cannot be taken; the sentence is a kind of the report and contains no value."""


@dataclass(slots=True)
class Known:
    """Which old rows of a table have a row here, by the old id; mostly the same id, and another where one was found."""

    ids: dict[UUID, UUID] = field(default_factory=dict)

    def __contains__(self, old_id: object) -> bool:
        """Whether the old row is here."""
        return old_id in self.ids

    def get(self, old_id: UUID | None) -> UUID | None:
        """The id here, or None for a row that is not."""
        return None if old_id is None else self.ids.get(old_id)
