"""Who sees figures, and which applications they count."""

from typing import Final

from sqlalchemy import ColumnElement

from lc_workflow.kernel.principal import Principal
from lc_workflow.lending.applications.access import reached

READ: Final = "analytics:read"


def counted_for(principal: Principal) -> ColumnElement[bool]:
    """Narrow a query to the applications whose figures this person may see."""
    return reached(principal, READ)
