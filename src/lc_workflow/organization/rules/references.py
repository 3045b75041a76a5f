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


class NotInUse(Invalid):
    """What `field` chooses was closed, or has left; what stands there already may stay."""

    def __init__(self, field: str) -> None:
        noun = field.removesuffix("_id").replace("_", " ")
        is_what = "has left" if noun in {"portfolio", "line manager"} else "is closed"
        super().__init__(f"The {noun} {is_what}; choose another.", errors=(FieldError(field, is_what),))
