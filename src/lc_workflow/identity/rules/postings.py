"""Where the people around an account must work."""

from uuid import UUID

from lc_workflow.kernel.errors import FieldError, Invalid


class OtherBranch(Invalid):
    """The portfolio or the line manager works at another branch than the account."""


def check_same_branch(branch_id: UUID | None, *, portfolio: UUID | None, line_manager: UUID | None) -> None:
    """Let an account have a portfolio and a line manager of its own branch, or of none.

    All three are branch ids; None is the head office, which belongs to every branch.

    Raises:
        OtherBranch: One of them is elsewhere; the web app looks for these very words (its contract, §3).
    """
    elsewhere = [
        (name, field)
        for name, field, theirs in (
            ("Portfolio", "portfolio_id", portfolio),
            ("Line manager", "line_manager_id", line_manager),
        )
        if theirs is not None and branch_id is not None and theirs != branch_id
    ]
    if elsewhere:
        raise OtherBranch(
            f"{' and '.join(name for name, _ in elsewhere)} must be from the same branch as the user.",
            errors=tuple(FieldError(field, "must be from the same branch") for _, field in elsewhere),
        )
