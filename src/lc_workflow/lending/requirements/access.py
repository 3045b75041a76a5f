"""Who may do what with the papers that an application is asked for."""

from typing import Final

from sqlalchemy import ColumnElement

from lc_workflow.kernel.principal import Principal
from lc_workflow.lending.applications.access import reached, visible_to

READ: Final = "application:read"
DESCRIBE: Final = "file:create"
VERIFY: Final = "file:verify"
WAIVE: Final = "waiver:grant"


def acted_on(principal: Principal, permission: str) -> ColumnElement[bool]:
    """Narrow a query to applications this person sees and for which they hold a permission."""
    return visible_to(principal) & reached(principal, permission)
