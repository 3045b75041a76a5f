"""The paths of a person's roles and rights."""

from typing import TypeVar
from uuid import UUID

from litestar import Controller, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from lc_workflow.identity.holdings.schemas import RightToGive, RoleToGive
from lc_workflow.identity.holdings.service import HoldingService
from lc_workflow.identity.permissions.access import MANAGE, READ
from lc_workflow.identity.roles.schemas import EffectivePermission, Rights, RoleCard
from lc_workflow.kernel.principal import Principal
from lc_workflow.platform.clock import Clock
from lc_workflow.platform.http.paging import Page, Window
from lc_workflow.platform.http.provide import provide
from lc_workflow.platform.security.guards import requires

T = TypeVar("T")
ALL = "/{user_id:uuid}/permissions/all"
HOLDINGS = {"holdings": provide(HoldingService)}


class HoldingController(Controller):
    """The roles and rights of one person."""

    path = "/api/v1/users"
    tags = ("Permissions",)
    dependencies = HOLDINGS

    @get(["/{user_id:uuid}/permissions", ALL], guards=[requires(READ)])
    async def read(
        self,
        user_id: FromPath[UUID],
        holdings: NamedDependency[HoldingService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> Rights:
        """Show everything a person may do, and where each right comes from."""
        return await holdings.of(user_id, principal=principal, at=clock())

    @post("/{user_id:uuid}/permissions", guards=[requires(MANAGE)], status_code=200)
    async def give_right(
        self,
        user_id: FromPath[UUID],
        data: JSONBody[RightToGive],
        holdings: NamedDependency[HoldingService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> Rights:
        """Give somebody a right, or deny it; it counts from their next request."""
        return await holdings.give_right(user_id, data, principal=principal, at=clock())

    @delete("/{user_id:uuid}/permissions/{permission_id:uuid}", guards=[requires(MANAGE)])
    async def take_right(
        self,
        user_id: FromPath[UUID],
        permission_id: FromPath[UUID],
        holdings: NamedDependency[HoldingService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> None:
        """Forget what was given or denied to somebody beside their roles."""
        await holdings.take_right(user_id, permission_id, principal=principal, at=clock())

    @get("/{user_id:uuid}/roles", guards=[requires(READ)])
    async def roles(
        self,
        user_id: FromPath[UUID],
        holdings: NamedDependency[HoldingService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> Page[RoleCard]:
        """List the roles that a person holds now, the highest first."""
        return _page((await holdings.of(user_id, principal=principal, at=clock())).roles)

    @post("/{user_id:uuid}/roles", guards=[requires(MANAGE)], status_code=200)
    async def give_role(
        self,
        user_id: FromPath[UUID],
        data: JSONBody[RoleToGive],
        holdings: NamedDependency[HoldingService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> Rights:
        """Give somebody a further role; it counts from their next request."""
        return await holdings.give_role(user_id, data, principal=principal, at=clock())

    @delete("/{user_id:uuid}/roles/{role_id:uuid}", guards=[requires(MANAGE)])
    async def take_role(
        self,
        user_id: FromPath[UUID],
        role_id: FromPath[UUID],
        holdings: NamedDependency[HoldingService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> None:
        """Take a further role from somebody; it counts from their next request."""
        await holdings.take_role(user_id, role_id, principal=principal, at=clock())


class HeldController(Controller):
    """The same, as the permission pages ask for it."""

    path = "/api/v1/permissions/users"
    tags = ("Permissions",)
    dependencies = HOLDINGS

    @get("/{user_id:uuid}/permissions", guards=[requires(READ)])
    async def permissions(
        self,
        user_id: FromPath[UUID],
        holdings: NamedDependency[HoldingService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> Page[EffectivePermission]:
        """List the rights that a person holds now."""
        return _page((await holdings.of(user_id, principal=principal, at=clock())).effective_permissions)

    @get("/{user_id:uuid}/roles", guards=[requires(READ)])
    async def roles(
        self,
        user_id: FromPath[UUID],
        holdings: NamedDependency[HoldingService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> Page[RoleCard]:
        """List the roles that a person holds now, the highest first."""
        return _page((await holdings.of(user_id, principal=principal, at=clock())).roles)


def _page(rows: tuple[T, ...]) -> Page[T]:
    """Show all of a short list as its only page."""
    return Page.of(rows, total=len(rows), window=Window(1, max(1, len(rows))))
