"""How far a permission reaches, as a condition on rows."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, false, true
from sqlalchemy.orm import InstrumentedAttribute

from lc_workflow.kernel.principal import Principal, Scope


def within(
    principal: Principal,
    permission: str,
    *,
    owner: InstrumentedAttribute[UUID] | InstrumentedAttribute[UUID | None],
    branch: InstrumentedAttribute[Any],
) -> ColumnElement[bool]:
    """Narrow a query to the rows a permission of this person reaches, by whose they are and in which branch.

    `Principal.reaches` gives the same answer for a row that is loaded.
    """
    mine = owner == principal.id
    match principal.scope_of(permission):
        case None:
            return false()
        case Scope.ALL:
            return true()
        case Scope.BRANCH if principal.branch_id is not None:
            return mine | (branch == principal.branch_id)
        case Scope.DEPARTMENT:
            return mine | owner.in_(principal.department)
        case Scope.TEAM:
            return mine | owner.in_(principal.team)
        case _:
            return mine
