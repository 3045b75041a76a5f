"""Who may do what with exchange rates."""

from typing import Final

from sqlalchemy import ColumnElement, false, true

from lc_workflow.kernel.principal import Principal

READ: Final = "rate:read"
UPDATE: Final = "rate:update"


def visible_to(principal: Principal) -> ColumnElement[bool]:
    """Everyone who may read exchange rates sees all of them."""
    return true() if principal.may(READ) else false()
