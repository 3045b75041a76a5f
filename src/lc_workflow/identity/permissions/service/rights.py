"""Writing rights down."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from advanced_alchemy.filters import LimitOffset
from advanced_alchemy.repository import SQLAlchemyAsyncRepository
from sqlalchemy import delete, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.identity.events import (
    PermissionAdded,
    PermissionDescribed,
    PermissionRemoved,
)
from lc_workflow.identity.permissions.schemas import (
    NewPermission,
    PermissionChange,
)
from lc_workflow.identity.roles.models import CompanyRole, Permission, UserPermission
from lc_workflow.identity.rules.grants import Right
from lc_workflow.identity.rules.roles import check_right
from lc_workflow.kernel.errors import Invalid
from lc_workflow.kernel.principal import Principal
from lc_workflow.platform.http.paging import Window
from lc_workflow.platform.http.shapes import differing, given
from lc_workflow.platform.search import contains
from lc_workflow.platform.service import Service


class PermissionTaken(Invalid):
    """This right is written down already."""

    def __init__(self) -> None:
        super().__init__("This right is written down already.")


class PermissionInUse(Invalid):
    """Somebody holds the right, or a role does."""


class SystemPermission(Invalid):
    """The right comes with the release."""


class NoSuchPermission(Invalid):
    """An id is that of no right."""


async def rights_by_id(session: AsyncSession, ids: Iterable[UUID]) -> list[Permission]:
    """Load rights by their ids, in the order of their names.

    Raises:
        NoSuchPermission: One of the ids is that of no right.
    """
    wanted = set(ids)
    rows = (await session.scalars(select(Permission).where(Permission.id.in_(wanted)).order_by(Permission.name))).all()
    if len(rows) != len(wanted):
        raise NoSuchPermission("One of the permissions does not exist.")
    return list(rows)


class PermissionService(Service[Permission]):
    """The rights there are."""

    class Repo(SQLAlchemyAsyncRepository[Permission]):
        """Permissions as rows."""

        model_type = Permission

    repository_type = Repo
    noun = "permission"

    async def page(self, window: Window, *, search: str | None) -> tuple[Sequence[Permission], int]:
        """List rights by name, with how many there are in all."""
        where = [contains(Permission.name, search)] if search else []
        return await self.get_many_and_count(
            *where, LimitOffset(window.size, window.offset), order_by=[Permission.name.asc()]
        )

    async def add(self, wish: NewPermission, *, principal: Principal, at: datetime) -> Permission:
        """Write a right down.

        Raises:
            NoSuchRight: Nothing in the house asks for it, or not in that scope.
            PermissionTaken: It is written down already.
        """
        right = Right(f"{wish.resource_type}:{wish.action}", wish.scope.scope)
        check_right(right)
        async with self.transaction():
            row = await self.create(
                Permission(name=str(right), is_system=False, **given(wish) | {"scope": right.scope})
            )
            self.announce(PermissionAdded(actor_id=principal.id, at=at, permission_id=row.id, name=row.name))
        return row

    async def describe(
        self, permission_id: UUID, wish: PermissionChange, *, principal: Principal, at: datetime
    ) -> Permission:
        """Say what a right is for.

        Raises:
            Missing: There is no such right.
        """
        async with self.transaction():
            row = await self.find(id=permission_id, lock=True)
            if changes := differing(row, wish):
                row.description = changes["description"]
                self.announce(PermissionDescribed(actor_id=principal.id, at=at, permission_id=row.id, name=row.name))
        return row

    async def remove(self, permission_id: UUID, *, principal: Principal, at: datetime) -> None:
        """Strike out a right that the installation has added and nobody holds.

        Raises:
            Missing: There is no such right.
            SystemPermission: It comes with the release.
            PermissionInUse: Somebody holds it.
        """
        async with self.transaction():
            row = await self.find(id=permission_id, lock=True)
            if row.is_system:
                raise SystemPermission("This right comes with the release; take it from roles and people instead.")
            by_person = exists().where(UserPermission.permission_id == row.id)
            by_role = exists().where(CompanyRole.grants.contains([row.name]))
            if await self.session.scalar(select(or_(by_person, by_role))):
                raise PermissionInUse("Somebody or some role holds this right; take it from them first.")
            await self.session.execute(delete(Permission).where(Permission.id == row.id))
            self.announce(PermissionRemoved(actor_id=principal.id, at=at, permission_id=permission_id, name=row.name))
