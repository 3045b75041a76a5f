"""What is refused about accounts."""

from typing import Final

from lc_workflow.identity.rules.roles import NoSuchRole
from lc_workflow.kernel.errors import FieldError, Invalid
from lc_workflow.organization.rules.references import NoSuchBranch, NoSuchDepartment
from lc_workflow.platform.http.database import Refusals


class UsernameTaken(Invalid):
    """Another account has this user name."""

    def __init__(self) -> None:
        super().__init__("Another account already has this user name.", errors=(FieldError("username", "is taken"),))


class EmailTaken(Invalid):
    """Another account has this e-mail address."""

    def __init__(self) -> None:
        super().__init__("Another account already has this e-mail address.", errors=(FieldError("email", "is taken"),))


class EmployeeIdTaken(Invalid):
    """Another account has this employee id."""

    def __init__(self) -> None:
        super().__init__(
            "Another account already has this employee id.", errors=(FieldError("employee_id", "is taken"),)
        )


class NoSuchPosition(Invalid):
    """`position_id` is the id of no position."""

    def __init__(self) -> None:
        super().__init__("There is no such position.", errors=(FieldError("position_id", "is no position"),))


class NoSuchPortfolio(Invalid):
    """`portfolio_id` is the id of no employee."""

    def __init__(self) -> None:
        super().__init__("There is no such portfolio.", errors=(FieldError("portfolio_id", "is no employee"),))


class NoSuchLineManager(Invalid):
    """`line_manager_id` is the id of no employee."""

    def __init__(self) -> None:
        super().__init__("There is no such line manager.", errors=(FieldError("line_manager_id", "is no employee"),))


class LastAdministrator(Invalid):
    """Nobody would be left to administer the installation."""


REFUSALS: Final[Refusals] = {
    "fk_users_role": NoSuchRole,
    "uq_users_username": UsernameTaken,
    "uq_users_email": EmailTaken,
    "uq_users_employee_id": EmployeeIdTaken,
    "fk_users_branch_id": NoSuchBranch,
    "fk_users_department_id": NoSuchDepartment,
    "fk_users_position_id": NoSuchPosition,
    "fk_users_portfolio_id": NoSuchPortfolio,
    "fk_users_line_manager_id": NoSuchLineManager,
}
"""The refusal for each constraint on accounts."""
