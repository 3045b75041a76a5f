"""Deadlines in working time, and how work stands to them."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from lc_workflow.lending.rules.stages import CLOSED, Stage
from lc_workflow.lending.rules.tasks import HIGHER_UP, TIMED, WORK, Urgency, deadline
from lc_workflow.organization.rules.hours import BusinessHours

OFFICE = BusinessHours()


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Asia/Phnom_Penh"))


# 2026-11-27 is a Friday
@pytest.mark.parametrize(
    ("opened", "minutes", "used", "risky", "due"),
    [
        ("2026-11-27T08:00", 480, 0, "2026-11-27T15:24", "2026-11-27T17:00"),
        ("2026-11-27T16:00", 240, 0, "2026-11-30T10:12", "2026-11-30T11:00"),
        ("2026-11-28T10:00", 60, 0, "2026-11-30T08:48", "2026-11-30T09:00"),
        ("2026-11-27T08:00", 480, 240, "2026-11-27T10:24", "2026-11-27T12:00"),
        ("2026-11-27T08:00", 480, 420, "2026-11-27T08:00", "2026-11-27T09:00"),
        ("2026-11-27T08:00", 480, 500, "2026-11-27T08:00", "2026-11-27T08:00"),
    ],
)
def test_a_deadline_counts_working_time(opened: str, minutes: int, used: int, risky: str, due: str) -> None:
    found = deadline(at(opened), minutes=minutes, used=timedelta(minutes=used), calendar=OFFICE)
    assert (found.at_risk_at, found.due_at) == (at(risky), at(due))


def test_work_is_at_risk_from_four_fifths_of_its_time() -> None:
    found = deadline(at("2026-11-27T08:00"), minutes=100, used=timedelta(0), calendar=OFFICE)
    assert [found.urgency(at(f"2026-11-27T{clock}")) for clock in ("09:19", "09:20", "09:39", "09:40")] == [
        Urgency.OK,
        Urgency.AT_RISK,
        Urgency.AT_RISK,
        Urgency.BREACHED,
    ]


def test_each_open_stage_waits_for_somebody_for_so_many_hours_of_work() -> None:
    hours = {stage: work.minutes and work.minutes / 60 for stage, work in WORK.items()}
    assert hours == {
        Stage.RETURNED: None,
        Stage.USER_COMPLETED: 4,
        Stage.TELLER_PROCESSING: 8,
        Stage.MANAGER_REVIEW: 16,
        Stage.APPROVED: 40,
    }
    assert set(TIMED) == set(WORK) - {Stage.RETURNED}, "while it is corrected no clock runs"
    assert set(WORK) == set(Stage) - CLOSED - {Stage.PO_CREATED} | {Stage.APPROVED}


def test_whoever_prepared_a_loan_is_given_every_work_on_it_but_the_decision() -> None:
    assert {stage for stage, work in WORK.items() if not work.for_preparers} == {Stage.MANAGER_REVIEW}
    assert {Stage.MANAGER_REVIEW, Stage.APPROVED} == HIGHER_UP
