"""Who may do what with the profiles of the law."""

from typing import Final

from sqlalchemy import ColumnElement, false, true

from lc_workflow.kernel.principal import Principal

READ: Final = "jurisdiction:read"
UPDATE: Final = "jurisdiction:update"
CONFIRM: Final = "jurisdiction:confirm"


def visible_to(principal: Principal) -> ColumnElement[bool]:
    """Everyone who may read profiles sees all of them."""
    return true() if principal.may(READ) else false()
