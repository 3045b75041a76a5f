"""Who may do what with branches."""

from typing import Final

from sqlalchemy import ColumnElement, false, true

from lc_workflow.kernel.principal import Principal

READ: Final = "branch:read"
CREATE: Final = "branch:create"
UPDATE: Final = "branch:update"
DELETE: Final = "branch:delete"


def visible_to(principal: Principal) -> ColumnElement[bool]:
    """Everyone who may read branches sees all of them: forms offer them to choose from."""
    return true() if principal.may(READ) else false()
