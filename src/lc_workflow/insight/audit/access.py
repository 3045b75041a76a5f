"""Who may read the journal, and how much of it."""

from typing import Final

from sqlalchemy import ColumnElement, or_, select

from lc_workflow.identity.users.models import User
from lc_workflow.kernel.principal import Principal, Scope
from lc_workflow.lending.applications.access import reached
from lc_workflow.lending.applications.models import CustomerApplication
from lc_workflow.platform.db.reach import within
from lc_workflow.platform.journal.models import JournalEntry
from lc_workflow.platform.security.reads import PersonalRead

READ: Final = "audit:read"
EXPORT: Final = "audit:export"


def visible_to(principal: Principal, permission: str = READ) -> ColumnElement[bool]:
    """The entries a person may see.

    Those who may read everywhere see the whole journal; others see what happened to applications within their reach,
    and what they did themselves.
    """
    if principal.scope_of(permission) is Scope.ALL:
        return JournalEntry.id.is_not(None)
    mine = JournalEntry.actor_id == principal.id
    applications = select(CustomerApplication.id).where(reached(principal, permission))
    return or_(mine, JournalEntry.application_id.in_(applications))


def reads_visible_to(principal: Principal) -> ColumnElement[bool]:
    """The records a person may see, of a query joined with the readers: whose numbers people in reach saw."""
    return within(principal, READ, owner=PersonalRead.reader_id, branch=User.branch_id)
