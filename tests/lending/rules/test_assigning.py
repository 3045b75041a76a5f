"""Who may be asked to look after an application."""

from uuid import uuid4

import pytest

from lc_workflow.lending.rules.assigning import EmployeeOfAnotherBranch, EmployeeRetired, check_assignable

HERE, THERE = uuid4(), uuid4()


def test_an_employee_looks_after_applications_of_their_branch() -> None:
    check_assignable(is_active=True, employee_branch=HERE, application_branch=HERE)
    with pytest.raises(EmployeeOfAnotherBranch, match="same branch"):
        check_assignable(is_active=True, employee_branch=THERE, application_branch=HERE)


def test_without_a_branch_on_either_side_there_is_no_conflict() -> None:
    check_assignable(is_active=True, employee_branch=None, application_branch=HERE)
    check_assignable(is_active=True, employee_branch=HERE, application_branch=None)


def test_somebody_who_has_left_is_asked_nothing() -> None:
    with pytest.raises(EmployeeRetired):
        check_assignable(is_active=False, employee_branch=HERE, application_branch=HERE)
