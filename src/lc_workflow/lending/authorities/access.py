"""Who may see, give and hand on authority."""

from typing import Final

from sqlalchemy import ColumnElement, false, or_, true

from lc_workflow.kernel.principal import Principal
from lc_workflow.lending.authorities.models import Authority, Delegation

READ: Final = "approval:read"
MANAGE: Final = "approval:manage"
DELEGATE: Final = "approval:delegate"


def visible_to(principal: Principal) -> ColumnElement[bool]:
    """Whoever may read how loans are approved sees everybody's authority, others their own."""
    return true() if principal.may(READ) else Authority.person_id == principal.id


def delegations_visible_to(principal: Principal) -> ColumnElement[bool]:
    """Delegations are seen by both sides, and by whoever may read how loans are approved."""
    if principal.may(READ):
        return true()
    if principal.may(DELEGATE):
        return or_(Delegation.from_id == principal.id, Delegation.to_id == principal.id)
    return false()
