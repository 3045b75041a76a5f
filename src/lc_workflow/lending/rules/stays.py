"""How long an application stood at each stage, calculated from its moves."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from lc_workflow.lending.rules.stages import Stage


class Moved(Protocol):
    """What is needed of a move."""

    @property
    def target(self) -> Stage:
        """Where it led."""

    @property
    def cycle(self) -> int:
        """The cycle from then on."""

    @property
    def at(self) -> datetime:
        """When it was made."""


@dataclass(frozen=True, slots=True)
class Stay:
    """A time at a stage, until it left or until now; `seconds` are whole ones."""

    stage: Stage
    cycle: int
    entered_at: datetime
    left_at: datetime | None
    seconds: int


def stays(begun_at: datetime, moves: Iterable[Moved], *, at: datetime) -> tuple[Stay, ...]:
    """List where an application stood: it began as a draft at `begun_at`, `moves` are in the order they were made.

    Returning to a stage is a stay of its own.
    """
    entered = [(Stage.PO_CREATED, 1, begun_at), *((move.target, move.cycle, move.at) for move in moves)]
    left = [moment for _, _, moment in entered[1:]]
    return tuple(
        Stay(stage, cycle, since, until, int(((until or at) - since).total_seconds()))
        for (stage, cycle, since), until in zip(entered, [*left, None], strict=True)
    )


def seconds_by_stage(told: Iterable[Stay]) -> Mapping[Stage, int]:
    """Add the stays at each stage up, in seconds."""
    added: Counter[Stage] = Counter()
    for stay in told:
        added[stay.stage] += stay.seconds
    return added
