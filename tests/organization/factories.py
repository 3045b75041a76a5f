"""Branches, departments and employees as tests need them; `changes` say what matters to the test."""

from itertools import count
from typing import Any

from lc_workflow.organization.branches.models import Branch
from lc_workflow.organization.departments.models import Department
from lc_workflow.organization.employees.models import Employee
from lc_workflow.organization.positions.models import Position
from tests.moments import NOON

_numbers = count(1)


def a_branch(**changes: Any) -> Branch:
    number = next(_numbers)
    return Branch(**{"name": f"Branch {number}", "code": f"B{number:04}", **_DATED, **changes})


def a_department(**changes: Any) -> Department:
    number = next(_numbers)
    return Department(**{"name": f"Department {number}", "code": f"D{number:04}", **_DATED, **changes})


def a_position(**changes: Any) -> Position:
    return Position(**{"name": f"Position {next(_numbers)}", **_DATED, **changes})


def an_employee(**changes: Any) -> Employee:
    number = next(_numbers)
    return Employee(
        **{
            "employee_code": f"{number:04}",
            "full_name_khmer": "សុខ ចាន់ធី",
            "full_name_latin": "SOK CHANTHY",
            **_DATED,
            **changes,
        }
    )


_DATED = {"is_active": True, "created_at": NOON, "updated_at": NOON}
