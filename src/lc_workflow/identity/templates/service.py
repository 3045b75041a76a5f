"""Named sets of rights, and giving them to roles and people."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from uuid import UUID

from msgspec import UNSET
from sqlalchemy import select

from lc_workflow.identity.events import TemplateRemoved, TemplateWritten
from lc_workflow.identity.holdings.service import HoldingService
from lc_workflow.identity.permissions.schemas import PermissionAnswer
from lc_workflow.identity.permissions.service import RoleService, check_may_shape, rights_by_id
from lc_workflow.identity.roles.models import CompanyRole, Permission, PermissionTemplate
from lc_workflow.identity.rules.grants import GrantAboveOwn, Right, check_within_own
from lc_workflow.identity.rules.roles import check_right
from lc_workflow.identity.sessions.principals import barred
from lc_workflow.identity.templates.schemas import (
    Exported,
    FromRoles,
    NewTemplate,
    Preview,
    PreviewRequest,
    SourceRoles,
    Target,
    TemplateChange,
)
from lc_workflow.identity.users.service import standing_above
from lc_workflow.kernel.errors import FieldError, Forbidden, Invalid, Missing
from lc_workflow.kernel.principal import Principal
from lc_workflow.platform.http.paging import Window
from lc_workflow.platform.http.shapes import given
from lc_workflow.platform.search import contains
from lc_workflow.platform.service import Service


class TemplateNameTaken(Invalid):
    """Another template has this name."""

    def __init__(self) -> None:
        super().__init__("Another template has this name.", errors=(FieldError("name", "is taken"),))


class RolesUnclear(Invalid):
    """The roles whose rights become templates are not named, or the template of several has no name."""

    def __init__(self, missing: str) -> None:
        super().__init__(
            "Name roles as role_ids, or as source_role_ids with a template_name.",
            errors=(FieldError(missing, "is needed"),),
        )


class TargetUnclear(Invalid):
    """The target is only half named."""

    def __init__(self, missing: str) -> None:
        super().__init__("Say both target_type and target_id, or neither.", errors=(FieldError(missing, "is needed"),))


class TemplateService(Service[PermissionTemplate]):
    """The templates of this installation."""

    noun = "template"

    async def page(self, window: Window, *, search: str | None) -> tuple[Sequence[PermissionTemplate], int]:
        """List templates by name, with how many there are in all."""
        where = [contains(PermissionTemplate.name, search)] if search else []
        return await self.page_of(window, *where, by=[PermissionTemplate.name])

    async def write(self, wish: NewTemplate, *, principal: Principal, at: datetime) -> PermissionTemplate:
        """Store a template; it gives nobody anything before it is applied.

        Raises:
            NoSuchRight, NoSuchPermission: One of the rights means nothing here.
            TemplateNameTaken: Another template has the name.
        """
        async with self.transaction():
            rights = await self._names(wish.permissions, wish.permission_ids)
            return await self._write(wish.name, wish.description, rights, principal=principal, at=at)

    async def take_in(
        self, wish: Exported, *, in_place: bool, principal: Principal, at: datetime
    ) -> tuple[PermissionTemplate, bool]:
        """Store an exported template; return it, and whether it is new.

        With `in_place` it replaces the one of its name.

        Raises:
            NoSuchRight, NoSuchPermission: One of the rights means nothing here.
            TemplateNameTaken: Another template has the name, and is to stay.
        """
        async with self.transaction():
            rights = await self._names(wish.permissions, ())
            named = select(PermissionTemplate).where(PermissionTemplate.name == wish.name).with_for_update()
            row = await self.session.scalar(named) if in_place else None
            if row is None:
                return await self._write(wish.name, wish.description, rights, principal=principal, at=at), True
            row.description, row.rights, row.updated_at = wish.description, rights, at
            self.announce(TemplateWritten(actor_id=principal.id, at=at, template_id=row.id, name=row.name))
        return row, False

    async def _write(
        self, name: str, description: str | None, rights: list[str], *, principal: Principal, at: datetime
    ) -> PermissionTemplate:
        row = await self.create(
            PermissionTemplate(
                name=name, description=description, rights=rights, created_by=principal.id, created_at=at, updated_at=at
            )
        )
        self.announce(TemplateWritten(actor_id=principal.id, at=at, template_id=row.id, name=row.name))
        return row

    async def change(
        self, template_id: UUID, wish: TemplateChange, *, principal: Principal, at: datetime
    ) -> PermissionTemplate:
        """Change what the wish names; roles and people to whom it was applied keep what they have.

        Raises:
            Missing: There is no such template.
            NoSuchRight, NoSuchPermission, TemplateNameTaken: As for writing it.
        """
        values = given(wish)
        ids, names = values.pop("permission_ids", UNSET), values.pop("permissions", UNSET)
        async with self.transaction():
            row = await self.find(id=template_id, lock=True)
            for field, value in values.items():
                setattr(row, field, value)
            if ids is not UNSET or names is not UNSET:
                row.rights = await self._names(() if names is UNSET else names, () if ids is UNSET else ids)
            row.updated_at = at
            self.announce(TemplateWritten(actor_id=principal.id, at=at, template_id=row.id, name=row.name))
        return row

    async def remove(self, template_id: UUID, *, principal: Principal, at: datetime) -> None:
        """Remove a template; roles and people to whom it was applied keep what they have.

        Raises:
            Missing: There is no such template.
        """
        async with self.transaction():
            row = await self.find(id=template_id, lock=True)
            await self.session.delete(row)
            await self.session.flush()
            self.announce(TemplateRemoved(actor_id=principal.id, at=at, template_id=template_id, name=row.name))

    async def from_roles(self, wish: FromRoles, *, principal: Principal, at: datetime) -> list[PermissionTemplate]:
        """Store the rights of roles as templates, one of each or one of all together.

        Raises:
            RolesUnclear: There are no roles, or there is no name for what they hold together.
            Missing: One of the ids is that of no role.
            TemplateNameTaken: A template has the name of one of the roles, or the name wished for.
        """
        if not wish.role_ids and not wish.source_role_ids:
            raise RolesUnclear("role_ids")
        if wish.source_role_ids and wish.template_name is None:
            raise RolesUnclear("template_name")
        async with self.transaction():
            written = [
                await self._write(
                    role.display_name, f"What {role.name} may do.", role.grants, principal=principal, at=at
                )
                for role in await self._roles(wish.role_ids)
            ]
            if wish.source_role_ids and wish.template_name is not None:
                rights = sorted(await self._held_together(wish))
                written.append(
                    await self._write(wish.template_name, wish.template_description, rights, principal=principal, at=at)
                )
        return written

    async def _roles(self, ids: Collection[UUID]) -> Sequence[CompanyRole]:
        roles = (
            await self.session.scalars(select(CompanyRole).where(CompanyRole.id.in_(ids)).order_by(CompanyRole.name))
        ).all()
        if len(roles) != len(set(ids)):
            raise Missing("One of the roles does not exist.")
        return roles

    async def _held_together(self, wish: SourceRoles) -> set[str]:
        roles = await self._roles(wish.source_role_ids)
        return {name for role in roles if role.is_active or wish.include_inactive_roles for name in role.grants}

    async def preview(self, wish: PreviewRequest, *, principal: Principal, at: datetime) -> Preview:
        """What giving a template, or rights, to a role or a person would do, or what of it one could give at all.

        Raises:
            TargetUnclear: Half of the target is missing.
            Missing: There is no such template, role or person.
            NoSuchRight: One of the rights means nothing here.
        """
        if (wish.target_type is None) != (wish.target_id is None):
            raise TargetUnclear("target_type" if wish.target_type is None else "target_id")
        names = set(await self._names(wish.permissions, ()))
        if wish.template_id is not None:
            names |= {*(await self.find(id=wish.template_id)).rights}
        names |= await self._held_together(wish)
        held, denied, is_theirs = await self._target(wish, names, principal=principal, at=at)
        refused = {name for name in names - held if not is_theirs or name in denied or not _may_give(principal, name)}
        rights = await self.session.scalars(
            select(Permission).where(Permission.name.in_(names)).order_by(Permission.name)
        )
        shown = [PermissionAnswer.of(right) for right in rights]
        return Preview(sorted(names - held - refused), sorted(names & held), sorted(refused), len(shown), shown)

    async def _target(
        self, wish: PreviewRequest, names: set[str], *, principal: Principal, at: datetime
    ) -> tuple[set[str], set[str], bool]:
        """Look up what the target holds and which of `names` it is denied, and whether the person may change it.

        Without a target, nothing is held.
        """
        if wish.target_id is None:
            return set(), set(), True
        if wish.target_type is Target.ROLE:
            role, _, _ = await RoleService(self.session).whole(wish.target_id, at=at)
            return {*role.grants}, set(), _may_shape(principal, role)
        rights = await HoldingService(self.session).of(wish.target_id, principal=principal, at=at)
        above = await standing_above(self.session, [wish.target_id], principal=principal, at=at)
        is_theirs = wish.target_id != principal.id and not above
        return {one.permission.name for one in rights.effective_permissions}, barred(rights, names), is_theirs

    async def apply(
        self, template_id: UUID, target: Target, target_id: UUID, *, principal: Principal, at: datetime
    ) -> int:
        """Give the rights of a template to a role or a person, all or nothing; return how many were added.

        Raises:
            Missing: There is no such template, role or person.
            GrantAboveOwn: The person does not hold one of the rights, or not that far.
            AdministratorRoleFixed, OwnRole, RoleAboveOwn, NotYoursToChange: It is not the person's to change.
        """
        template = await self.find(id=template_id)
        reason = f"Template: {template.name}"
        if target is Target.ROLE:
            return await RoleService(self.session).add_rights(
                target_id, template.rights, principal=principal, at=at, reason=reason
            )
        return await HoldingService(self.session).give_rights(
            target_id, template.rights, reason=reason, principal=principal, at=at
        )

    async def _names(self, written: Iterable[str], ids: Iterable[UUID]) -> list[str]:
        """Combine rights given by name and by id, sorted; ids may be among the names."""
        names, wanted = set(), set(ids)
        for one in written:
            try:
                wanted.add(UUID(one))
            except ValueError:
                check_right(Right.parse(one))
                names.add(one)
        names |= {row.name for row in await rights_by_id(self.session, wanted)}
        known = set(await self.session.scalars(select(Permission.name).where(Permission.name.in_(names))))
        return sorted(known)


def _may_shape(principal: Principal, role: CompanyRole) -> bool:
    try:
        check_may_shape(role, principal=principal)
    except Forbidden:
        return False
    return True


def _may_give(principal: Principal, name: str) -> bool:
    try:
        check_within_own(principal.grants, Right.parse(name))
    except GrantAboveOwn:
        return False
    return True
