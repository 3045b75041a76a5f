"""On which days a paper can have been issued and end, whether it tells who somebody is or what they own."""

from datetime import date

from lc_workflow.kernel.errors import FieldError, Invalid


class PaperNotIssuedYet(Invalid):
    """A paper that somebody holds in their hands was issued; dated ahead, it would never grow old."""


class PaperExpiredBeforeIssue(Invalid):
    """A paper cannot end before it begins."""


def check_days(issued_on: date | None, expires_on: date | None, *, today: date) -> None:
    """Let a paper have these days.

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
