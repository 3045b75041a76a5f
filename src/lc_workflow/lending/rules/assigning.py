"""Who may be asked to look after an application."""

from uuid import UUID

from lc_workflow.kernel.errors import Invalid


class EmployeeOfAnotherBranch(Invalid):
    """An employee looks after applications of their own branch (lending.md §7)."""


class EmployeeRetired(Invalid):
    """Somebody who has left is asked nothing any more."""


def check_assignable(*, is_active: bool, employee_branch: UUID | None, application_branch: UUID | None) -> None:
    """Let an employee look after an application of their branch; without a branch on either side there is no conflict.

    Raises:
        EmployeeRetired: The employee is not active.
        EmployeeOfAnotherBranch: Employee and application belong to different branches.
    """
    if not is_active:
        raise EmployeeRetired("This employee is no longer active; choose someone else.")
    if employee_branch and application_branch and employee_branch != application_branch:
        raise EmployeeOfAnotherBranch("The employee has to be of the same branch as the application.")
