"""Who may do what with checklists."""

from typing import Final

from sqlalchemy import ColumnElement, false, true

from lc_workflow.kernel.principal import Principal

READ: Final = "checklist:read"
UPDATE: Final = "checklist:update"
PUBLISH: Final = "checklist:publish"


def visible_to(principal: Principal) -> ColumnElement[bool]:
    """Everyone who may read checklists sees all versions: an officer says to customers what to bring."""
    return true() if principal.may(READ) else false()
