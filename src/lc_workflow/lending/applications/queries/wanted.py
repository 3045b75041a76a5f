"""The filters and the order of lists of applications, and the conditions they mean."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, any_, func, literal, select
from sqlalchemy.orm import InstrumentedAttribute

from lc_workflow.kernel.dates import begin_of, end_of
from lc_workflow.lending.applications.models import Assignment, CustomerApplication
from lc_workflow.lending.applications.queries.sought import mentioned
from lc_workflow.lending.rules.stages import STATUS_OF, Stage, Status
from lc_workflow.lending.rules.terms import Priority
from lc_workflow.platform.http.long_lists import Key
from lc_workflow.platform.search import among


class ApplicationSortKey(StrEnum):
    """What a list of applications can be sorted by."""

    CREATED_AT = "created_at"
    UPDATED_AT = "updated_at"
    SUBMITTED_AT = "submitted_at"
    REQUESTED_AMOUNT = "requested_amount"
    FULL_NAME_LATIN = "full_name_latin"
    FULL_NAME_KHMER = "full_name_khmer"
    WORKFLOW_STATUS = "workflow_status"
    STATUS = "status"
    PRIORITY_LEVEL = "priority_level"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The filters of a list; days are days at the branches, amounts are in each application's currency."""

    search: str | None = None
    status: Status | None = None
    workflow_status: Stage | None = None
    amount_min: Decimal | None = None
    amount_max: Decimal | None = None
    date_from: date | None = None
    date_to: date | None = None
    officer_id: UUID | None = None
    branch_id: UUID | None = None
    priority_level: Priority | None = None
    sort_by: ApplicationSortKey = ApplicationSortKey.CREATED_AT
    descending: bool = True

    @property
    def is_tallied(self) -> bool:
        """Whether the tallies have the total: they count by stage and branch."""
        return replace(self, status=None, workflow_status=None, branch_id=None) == Wanted(
            sort_by=self.sort_by, descending=self.descending
        )

    @property
    def is_search(self) -> bool:
        """Whether this is a plain search in the order of drafting."""
        return bool(self.search) and self == Wanted(search=self.search, descending=self.descending)


_SORTED_AS: Final = {
    key: getattr(CustomerApplication, key) for key in ApplicationSortKey if key is not ApplicationSortKey.STATUS
} | {ApplicationSortKey.STATUS: CustomerApplication.workflow_status}


def _in_turn(column: InstrumentedAttribute[Any], values: Iterable[str]) -> Callable[[ColumnElement[Any]], Any]:
    """Sort a column by the position of its value in this list, not alphabetically."""
    places = literal([*values], ARRAY(column.type))
    return lambda counted: func.array_position(places, counted)


_COUNTED_BY: Final[dict[ApplicationSortKey, Callable[[ColumnElement[Any]], Any]]] = {
    ApplicationSortKey.FULL_NAME_LATIN: func.upper,
    ApplicationSortKey.WORKFLOW_STATUS: _in_turn(CustomerApplication.workflow_status, Stage),
    ApplicationSortKey.STATUS: _in_turn(
        CustomerApplication.workflow_status,
        [stage for status in Status for stage in Stage if STATUS_OF[stage] is status],
    ),
    ApplicationSortKey.PRIORITY_LEVEL: _in_turn(CustomerApplication.priority_level, Priority),
}
"""Sort keys that are not plain columns: how far an application is, how urgent it is, names in any case."""


def conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    """Turn what was asked for into conditions."""
    row = CustomerApplication
    filters: tuple[tuple[Any, Callable[[Any], ColumnElement[bool]]], ...] = (
        (wanted.search, mentioned),
        (wanted.status, lambda word: one_of(row.workflow_status, stages_of(word))),
        (wanted.workflow_status, lambda stage: row.workflow_status == stage),
        (wanted.amount_min, lambda amount: row.requested_amount >= amount),
        (wanted.amount_max, lambda amount: row.requested_amount <= amount),
        (wanted.date_from, lambda day: row.created_at >= begin_of(day)),
        (wanted.date_to, lambda day: row.created_at < end_of(day)),
        (wanted.officer_id, _is_of_officer),
        (wanted.branch_id, lambda branch_id: row.branch_id == branch_id),
        (wanted.priority_level, lambda level: row.priority_level == level),
    )
    return [condition(value) for value, condition in filters if value is not None]


def stages_of(word: Status) -> set[Stage]:
    """The stages that the web app knows by one word."""
    return {stage for stage, status in STATUS_OF.items() if status is word}


def one_of(column: InstrumentedAttribute[Any], stages: Collection[Stage]) -> ColumnElement[bool]:
    """Match the rows at one of these stages."""
    return column == any_(literal(sorted(stages), ARRAY(column.type)))


def _is_of_officer(officer_id: UUID) -> ColumnElement[bool]:
    """Match the applications of an officer: the account that drafted it, or an employee who looks after it."""
    looked_after = select(Assignment.application_id).where(Assignment.employee_id == officer_id, Assignment.is_active)
    return (CustomerApplication.user_id == officer_id) | among(CustomerApplication.id, looked_after)


def order_of(wanted: Wanted) -> tuple[Key, Key]:
    """The sort keys of a list."""
    key = wanted.sort_by
    return Key(_SORTED_AS[key], wanted.descending, _COUNTED_BY.get(key)), Key(CustomerApplication.id)
