"""Who may do what with approval matrices."""

from typing import Final

from sqlalchemy import ColumnElement, false, true

from lc_workflow.kernel.principal import Principal

READ: Final = "approval:read"
MANAGE: Final = "approval:manage"


def visible_to(principal: Principal) -> ColumnElement[bool]:
    """Whoever may read matrices sees all versions."""
    return true() if principal.may(READ) else false()
