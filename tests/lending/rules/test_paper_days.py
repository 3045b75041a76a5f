"""On which days a paper can have been issued and end."""

from datetime import date, timedelta

import pytest

from lc_workflow.lending.rules.paper_days import PaperExpiredBeforeIssue, PaperNotIssuedYet, check_days

TODAY = date(2026, 11, 24)
A_DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("issued_on", "expires_on"),
    [(None, None), (TODAY, TODAY), (TODAY - A_DAY, None), (None, TODAY - A_DAY), (None, TODAY + A_DAY)],
)
def test_a_paper_that_somebody_holds_was_issued_by_today_and_may_have_ended(
    issued_on: date | None, expires_on: date | None
) -> None:
    check_days(issued_on, expires_on, today=TODAY)


def test_a_mistyped_day_is_refused() -> None:
    with pytest.raises(PaperNotIssuedYet):
        check_days(TODAY + A_DAY, None, today=TODAY)
    with pytest.raises(PaperExpiredBeforeIssue):
        check_days(TODAY, TODAY - A_DAY, today=TODAY)
