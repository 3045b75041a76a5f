"""Who may ask employees to look after applications."""

from typing import Final

from sqlalchemy import ColumnElement

from lc_workflow.kernel.principal import Principal
from lc_workflow.lending.applications import access as applications

READ: Final = applications.READ
ASSIGN: Final = "employee:assign"


def visible_to(principal: Principal) -> ColumnElement[bool]:
    """An assignment is seen by whoever sees its application; a query joins the two."""
    return applications.visible_to(principal)
