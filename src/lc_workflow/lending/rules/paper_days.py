"""Which issue and expiry dates papers can have: identity papers as well as titles of ownership."""

from datetime import date

from lc_workflow.kernel.errors import FieldError, Invalid


class PaperNotIssuedYet(Invalid):
    """A paper that exists was already issued; with a future date it would never grow old."""


class PaperExpiredBeforeIssue(Invalid):
    """A paper cannot end before it begins."""


def check_days(issued_on: date | None, expires_on: date | None, *, today: date) -> None:
    """Refuse impossible dates of a paper.

    Raises:
        PaperNotIssuedYet, PaperExpiredBeforeIssue: One of them is mistyped.
    """
    if issued_on and issued_on > today:
        raise PaperNotIssuedYet(
            "The day of issue lies in the future; look at the paper again.",
            errors=(FieldError("issued_on", "is to come"),),
        )
    if issued_on and expires_on and expires_on < issued_on:
        raise PaperExpiredBeforeIssue("A paper expires after it is issued; look at the two days again.")
