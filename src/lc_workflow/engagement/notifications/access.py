"""Who sees which notifications, and who is reached by one."""

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, or_

from lc_workflow.engagement.notifications.models import Notification
from lc_workflow.identity.roles.service import holds
from lc_workflow.identity.users.models import User
from lc_workflow.kernel.principal import Principal, Scope

READ: Final = "notification:read"


def visible_to(principal: Principal) -> ColumnElement[bool]:
    """Notifications are personal: nobody sees another's, whatever their role."""
    return Notification.user_id == principal.id


def may_act(permission: str, *, branch_id: UUID | None, at: datetime) -> ColumnElement[bool]:
    """Match the accounts that may use a permission now on an application of a branch which is not their own."""
    everywhere = holds(User.id, User.role, permission, Scope.ALL, at=at)
    if branch_id is None:
        return everywhere
    return or_(everywhere, (User.branch_id == branch_id) & holds(User.id, User.role, permission, Scope.BRANCH, at=at))
