"""Who may be asked to look after an application."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from lc_workflow.kernel.errors import Invalid
from lc_workflow.lending.rules.matching import normal_name, normal_number


class EmployeeOfAnotherBranch(Invalid):
    """An employee looks after applications of their own branch (lending.md §7)."""


class EmployeeRetired(Invalid):
    """Somebody who has left cannot be assigned."""


def check_assignable(*, is_active: bool, employee_branch: UUID | None, application_branch: UUID | None) -> None:
    """Refuse an employee who has left, or who is of another branch; a branch missing on a side is no conflict.

    Raises:
        EmployeeRetired: The employee is not active.
        EmployeeOfAnotherBranch: Employee and application belong to different branches.
    """
    if not is_active:
        raise EmployeeRetired("This employee is no longer active; choose someone else.")
    if employee_branch and application_branch and employee_branch != application_branch:
        raise EmployeeOfAnotherBranch("The employee has to be of the same branch as the application.")


@dataclass(frozen=True, slots=True)
class Colleague:
    """What a written name can be compared with: an employee's names and code."""

    id: UUID
    code: str
    khmer: str
    latin: str
    branch_id: UUID | None


def colleagues_named(written: str, colleagues: Iterable[Colleague], *, branch_id: UUID | None) -> tuple[Colleague, ...]:
    """Find the employees whom a name written on a branch's application may mean: by either name, or by their code.

    Only employees of the branch can be meant, because nobody else may be assigned; several results mean that nobody
    knows.
    """
    name, code = normal_name(written), normal_number(written)
    return tuple(
        one
        for one in colleagues
        if (name in {normal_name(one.khmer), normal_name(one.latin)} or code == one.code)
        and (branch_id is None or one.branch_id is None or one.branch_id == branch_id)
    )
