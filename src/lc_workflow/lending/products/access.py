"""Who may do what with products."""

from typing import Final

from sqlalchemy import ColumnElement, false, true

from lc_workflow.kernel.principal import Principal

READ: Final = "product:read"
UPDATE: Final = "product:update"
PUBLISH: Final = "product:publish"


def visible_to(principal: Principal) -> ColumnElement[bool]:
    """Everyone who may read products sees all of them: an officer says to customers what there is."""
    return true() if principal.may(READ) else false()
