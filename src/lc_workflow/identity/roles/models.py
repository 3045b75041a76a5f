"""Roles and rights as rows, and who holds them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from lc_workflow.kernel.principal import Scope
from lc_workflow.platform.db.base import DatedRow, Row
from lc_workflow.platform.db.types import choice


class Permission(Row):
    """A permission in one scope; `name` is the right as it is written: `application:read:branch`."""

    __tablename__ = "permissions"

    name: Mapped[str] = mapped_column(String(100), unique=True)
    resource_type: Mapped[str] = mapped_column(String(40))
    action: Mapped[str] = mapped_column(String(40))
    scope: Mapped[Scope] = mapped_column(choice(Scope))
    description: Mapped[str | None] = mapped_column(String(500))
    is_system: Mapped[bool] = mapped_column(default=True)


class CompanyRole(DatedRow):
    """A role: its rank, its rights, and the word by which the web app knows it.

    `grants` holds the names of rights, so that the sender of a request is loaded in one statement without a second
    join; the service writes only names that `permissions` has. `planted` is what the release brought, so that the next
    release changes only its own part. Higher `level`s rank above lower ones.
    """

    __tablename__ = "roles"

    name: Mapped[str] = mapped_column(String(40), unique=True)
    display_name: Mapped[str] = mapped_column(String(100))
    description: Mapped[str | None] = mapped_column(String(500))
    level: Mapped[int]
    web_word: Mapped[str] = mapped_column(String(20))
    is_active: Mapped[bool] = mapped_column(default=True)
    is_system_role: Mapped[bool] = mapped_column(default=False)
    requires_second_factor: Mapped[bool] = mapped_column(default=False)
    grants: Mapped[list[str]] = mapped_column(ARRAY(Text))
    planted: Mapped[list[str]] = mapped_column(ARRAY(Text), default=list)


class UserRole(Row):
    """A further role that somebody holds besides their first, for good or until a moment."""

    __tablename__ = "user_roles"
    __table_args__ = (UniqueConstraint("user_id", "role_id"), Index("ix_user_roles_role_id", "role_id"))

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    role_id: Mapped[UUID] = mapped_column(ForeignKey("roles.id"))
    given_by: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    given_at: Mapped[datetime]
    until: Mapped[datetime | None]
    reason: Mapped[str | None] = mapped_column(String(500))


class UserPermission(Row):
    """A right that somebody was given, or denied, whatever their roles say; for good or until a moment."""

    __tablename__ = "user_permissions"
    __table_args__ = (
        UniqueConstraint("user_id", "permission_id"),
        Index("ix_user_permissions_permission_id", "permission_id"),
    )

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    permission_id: Mapped[UUID] = mapped_column(ForeignKey("permissions.id"))
    is_granted: Mapped[bool]
    given_by: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    given_at: Mapped[datetime]
    until: Mapped[datetime | None]
    reason: Mapped[str | None] = mapped_column(String(500))


class PermissionTemplate(DatedRow):
    """A named set of rights, to be given to a role or a person in one go."""

    __tablename__ = "permission_templates"

    name: Mapped[str] = mapped_column(String(100), unique=True)
    description: Mapped[str | None] = mapped_column(String(500))
    rights: Mapped[list[str]] = mapped_column(ARRAY(Text))
    created_by: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
