"""What the words and numbers of the old service mean here."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from lc_workflow.lending.rules.stages import Stage
from lc_workflow.moving.reading import amount, degrees, percent, stage_of, steps_of, term
from lc_workflow.moving.report import Unfit
from tests.moving.old_service import day, old_id

AT = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("row", "stage"),
    [
        ({"status": "draft"}, Stage.PO_CREATED),
        ({"status": "draft", "workflow_status": "po_created"}, Stage.PO_CREATED),
        ({"status": "submitted", "workflow_status": "po_created"}, Stage.USER_COMPLETED),
        ({"status": "submitted", "workflow_status": "MANAGER_REVIEW"}, Stage.MANAGER_REVIEW),
        ({"status": "under_review"}, Stage.TELLER_PROCESSING),
        ({"status": "approved", "workflow_status": "po_created"}, Stage.APPROVED),
        ({"status": "approved", "loan_status": "active", "approved_at": day(30)}, Stage.APPROVED),
        ({"status": "approved", "loan_status": "active", "approved_at": day(1)}, Stage.DISBURSED),
        ({"status": "approved", "loan_status": "Completed"}, Stage.DISBURSED),
        ({"status": "approved", "loan_start_date": date(2025, 12, 1)}, Stage.DISBURSED),
        ({"status": "approved", "loan_start_date": date(2026, 2, 1)}, Stage.APPROVED),
        ({"status": "disbursed", "workflow_status": "APPROVED"}, Stage.DISBURSED),
        ({"status": "draft", "workflow_status": "REJECTED"}, Stage.REJECTED),
        ({"status": "cancelled"}, Stage.WITHDRAWN),
    ],
)
def test_where_an_application_stood_is_where_it_stands(row: dict[str, Any], stage: Stage) -> None:
    assert stage_of(row, at=AT, valid_since=day(15)) is stage


@pytest.mark.parametrize(
    "row",
    [
        {"status": "in_limbo"},
        {"status": None},
        {"status": "draft", "workflow_status": "stuck"},
        {"status": "approved", "workflow_status": "REJECTED"},
    ],
)
def test_what_nobody_knows_is_not_guessed(row: dict[str, Any]) -> None:
    with pytest.raises(Unfit):
        stage_of(row, at=AT, valid_since=day(15))


def test_steps_that_nobody_wrote_down_are_not_made_up() -> None:
    people = {old_id("maly")}
    row = {"submitted_at": day(1), "approved_at": day(3), "approved_by": old_id("maly"), "teller_processed_at": None}
    steps = steps_of(row, Stage.APPROVED, people)
    assert [(step.target, step.by) for step in steps] == [
        (Stage.USER_COMPLETED, None),
        (Stage.APPROVED, old_id("maly")),
    ]
    assert steps_of(row, Stage.USER_COMPLETED, people) == steps[:1]
    assert steps_of(row | {"approved_by": UUID(int=7)}, Stage.APPROVED, people)[1].by is None


def test_numbers_are_read_or_refused() -> None:
    assert (amount(Decimal("12.50")), amount(None)) == (Decimal("12.50"), None)
    assert (term("12_months"), term(36), term("18"), term("")) == (12, 36, 18, None)
    assert (percent(Decimal("18.00")), percent(None)) == (Decimal("18.00"), None)
    assert (degrees(Decimal("11.55")), degrees(Decimal("NaN")), degrees("x")) == (11.55, None, None)
    for read, wrong in (
        (amount, Decimal("NaN")),
        (amount, Decimal(-1)),
        (amount, "many"),
        (term, 0),
        (term, "soon"),
        (term, "2_years"),
        (term, 99999),
        (percent, Decimal(101)),
    ):
        with pytest.raises(Unfit):
            read(wrong)
