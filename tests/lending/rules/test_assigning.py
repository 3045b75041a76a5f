"""Who may be asked to look after an application."""

from uuid import uuid4

import pytest

from lc_workflow.lending.rules.assigning import (
    Colleague,
    EmployeeOfAnotherBranch,
    EmployeeRetired,
    check_assignable,
    colleagues_named,
)

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


DARA = Colleague(uuid4(), "0007", "កែវ ដារ៉ា", "KEO DARA", HERE)
ELSEWHERE = Colleague(uuid4(), "0008", "កែវ ដារ៉ា", "KEO DARA", THERE)
OF_NO_BRANCH = Colleague(uuid4(), "0009", "សុខ ដារ៉ា", "SOK DARA", None)
ALL = (DARA, ELSEWHERE, OF_NO_BRANCH)


@pytest.mark.parametrize("written", ["KEO DARA", "keo  dara ", "កែវ ដារ៉ា", "0007", "០០០៧"])
def test_a_name_on_paper_means_the_colleague_of_the_branch_by_either_name_or_their_code(written: str) -> None:
    assert colleagues_named(written, ALL, branch_id=HERE) == (DARA,)


def test_who_is_of_no_branch_may_be_meant_anywhere_and_where_it_is_of_none_anybody() -> None:
    assert colleagues_named("SOK DARA", ALL, branch_id=HERE) == (OF_NO_BRANCH,)
    assert colleagues_named("KEO DARA", ALL, branch_id=None) == (DARA, ELSEWHERE)
    assert colleagues_named("0008", ALL, branch_id=HERE) == ()
    assert colleagues_named("DARA", ALL, branch_id=HERE) == ()
