"""Opening and closing roles, and which role holds which right."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, delete, exists, func, or_, select

from lc_workflow.identity.events import (
    RoleAltered,
    RoleClosed,
    RoleOpened,
    RoleRightsChanged,
)
from lc_workflow.identity.permissions.schemas import (
    LOWEST,
    Bulk,
    FromTemplate,
    NewRole,
    RoleChange,
    RoleFilter,
    RoleLimits,
    Toggle,
    WebWord,
    check_unlimited,
)
from lc_workflow.identity.permissions.service.rights import rights_by_id
from lc_workflow.identity.roles.models import CompanyRole, Permission, PermissionTemplate, UserRole
from lc_workflow.identity.roles.service import lasting
from lc_workflow.identity.rules.grants import Right, check_within_own
from lc_workflow.identity.rules.roles import STANDINGS, NoSuchRole, Role, check_rank
from lc_workflow.identity.users.models import User
from lc_workflow.kernel.errors import FieldError, Forbidden, Invalid, Missing
from lc_workflow.kernel.principal import Principal
from lc_workflow.platform.http.paging import Window, read_page
from lc_workflow.platform.http.shapes import given
from lc_workflow.platform.search import contains
from lc_workflow.platform.service import Service

SYSTEM_FIXED: Final = frozenset({"level", "web_word", "is_active"})
"""What cannot be changed about the release's own roles, because workflow and ranks depend on it."""


class RoleNameTaken(Invalid):
    """Another role has this name."""

    def __init__(self) -> None:
        super().__init__("Another role has this name.", errors=(FieldError("name", "is taken"),))


class RoleNameFixed(Invalid):
    """A role's name cannot change: accounts, authorities and matrices refer to it."""

    def __init__(self) -> None:
        super().__init__(
            "The name of a role stays, for accounts and approval matrices say it; change what it is shown as instead.",
            errors=(FieldError("name", "stays as it is"),),
        )


class PatternUnclear(Invalid):
    """Which role or template to copy is not said, or said twice."""

    def __init__(self) -> None:
        super().__init__(
            "Name a standard role as template, or a template by its template_id.",
            errors=(FieldError("template", "is needed, or template_id in its place"),),
        )


class RoleInUse(Invalid):
    """Somebody holds the role."""


class SystemRole(Invalid):
    """The role comes with the release: it is not removed, and its rank and word stay."""


class OwnRole(Forbidden):
    """Nobody changes a role that they hold themselves."""


class AdministratorRoleFixed(Forbidden):
    """The administrator's role keeps the installation running, so its rights stay."""


def check_may_shape(role: CompanyRole, *, principal: Principal) -> None:
    """Refuse a change to a role's rights that is not the person's to make.

    Raises:
        AdministratorRoleFixed: It is the administrator's.
        OwnRole: They hold it.
        RoleAboveOwn: It stands above their own.
    """
    if role.name == Role.ADMIN:
        raise AdministratorRoleFixed("The rights of the administrator are fixed.")
    if role.name in principal.roles:
        raise OwnRole("You hold this role yourself; somebody else must change what it may do.")
    check_rank(principal.level, {role.name: role.level})


class _Pattern(NamedTuple):
    """The defaults for a new role that is a copy."""

    display_name: str
    level: int
    web_word: str
    rights: Sequence[str]


class RoleService(Service[CompanyRole]):
    """The roles there are, and the rights each holds."""

    noun = "role"

    async def page(
        self, window: Window, wanted: RoleFilter, *, at: datetime
    ) -> tuple[list[tuple[CompanyRole, int]], int]:
        """List roles, the highest first, each with how many accounts hold it, and how many roles there are in all."""
        where: list[ColumnElement[bool]] = []
        if wanted.search:
            name, shown = CompanyRole.name, CompanyRole.display_name
            where.append(or_(contains(name, wanted.search), contains(shown, wanted.search)))
        columns = (CompanyRole.level, CompanyRole.is_active, CompanyRole.is_system_role)
        where += [column == value for column in columns if (value := getattr(wanted, column.key)) is not None]
        listed = select(CompanyRole, _holders(at)).where(*where).order_by(CompanyRole.level.desc(), CompanyRole.name)
        rows, total = await read_page(self.session, listed, window)
        return [(role, count) for role, count in rows], total

    async def whole(self, role_id: UUID, *, at: datetime) -> tuple[CompanyRole, int, list[Permission]]:
        """Load a role with how many hold it, and its rights.

        Raises:
            Missing: There is no such role.
        """
        found = (
            await self.session.execute(select(CompanyRole, _holders(at)).where(CompanyRole.id == role_id))
        ).one_or_none()
        if found is None:
            raise Missing("There is no such role.")
        rows = await self.session.scalars(
            select(Permission).where(Permission.name.in_(found[0].grants)).order_by(Permission.name)
        )
        return found[0], found[1], list(rows)

    async def matrix(self, *, at: datetime) -> tuple[list[tuple[CompanyRole, int]], list[Permission]]:
        """Load every role with its number of holders, and every right."""
        roles, _ = await self.page(Window(1, 1_000), RoleFilter(), at=at)
        return roles, list(await self.session.scalars(select(Permission).order_by(Permission.name)))

    async def open(self, wish: NewRole, *, principal: Principal, at: datetime) -> CompanyRole:
        """Open a role with rights that its author holds.

        Raises:
            RoleAboveOwn: Its level is above the person's own.
            NoSuchPermission: One of the ids is that of no right.
            GrantAboveOwn: The person does not hold one of the rights, or not that far.
            RoleNameTaken: Another role has the name.
            NotProvidedFor: It is to be limited as no role is.
        """
        values = _said(wish)
        check_rank(principal.level, {wish.name: wish.level})
        async with self.transaction():
            rights = await rights_by_id(self.session, values.pop("permission_ids"))
            check_within_own(principal.grants, *(Right.parse(right.name) for right in rights))
            return await self._open([right.name for right in rights], values, principal=principal, at=at)

    async def open_like(self, wish: FromTemplate, *, principal: Principal, at: datetime) -> CompanyRole:
        """Open a role as a copy of a standard one, or with the rights of a template.

        Raises:
            PatternUnclear: Neither of them is named, or both are.
            NoSuchRole: There is no standard role of that name.
            Missing: There is no such template.
            GrantAboveOwn: The person does not hold one of the template's rights, or not that far.
            RoleAboveOwn: The standard role, or the level wished for, stands above the person's own.
            RoleNameTaken: Another role has the name.
        """
        if (wish.template is None) == (wish.template_id is None):
            raise PatternUnclear
        async with self.transaction():
            pattern = await self._pattern(wish, principal=principal)
            level = pattern.level if wish.level is None else wish.level
            check_rank(principal.level, {wish.name: level})
            values = {
                "name": wish.name,
                "display_name": wish.display_name or pattern.display_name,
                "description": wish.description,
                "level": level,
                "web_word": pattern.web_word,
            }
            return await self._open(pattern.rights, values, principal=principal, at=at)

    async def _pattern(self, wish: FromTemplate, *, principal: Principal) -> _Pattern:
        """Find what a role is copied from; the rights of a template must be the person's own."""
        if wish.template is not None:
            if wish.template not in set(Role):
                raise NoSuchRole
            standing = STANDINGS[Role(wish.template)]
            check_rank(principal.level, {wish.template: standing.level})
            return _Pattern(standing.display_name, standing.level, standing.web_word, standing.rights)
        template = await self.session.get(PermissionTemplate, wish.template_id)
        if template is None:
            raise Missing("There is no such template.")
        check_within_own(principal.grants, *map(Right.parse, template.rights))
        return _Pattern(template.name, LOWEST, WebWord.VIEWER, template.rights)

    async def _open(
        self, rights: Collection[str], values: Mapping[str, object], *, principal: Principal, at: datetime
    ) -> CompanyRole:
        role = await self.create(
            CompanyRole(**values, grants=sorted(rights), planted=[], is_system_role=False, created_at=at, updated_at=at)
        )
        self.announce(RoleOpened(actor_id=principal.id, at=at, role_id=role.id, name=role.name, level=role.level))
        if rights:
            self.announce(
                RoleRightsChanged(
                    actor_id=principal.id, at=at, role_id=role.id, name=role.name, given=tuple(sorted(rights)), taken=()
                )
            )
        return role

    async def change(self, role_id: UUID, wish: RoleChange, *, principal: Principal, at: datetime) -> CompanyRole:
        """Change what the wish names.

        Raises:
            Missing: There is no such role.
            RoleAboveOwn: The role, or its new level, is above the person's own.
            RoleNameFixed: It would be called something else.
            SystemRole: It comes with the release, and the field stays as it is.
            RoleInUse: Somebody holds the role that is to go out of use.
            AdministratorRoleFixed, OwnRole, NoSuchPermission, GrantAboveOwn: As for giving rights.
            NotProvidedFor: It is to be limited as no role is.
        """
        values = _said(wish)
        ids = values.pop("permission_ids", None)
        async with self.transaction():
            role = await self.find(id=role_id, lock=True)
            if values.pop("name", role.name) != role.name:
                raise RoleNameFixed
            changes = {name: value for name, value in values.items() if getattr(role, name) != value}
            check_rank(principal.level, {role.name: max(role.level, changes.get("level", 0))})
            if role.is_system_role and (fixed := SYSTEM_FIXED & changes.keys()):
                raise SystemRole(f"The role comes with the release; its {' and '.join(sorted(fixed))} stays.")
            if "level" in changes and role.name in principal.roles:
                raise OwnRole("You hold this role yourself; somebody else must change its level.")
            if changes.get("is_active") is False:
                await self._check_unused(role, at=at)
            if changes:
                role.change(changes, at=at)
                self.announce(
                    RoleAltered(
                        actor_id=principal.id, at=at, role_id=role.id, name=role.name, fields=tuple(sorted(changes))
                    )
                )
            if ids is not None:
                rights = {right.name for right in await rights_by_id(self.session, ids)}
                self._shape(role, rights, principal=principal, at=at, reason=None)
        return role

    async def close(self, role_id: UUID, *, principal: Principal, at: datetime) -> None:
        """Remove a role that nobody holds.

        Raises:
            Missing: There is no such role.
            SystemRole: It comes with the release.
            RoleAboveOwn: It stands above the person's own.
            RoleInUse: Somebody holds it.
        """
        async with self.transaction():
            role = await self.find(id=role_id, lock=True)
            if role.is_system_role:
                raise SystemRole("This role comes with the release and is not removed.")
            check_rank(principal.level, {role.name: role.level})
            await self._check_unused(role, at=at)
            await self.session.execute(delete(UserRole).where(UserRole.role_id == role.id))  # expired holdings
            await self.session.delete(role)
            await self.session.flush()
            self.announce(RoleClosed(actor_id=principal.id, at=at, role_id=role_id, name=role.name))

    async def _check_unused(self, role: CompanyRole, *, at: datetime) -> None:
        first = exists().where(User.role == role.name)
        beside = exists().where(UserRole.role_id == role.id, lasting(UserRole.until, at))
        if await self.session.scalar(select(or_(first, beside))):
            raise RoleInUse("Somebody holds this role; give them another first.")

    async def toggle(self, wish: Toggle, *, principal: Principal, at: datetime) -> bool:
        """Give a role a right or take it away; return whether the role has it now.

        Raises:
            Missing: There is no such role.
            NoSuchPermission: There is no such right.
            AdministratorRoleFixed, OwnRole, RoleAboveOwn, GrantAboveOwn: It is not the person's to change.
        """
        async with self.transaction():
            role = await self.find(id=wish.role_id, lock=True)
            (right,) = await rights_by_id(self.session, [wish.permission_id])
            grant = right.name not in role.grants if wish.is_granted is None else wish.is_granted
            rights = {*role.grants, right.name} if grant else {*role.grants} - {right.name}
            self._shape(role, rights, principal=principal, at=at, reason=wish.reason)
        return grant

    async def in_bulk(self, wish: Bulk, *, principal: Principal, at: datetime) -> int:
        """Give rights to several roles, or take them away: all or nothing; return how many changed.

        Raises:
            Missing, NoSuchPermission, AdministratorRoleFixed, OwnRole, RoleAboveOwn, GrantAboveOwn: As for one.
            BulkUnclear: It is not said which rights, or whose.
        """
        wish.check()
        changed = 0
        async with self.transaction():
            names = {right.name for right in await rights_by_id(self.session, wish.permission_ids or ())}
            # In one order, so that two of these cannot deadlock.
            for role_id in sorted(set(wish.role_ids or ())):
                role = await self.find(id=role_id, lock=True)
                rights = {*role.grants} | names if wish.action == "grant" else {*role.grants} - names
                changed += self._shape(role, rights, principal=principal, at=at, reason=wish.reason)
        return changed

    async def add_rights(
        self, role_id: UUID, rights: Collection[str], *, principal: Principal, at: datetime, reason: str | None
    ) -> int:
        """Give a role further rights; return how many it did not have.

        Raises:
            Missing, AdministratorRoleFixed, OwnRole, RoleAboveOwn, GrantAboveOwn: As for one.
        """
        async with self.transaction():
            role = await self.find(id=role_id, lock=True)
            return self._shape(role, {*role.grants, *rights}, principal=principal, at=at, reason=reason)

    def _shape(
        self, role: CompanyRole, rights: set[str], *, principal: Principal, at: datetime, reason: str | None
    ) -> int:
        """Set the rights of a locked role; return how many changed."""
        given_now, taken = rights - {*role.grants}, {*role.grants} - rights
        if not given_now and not taken:
            return 0
        check_may_shape(role, principal=principal)
        check_within_own(principal.grants, *map(Right.parse, sorted(given_now)))
        role.grants = sorted(rights)
        role.updated_at = at
        self.announce(
            RoleRightsChanged(
                actor_id=principal.id,
                at=at,
                role_id=role.id,
                name=role.name,
                given=tuple(sorted(given_now)),
                taken=tuple(sorted(taken)),
                reason=reason,
            )
        )
        return len(given_now) + len(taken)


def _said(wish: NewRole | RoleChange) -> dict[str, Any]:
    """The given fields that roles have.

    Raises:
        NotProvidedFor: It is to be limited as no role is.
    """
    check_unlimited(wish)
    return {name: value for name, value in given(wish).items() if name not in RoleLimits.__struct_fields__}


def _holders(at: datetime) -> ColumnElement[int]:
    """Count the accounts that hold a role now."""
    beside = select(UserRole.user_id).where(UserRole.role_id == CompanyRole.id, lasting(UserRole.until, at))
    return (
        select(func.count())
        .select_from(User)
        .where(or_(User.role == CompanyRole.name, User.id.in_(beside.correlate(CompanyRole))))
        .correlate(CompanyRole)
        .scalar_subquery()
    )
