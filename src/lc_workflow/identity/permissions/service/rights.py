"""The list of rights."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from msgspec import UNSET
from sqlalchemy import ColumnElement, delete, exists, false, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.identity.events import (
    PermissionAdded,
    PermissionDescribed,
    PermissionRemoved,
)
from lc_workflow.identity.permissions.schemas import (
    NOT_SWITCHED_OFF,
    Bulk,
    NewPermission,
    NotProvidedFor,
    PermissionChange,
    PermissionFilter,
    check_right_counts,
)
from lc_workflow.identity.roles.models import CompanyRole, Permission, UserPermission
from lc_workflow.identity.rules.grants import Right
from lc_workflow.identity.rules.roles import check_right
from lc_workflow.kernel.errors import FieldError, Invalid
from lc_workflow.kernel.principal import Principal
from lc_workflow.platform.http.paging import Window
from lc_workflow.platform.search import contains
from lc_workflow.platform.service import Service


class PermissionTaken(Invalid):
    """This right exists already."""

    def __init__(self) -> None:
        super().__init__("This right is written down already.")


class PermissionInUse(Invalid):
    """Somebody holds the right, or a role does."""


class SystemPermission(Invalid):
    """The right comes with the release."""


class PermissionFixed(Invalid):
    """What a right allows is its name, which cannot change."""

    def __init__(self, fields: Iterable[str]) -> None:
        super().__init__(
            "What a right lets people do stays as its name says; only its description changes. Give another right"
            " instead.",
            errors=tuple(FieldError(field, "stays as it is") for field in fields),
        )


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

    noun = "permission"

    async def page(self, window: Window, wanted: PermissionFilter) -> tuple[Sequence[Permission], int]:
        """List rights by name, with how many there are in all."""
        where: list[ColumnElement[bool]] = []
        if wanted.search:
            where.append(or_(contains(Permission.name, wanted.search), contains(Permission.description, wanted.search)))
        if wanted.resource_type:
            where.append(Permission.resource_type == wanted.resource_type)
        if wanted.action:
            where.append(Permission.action == wanted.action)
        if wanted.scope:
            where.append(Permission.scope == wanted.scope.scope)
        if wanted.is_active is False:
            where.append(false())  # no right is ever out of use
        return await self.page_of(window, *where, by=[Permission.name])

    async def add(self, wish: NewPermission, *, principal: Principal, at: datetime) -> Permission:
        """Write a right down.

        Raises:
            NoSuchRight: Nothing in the house asks for it, or not in that scope.
            PermissionTaken: It is written down already.
            NotProvidedFor: It is to count only sometimes.
        """
        check_right_counts(wish)
        right = Right(f"{wish.resource_type}:{wish.action}", wish.scope.scope)
        check_right(right)
        async with self.transaction():
            row = await self.create(
                Permission(
                    name=str(right),
                    resource_type=wish.resource_type,
                    action=wish.action,
                    scope=right.scope,
                    description=wish.description,
                    is_system=False,
                )
            )
            self.announce(PermissionAdded(actor_id=principal.id, at=at, permission_id=row.id, name=row.name))
        return row

    async def describe(
        self, permission_id: UUID, wish: PermissionChange, *, principal: Principal, at: datetime
    ) -> Permission:
        """Say what a right is for.

        Raises:
            Missing: There is no such right.
            PermissionFixed: It would let people do something else.
            NotProvidedFor: It is to count no more, or only sometimes.
        """
        check_right_counts(wish)
        async with self.transaction():
            row = await self.find(id=permission_id, lock=True)
            said = {
                "name": wish.name,
                "resource_type": wish.resource_type,
                "action": wish.action,
                "scope": wish.scope and wish.scope.scope,
            }
            if others := [field for field, value in said.items() if value is not None and value != getattr(row, field)]:
                raise PermissionFixed(others)
            if wish.description is not UNSET and wish.description != row.description:
                row.description = wish.description
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
            await self._strike_out(permission_id, principal=principal, at=at)

    async def in_bulk(self, wish: Bulk, *, principal: Principal, at: datetime) -> int:
        """Strike out several rights, all of them or none, or say of some that they count; return how many changed.

        Raises:
            NoSuchPermission: One of the ids is that of no right.
            SystemPermission, PermissionInUse: As for one.
            NotProvidedFor: They are to count no more.
            BulkUnclear: It is not said which.
        """
        wish.check()
        if wish.action == "deactivate":
            raise NotProvidedFor(f"action: {NOT_SWITCHED_OFF}.", errors=(FieldError("action", NOT_SWITCHED_OFF),))
        async with self.transaction():
            rights = await rights_by_id(self.session, wish.ids or ())
            if wish.action != "delete":
                return 0
            for right in rights:
                await self._strike_out(right.id, principal=principal, at=at)
        return len(rights)

    async def _strike_out(self, permission_id: UUID, *, principal: Principal, at: datetime) -> None:
        row = await self.find(id=permission_id, lock=True)
        if row.is_system:
            raise SystemPermission("This right comes with the release; take it from roles and people instead.")
        by_person = exists().where(UserPermission.permission_id == row.id)
        by_role = exists().where(CompanyRole.grants.contains([row.name]))
        if await self.session.scalar(select(or_(by_person, by_role))):
            raise PermissionInUse("Somebody or some role holds this right; take it from them first.")
        await self.session.execute(delete(Permission).where(Permission.id == row.id))
        self.announce(PermissionRemoved(actor_id=principal.id, at=at, permission_id=permission_id, name=row.name))
