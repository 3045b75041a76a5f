"""Who may take applications out of the house as files."""

from typing import Final

from sqlalchemy import ColumnElement

from lc_workflow.kernel.principal import Principal
from lc_workflow.lending.applications.access import reached, visible_to

EXPORT: Final = "application:export"


def exportable_by(principal: Principal) -> ColumnElement[bool]:
    """Narrow a query to the applications this person sees and may export."""
    return visible_to(principal) & reached(principal, EXPORT)
