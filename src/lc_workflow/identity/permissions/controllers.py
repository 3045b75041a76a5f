"""The paths of permissions, roles and the matrix."""

from typing import Annotated, Any
from uuid import UUID

from litestar import Controller, delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from lc_workflow.identity.permissions.access import MANAGE, READ
from lc_workflow.identity.permissions.schemas import (
    Bulk,
    BulkDone,
    FromTemplate,
    Matrix,
    NewPermission,
    NewRole,
    PermissionAnswer,
    PermissionChange,
    PermissionFilter,
    RoleAnswer,
    RoleChange,
    RoleFilter,
    RoleWithPermissions,
    ScopeWord,
    StandardRole,
    Toggle,
    Toggled,
)
from lc_workflow.identity.permissions.service import PermissionService, RoleService
from lc_workflow.identity.roles.models import CompanyRole, Permission
from lc_workflow.identity.rules.roles import STANDINGS
from lc_workflow.kernel.principal import Principal
from lc_workflow.platform.clock import Clock
from lc_workflow.platform.http.paging import WIDE_WINDOW, Page, Window
from lc_workflow.platform.http.provide import Provider, provide
from lc_workflow.platform.security.guards import requires

Search = Annotated[str | None, QueryParameter(max_length=200, description="A part of what is looked for.")]
Word = Annotated[str | None, QueryParameter(max_length=40)]


def permission_filter(
    search: Search = None,
    resource_type: Word = None,
    action: Word = None,
    reach: Annotated[ScopeWord | None, QueryParameter(name="scope")] = None,
    is_active: FromQuery[bool | None] = None,
) -> PermissionFilter:
    """Read which rights are wanted."""
    return PermissionFilter(search=search, resource_type=resource_type, action=action, scope=reach, is_active=is_active)


def role_filter(
    search: Search = None,
    level: Annotated[int | None, QueryParameter(ge=0, le=100)] = None,
    is_active: FromQuery[bool | None] = None,
    is_system_role: FromQuery[bool | None] = None,
) -> RoleFilter:
    """Read which roles are wanted."""
    return RoleFilter(search=search, level=level, is_active=is_active, is_system_role=is_system_role)


class PermissionController(Controller):
    """Rights, and which role holds which."""

    path = "/api/v1/permissions"
    tags = ("Permissions",)
    dependencies = {
        "permissions": provide(PermissionService),
        "roles": provide(RoleService),
        **WIDE_WINDOW,
    }

    @get(guards=[requires(READ)], dependencies={"wanted": Provider(permission_filter)})
    async def list_permissions(
        self,
        permissions: NamedDependency[PermissionService],
        window: NamedDependency[Window],
        wanted: NamedDependency[PermissionFilter],
    ) -> Page[PermissionAnswer]:
        """List every right that can be held, by name."""
        rows, total = await permissions.page(window, wanted)
        return Page.of([PermissionAnswer.of(row) for row in rows], total=total, window=window)

    @post(guards=[requires(MANAGE)])
    async def add(
        self,
        data: JSONBody[NewPermission],
        permissions: NamedDependency[PermissionService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> PermissionAnswer:
        """Add a right: an existing permission in a further scope."""
        return PermissionAnswer.of(await permissions.add(data, principal=principal, at=clock()))

    @put("/{permission_id:uuid}", guards=[requires(MANAGE)])
    async def describe(
        self,
        permission_id: FromPath[UUID],
        data: JSONBody[PermissionChange],
        permissions: NamedDependency[PermissionService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> PermissionAnswer:
        """Say what a right is for."""
        row = await permissions.describe(permission_id, data, principal=principal, at=clock())
        return PermissionAnswer.of(row)

    @delete("/{permission_id:uuid}", guards=[requires(MANAGE)])
    async def remove(
        self,
        permission_id: FromPath[UUID],
        permissions: NamedDependency[PermissionService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> None:
        """Remove a right that the installation added and nobody holds."""
        await permissions.remove(permission_id, principal=principal, at=clock())

    @get("/matrix", guards=[requires(READ)])
    async def matrix(self, roles: NamedDependency[RoleService], clock: NamedDependency[Clock]) -> Matrix:
        """Show which role holds which right."""
        found, permissions = await roles.matrix(at=clock())
        ids = {row.name: row.id for row in permissions}
        held = {role.id: [ids[name] for name in role.grants if name in ids] for role, _ in found}
        return Matrix(
            [_role(role, count) for role, count in found],
            [PermissionAnswer.of(row) for row in permissions],
            held,
            {role_id: dict.fromkeys(rights, True) for role_id, rights in held.items()},
        )

    @put("/matrix/toggle", guards=[requires(MANAGE)])
    async def toggle(
        self,
        data: JSONBody[Toggle],
        roles: NamedDependency[RoleService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> Toggled:
        """Give a role a right, or take it away; it counts from everybody's next request."""
        return Toggled(data.role_id, data.permission_id, await roles.toggle(data, principal=principal, at=clock()))

    @post("/bulk", guards=[requires(MANAGE)], status_code=200)
    async def in_bulk(
        self,
        data: JSONBody[Bulk],
        roles: NamedDependency[RoleService],
        permissions: NamedDependency[PermissionService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> BulkDone:
        """Give rights to several roles, take them away, or remove rights: all or nothing."""
        service = roles if data.is_about_roles else permissions
        changed = await service.in_bulk(data, principal=principal, at=clock())
        asked = len((data.role_ids if data.is_about_roles else data.ids) or ())
        return BulkDone(changed, asked, 0, asked)


class RoleController(Controller):
    """Roles."""

    path = "/api/v1/permissions/roles"
    tags = ("Permissions",)
    dependencies = {"roles": provide(RoleService), **WIDE_WINDOW}

    @get(guards=[requires(READ)], dependencies={"wanted": Provider(role_filter)})
    async def list_roles(
        self,
        roles: NamedDependency[RoleService],
        window: NamedDependency[Window],
        wanted: NamedDependency[RoleFilter],
        clock: NamedDependency[Clock],
    ) -> Page[RoleAnswer]:
        """List roles, the highest first."""
        rows, total = await roles.page(window, wanted, at=clock())
        return Page.of([_role(role, count) for role, count in rows], total=total, window=window)

    @get("/standard", guards=[requires(READ)])
    async def standard(self) -> Page[StandardRole]:
        """List the roles as the release brings them."""
        roles = [
            StandardRole(name, standing.display_name, standing.level, standing.web_word, standing.rights)
            for name, standing in STANDINGS.items()
        ]
        return Page.of(roles, total=len(roles), window=Window(1, len(roles)))

    @post(guards=[requires(MANAGE)])
    async def open(
        self,
        data: JSONBody[NewRole],
        roles: NamedDependency[RoleService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> RoleWithPermissions:
        """Open a role with rights that one holds oneself."""
        now = clock()
        return _whole(*await roles.whole((await roles.open(data, principal=principal, at=now)).id, at=now))

    @post("/from-template", guards=[requires(MANAGE)])
    async def open_like(
        self,
        data: JSONBody[FromTemplate],
        roles: NamedDependency[RoleService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> RoleWithPermissions:
        """Open a role as a copy of a standard one, or with the rights of a template."""
        now = clock()
        return _whole(*await roles.whole((await roles.open_like(data, principal=principal, at=now)).id, at=now))

    @get("/{role_id:uuid}", guards=[requires(READ)])
    async def read(
        self, role_id: FromPath[UUID], roles: NamedDependency[RoleService], clock: NamedDependency[Clock]
    ) -> RoleWithPermissions:
        """Show a role with its rights."""
        return _whole(*await roles.whole(role_id, at=clock()))

    @put("/{role_id:uuid}", guards=[requires(MANAGE)])
    async def change(
        self,
        role_id: FromPath[UUID],
        data: JSONBody[RoleChange],
        roles: NamedDependency[RoleService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> RoleWithPermissions:
        """Change a role, in part."""
        now = clock()
        await roles.change(role_id, data, principal=principal, at=now)
        return _whole(*await roles.whole(role_id, at=now))

    @delete("/{role_id:uuid}", guards=[requires(MANAGE)])
    async def close(
        self,
        role_id: FromPath[UUID],
        roles: NamedDependency[RoleService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> None:
        """Remove a role that nobody holds."""
        await roles.close(role_id, principal=principal, at=clock())

    @post("/{role_id:uuid}/permissions/{permission_id:uuid}", guards=[requires(MANAGE)], status_code=200)
    async def give(
        self,
        role_id: FromPath[UUID],
        permission_id: FromPath[UUID],
        roles: NamedDependency[RoleService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> Toggled:
        """Give a role a right."""
        wish = Toggle(role_id=role_id, permission_id=permission_id, is_granted=True)
        return Toggled(role_id, permission_id, await roles.toggle(wish, principal=principal, at=clock()))

    @delete("/{role_id:uuid}/permissions/{permission_id:uuid}", guards=[requires(MANAGE)], status_code=200)
    async def take(
        self,
        role_id: FromPath[UUID],
        permission_id: FromPath[UUID],
        roles: NamedDependency[RoleService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> Toggled:
        """Take a right from a role; the page of the matrix reads the answer."""
        wish = Toggle(role_id=role_id, permission_id=permission_id, is_granted=False)
        return Toggled(role_id, permission_id, await roles.toggle(wish, principal=principal, at=clock()))


def _role(role: CompanyRole, count: int) -> RoleAnswer:
    return RoleAnswer(**_fields(role, count))


def _whole(role: CompanyRole, count: int, permissions: list[Permission]) -> RoleWithPermissions:
    shown = [PermissionAnswer.of(row) for row in permissions]
    return RoleWithPermissions(**_fields(role, count), permissions=shown)


def _fields(role: CompanyRole, count: int) -> dict[str, Any]:
    counted = {"permission_count": len(role.grants), "user_count": count}
    names = (name for name in RoleAnswer.__struct_fields__ if name not in counted)
    return counted | {name: getattr(role, name) for name in names}
