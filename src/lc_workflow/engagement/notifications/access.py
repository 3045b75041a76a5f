"""Who sees which notifications, and who is reached by one."""

from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, false, or_

from lc_workflow.engagement.notifications.models import Notification
from lc_workflow.identity.rules.roles import STANDINGS
from lc_workflow.identity.users.models import User
from lc_workflow.kernel.principal import Principal, Scope

READ: Final = "notification:read"


def visible_to(principal: Principal) -> ColumnElement[bool]:
    """Notifications are personal: nobody sees another's, whatever their role."""
    return Notification.user_id == principal.id


def may_act(permission: str, *, branch_id: UUID | None) -> ColumnElement[bool]:
    """Match the accounts whose role lets them use a permission on an application of a branch."""
    reach = {role: standing.grants.get(permission) for role, standing in STANDINGS.items()}
    everywhere = [role for role, scope in reach.items() if scope is Scope.ALL]
    in_branch = [role for role, scope in reach.items() if scope is Scope.BRANCH]
    near = (User.branch_id == branch_id) & User.role.in_(in_branch) if branch_id else false()
    return or_(User.role.in_(everywhere), near)
