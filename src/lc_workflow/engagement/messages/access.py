"""Who may write to whom."""

from typing import Final

from sqlalchemy import ColumnElement

from lc_workflow.identity.rules.statuses import UserStatus
from lc_workflow.identity.users.access import in_reach
from lc_workflow.identity.users.models import User
from lc_workflow.kernel.principal import Principal

SEND: Final = "notification:send"


def reached_by(principal: Principal) -> ColumnElement[bool]:
    """Match the people who work and whom this person may write to."""
    return (User.status == UserStatus.ACTIVE) & in_reach(principal, SEND)
