"""In which branch or department accounts and the people around them may be."""

from uuid import UUID

from lc_workflow.kernel.errors import FieldError, Forbidden, Invalid
from lc_workflow.kernel.principal import Principal, Scope


class NotYourPlace(Forbidden):
    """The permission reaches the accounts of one branch or department, and this one would belong elsewhere."""


class OtherBranch(Invalid):
    """The portfolio or the line manager works at another branch than the account."""


def own_place(principal: Principal, permission: str) -> dict[str, UUID | None]:
    """The default place of something: the one branch or department that the permission reaches, if it is only one."""
    match principal.scope_of(permission):
        case Scope.ALL:
            return {}
        case Scope.DEPARTMENT:
            return {"department_id": principal.department_id}
        case _:
            return {"branch_id": principal.branch_id}


def check_own_place(
    principal: Principal, permission: str, *, branch_id: UUID | None, department_id: UUID | None
) -> None:
    """Refuse to put an account where the person's permission does not reach.

    Raises:
        NotYourPlace: It reaches their own branch or department only, and the place is another.
    """
    match principal.scope_of(permission):
        case Scope.ALL:
            return
        case Scope.DEPARTMENT:
            noun, own, place = "department", principal.department_id, department_id
        case _:
            noun, own, place = "branch", principal.branch_id, branch_id
    if own is None or place != own:
        raise NotYourPlace(
            f"You may do this in your own {noun} only.", errors=(FieldError(f"{noun}_id", "is not yours"),)
        )


def check_same_branch(branch_id: UUID | None, *, portfolio: UUID | None, line_manager: UUID | None) -> None:
    """Refuse a portfolio or a line manager of another branch.

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
