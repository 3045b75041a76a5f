"""Who may do what with positions."""

from typing import Final

from sqlalchemy import ColumnElement, false, true

from lc_workflow.kernel.principal import Principal

READ: Final = "position:read"
CREATE: Final = "position:create"
UPDATE: Final = "position:update"
DELETE: Final = "position:delete"


def visible_to(principal: Principal) -> ColumnElement[bool]:
    """Everyone who may read positions sees all of them: forms offer them to choose from."""
    return true() if principal.may(READ) else false()
