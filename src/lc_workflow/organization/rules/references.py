"""Refusals of ids that lead nowhere."""

from lc_workflow.kernel.errors import FieldError, Invalid


class NoSuchBranch(Invalid):
    """`branch_id` is the id of no branch."""

    def __init__(self) -> None:
        super().__init__("There is no such branch.", errors=(FieldError("branch_id", "is no branch"),))


class NoSuchDepartment(Invalid):
    """`department_id` is the id of no department."""

    def __init__(self) -> None:
        super().__init__("There is no such department.", errors=(FieldError("department_id", "is no department"),))


class NoSuchManager(Invalid):
    """`manager_id` is the id of no account."""

    def __init__(self) -> None:
        super().__init__("There is no such person to be the manager.", errors=(FieldError("manager_id", "is nobody"),))


class NoSuchAccount(Invalid):
    """`user_id` is the id of no account, or of none that the person may see."""

    def __init__(self) -> None:
        super().__init__("There is no such account.", errors=(FieldError("user_id", "is no account"),))
