"""Figures as answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

from msgspec import Struct


class Figure(StrEnum):
    """What can be counted."""

    STATES = "states"
    FUNNEL = "funnel"
    TURNAROUND = "turnaround"
    RETURNS = "returns"
    EXCEPTIONS = "exceptions"
    CURRENCIES = "currencies"
    DISBURSED = "disbursed"
    SLA = "sla"
    BRANCHES = "branches"
    DEPARTMENTS = "departments"
    USERS = "users"


class FileFormat(StrEnum):
    """How a table of figures is taken away."""

    CSV = "csv"
    XLSX = "xlsx"


@dataclass(frozen=True, slots=True)
class Period:
    """The days that count, the first and the last included, and the one branch where not all are wanted."""

    first: date
    last: date
    branch_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """Figures in rows; a chart draws the column `drawn` of each row beside its `label`."""

    columns: tuple[str, ...]
    rows: Sequence[Sequence[Any]]
    label: int
    drawn: int


class FigureAnswer(Struct, frozen=True):
    """A table of figures: what each column is called, and the rows by column."""

    figure: Figure
    date_from: date
    date_to: date
    branch_id: UUID | None
    columns: list[str]
    rows: list[dict[str, Any]]
