"""Who may do what with accounts."""

from typing import Any, Final, TypeAlias
from uuid import UUID

from sqlalchemy import BindParameter, ColumnElement, or_
from sqlalchemy.orm import InstrumentedAttribute

from lc_workflow.identity.roles.service import Moment, holds
from lc_workflow.identity.users.models import User
from lc_workflow.kernel.principal import Principal, Scope
from lc_workflow.platform.db.reach import within

READ: Final = "user:read"
CREATE: Final = "user:create"
UPDATE: Final = "user:update"
DELETE: Final = "user:delete"
IMPORT: Final = "user:import"
EXPORT: Final = "user:export"
MANAGE: Final = "user:manage"
"""The permission to unlock people, to onboard and offboard them, and to end their sessions."""


Place: TypeAlias = UUID | BindParameter[UUID] | InstrumentedAttribute[Any] | None
"""A branch, a bind parameter for one, or none."""


def visible_to(principal: Principal) -> ColumnElement[bool]:
    """Narrow a query to the accounts a person may see."""
    return in_reach(principal, READ)


def in_reach(principal: Principal, permission: str) -> ColumnElement[bool]:
    """Narrow a query to the accounts a permission reaches; anybody who holds it reaches their own."""
    return within(principal, permission, owner=User.id, branch=User.branch_id)


def may_at_all(permission: str, *, at: Moment) -> ColumnElement[bool]:
    """Match the accounts that may use a permission now, at least on their own things."""
    # The widest first: PostgreSQL stops at the first that is held, and most are held over a branch or everything.
    return or_(*(holds(User.id, User.role, permission, scope, at=at) for scope in reversed(Scope)))


def may_act(permission: str, *, branch_id: Place, at: Moment) -> ColumnElement[bool]:
    """Match the accounts that may use a permission now on something in a branch which is not their own."""
    everywhere = holds(User.id, User.role, permission, Scope.ALL, at=at)
    if branch_id is None:
        return everywhere
    return or_(everywhere, (User.branch_id == branch_id) & holds(User.id, User.role, permission, Scope.BRANCH, at=at))
