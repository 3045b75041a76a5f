"""Reports as answers."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from msgspec import Struct

from lc_workflow.insight.figures.schemas import Figure


class ReportFormat(StrEnum):
    """How a report is answered."""

    JSON = "json"
    PDF = "pdf"


class ReportTable(Struct, frozen=True):
    """A table of figures: what each column is called, and the rows by column."""

    columns: list[str]
    rows: list[dict[str, Any]]


class MonthlyReport(Struct, frozen=True):
    """What a branch did in a month; `sha256` is the fingerprint of `tables`, and stands on each printed page.

    `khr_percent_of_loans` and `khr_percent_of_amount` say which part of the loans approved was in riel.
    """

    branch_id: UUID
    branch: str
    branch_code: str
    month: str
    date_from: date
    date_to: date
    made_at: datetime
    khr_percent_of_loans: float
    khr_percent_of_amount: float
    tables: dict[Figure, ReportTable]
    sha256: str
