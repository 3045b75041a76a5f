"""Who may read the journal, and how much of it."""

from typing import Final

from sqlalchemy import ColumnElement, or_, select

from lc_workflow.kernel.principal import Principal, Scope
from lc_workflow.lending.applications.access import reached
from lc_workflow.lending.applications.models import CustomerApplication
from lc_workflow.platform.journal.models import JournalEntry

READ: Final = "audit:read"
EXPORT: Final = "audit:export"


def visible_to(principal: Principal, permission: str = READ) -> ColumnElement[bool]:
    """Narrow a query to the entries a person may see.

    Those who may read everywhere see the whole journal; others what happened to applications within their reach, and
    what they did themselves.
    """
    if principal.scope_of(permission) is Scope.ALL:
        return JournalEntry.id.is_not(None)
    mine = JournalEntry.actor_id == principal.id
    applications = select(CustomerApplication.id).where(reached(principal, permission))
    return or_(mine, JournalEntry.application_id.in_(applications))
