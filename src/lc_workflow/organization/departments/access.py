"""Who may do what with departments."""

from typing import Final

from sqlalchemy import ColumnElement, false, true

from lc_workflow.kernel.principal import Principal

READ: Final = "department:read"
CREATE: Final = "department:create"
UPDATE: Final = "department:update"
DELETE: Final = "department:delete"


def visible_to(principal: Principal) -> ColumnElement[bool]:
    """Everyone who may read departments sees all of them: forms offer them to choose from."""
    return true() if principal.may(READ) else false()
