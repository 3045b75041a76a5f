"""Who may do what with settings."""

from typing import Final

from sqlalchemy import ColumnElement, true

from lc_workflow.kernel.principal import Principal
from lc_workflow.system.settings.models import Setting

READ: Final = "system:read"
MANAGE: Final = "system:manage"


def visible_to(principal: Principal) -> ColumnElement[bool]:
    """Everyone who is signed in sees the public settings; the others are for those who look after the system."""
    return true() if principal.may(READ) or principal.may(MANAGE) else Setting.is_public.is_(True)
