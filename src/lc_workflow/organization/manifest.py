"""What the organization contributes: its routes, facts and refusals."""

from lc_workflow.organization.branches.controllers import BranchController
from lc_workflow.organization.branches.service import BranchCodeTaken
from lc_workflow.organization.departments.controllers import DepartmentController
from lc_workflow.organization.departments.service import DepartmentCodeTaken
from lc_workflow.organization.employees.controllers import EmployeeController
from lc_workflow.organization.employees.service import AccountTaken, EmployeeCodeTaken
from lc_workflow.organization.events import (
    BranchChanged,
    BranchClosed,
    BranchOpened,
    DepartmentChanged,
    DepartmentClosed,
    DepartmentOpened,
    EmployeeChanged,
    EmployeeCodesReserved,
    EmployeeHired,
    EmployeeRetired,
    HolidayAdded,
    HolidayRemoved,
    HoursSet,
    PositionChanged,
    PositionClosed,
    PositionOpened,
)
from lc_workflow.organization.hours.controllers import BranchHoursController, HolidayController
from lc_workflow.organization.hours.service import HolidayExists
from lc_workflow.organization.positions.controllers import PositionController
from lc_workflow.organization.positions.service import PositionNameTaken
from lc_workflow.organization.rules.references import NoSuchAccount, NoSuchBranch, NoSuchDepartment, NoSuchManager
from lc_workflow.platform.manifest import Manifest

MANIFEST = Manifest(
    routes=(
        BranchController,
        DepartmentController,
        PositionController,
        EmployeeController,
        BranchHoursController,
        HolidayController,
    ),
    events=(
        BranchOpened,
        BranchChanged,
        BranchClosed,
        DepartmentOpened,
        DepartmentChanged,
        DepartmentClosed,
        PositionOpened,
        PositionChanged,
        PositionClosed,
        EmployeeHired,
        EmployeeChanged,
        EmployeeRetired,
        EmployeeCodesReserved,
        HoursSet,
        HolidayAdded,
        HolidayRemoved,
    ),
    refusals={
        "uq_branches_code": BranchCodeTaken,
        "fk_branches_manager_id": NoSuchManager,
        "uq_departments_code": DepartmentCodeTaken,
        "fk_departments_manager_id": NoSuchManager,
        "uq_holidays_day_branch_id": HolidayExists,
        "uq_positions_name": PositionNameTaken,
        "uq_employees_employee_code": EmployeeCodeTaken,
        "uq_employees_user_id": AccountTaken,
        "fk_employees_department_id": NoSuchDepartment,
        "fk_employees_branch_id": NoSuchBranch,
        "fk_employees_user_id": NoSuchAccount,
    },
)
