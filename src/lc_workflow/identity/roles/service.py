"""The rights of a person as the database derives them, and the roles an installation begins with."""

from datetime import datetime
from typing import Any, TypeAlias
from uuid import UUID, uuid4

from sqlalchemy import (
    ARRAY,
    BindParameter,
    ColumnElement,
    Connection,
    ScalarSelect,
    Select,
    String,
    and_,
    any_,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy import Row as RowOf
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from lc_workflow.identity.roles.models import CompanyRole, Permission, UserPermission, UserRole
from lc_workflow.identity.rules.grants import Right
from lc_workflow.identity.rules.roles import CATALOGUE, STANDINGS, NoSuchRole, Standing
from lc_workflow.kernel.principal import Scope

Moment: TypeAlias = datetime | BindParameter[datetime]
Account: TypeAlias = UUID | InstrumentedAttribute[UUID]
"""Whose rights: an id, or a column of the enclosing query."""

RoleWord: TypeAlias = str | InstrumentedAttribute[str] | ScalarSelect[str]
"""The name of the person's first role: a text, or a column."""


def lasting(until: InstrumentedAttribute[datetime | None], at: Moment) -> ColumnElement[bool]:
    """Whether something given for a time still holds."""
    return or_(until.is_(None), until > at)


def held_by(user_id: Account, role: RoleWord, *, at: Moment) -> ColumnElement[bool]:
    """Match the roles that a person holds now: their first, called `role`, and further ones."""
    further = (
        select(UserRole.role_id)
        .where(UserRole.user_id == user_id, lasting(UserRole.until, at))
        .correlate_except(UserRole)
    )
    return and_(CompanyRole.is_active, or_(CompanyRole.name == role, CompanyRole.id.in_(further)))


def direct_rights(user_id: Account, *, granted: bool, at: Moment) -> ScalarSelect[str]:
    """The rights given or denied to a person besides their roles, as one text."""
    return (
        select(func.coalesce(func.string_agg(Permission.name, literal(" ")), literal("")))
        .join(UserPermission, UserPermission.permission_id == Permission.id)
        .where(
            UserPermission.user_id == user_id,
            UserPermission.is_granted.is_(granted),
            lasting(UserPermission.until, at),
        )
        .correlate_except(Permission, UserPermission)
        .scalar_subquery()
    )


def roles_of(user_id: Account, role: RoleWord, *, at: Moment) -> Select[str, str, int]:
    """The roles a person holds, in one row: their names, their rights, and the highest level."""
    return select(
        func.coalesce(func.string_agg(CompanyRole.name, literal(" ")), literal("")).label("roles"),
        func.coalesce(func.string_agg(func.array_to_string(CompanyRole.grants, " "), literal(" ")), literal("")).label(
            "rights"
        ),
        func.coalesce(func.max(CompanyRole.level), 0).label("level"),
    ).where(held_by(user_id, role, at=at))


def holds(
    user_id: InstrumentedAttribute[UUID],
    role: InstrumentedAttribute[str],
    permission: str,
    scope: Scope,
    *,
    at: Moment,
) -> ColumnElement[bool]:
    """Match the people who hold a permission now in a scope and are not denied it there.

    The holders are gathered once, instead of being searched again for each person.
    """
    name = str(Right(permission, scope))
    granting = and_(CompanyRole.is_active, CompanyRole.grants.overlap([name]))
    further = (
        select(UserRole.user_id)
        .join(CompanyRole, CompanyRole.id == UserRole.role_id)
        .where(granting, lasting(UserRole.until, at))
    )
    direct = (
        select(UserPermission.user_id)
        .join(Permission, Permission.id == UserPermission.permission_id)
        .where(lasting(UserPermission.until, at))
    )
    granted = direct.where(UserPermission.is_granted, Permission.name == name)
    denials = [str(Right(permission, narrower)) for narrower in Scope if narrower.width <= scope.width]
    denied = direct.where(~UserPermission.is_granted, Permission.name == any_(literal(denials, ARRAY(String))))
    return and_(
        or_(role.in_(select(CompanyRole.name).where(granting)), user_id.in_(further), user_id.in_(granted)),
        user_id.not_in(denied),
    )


async def levels(session: AsyncSession, *names: str) -> dict[str, int]:
    """Look up the ranks of roles.

    Raises:
        NoSuchRole: There is none of a name, or it is not in use.
    """
    rows = await session.execute(
        select(CompanyRole.name, CompanyRole.level).where(CompanyRole.name.in_(names), CompanyRole.is_active)
    )
    found = {row.name: row.level for row in rows}
    if not found.keys() >= set(names):
        raise NoSuchRole
    return found


async def held_roles(session: AsyncSession, user_id: UUID, role: str, *, at: datetime) -> dict[str, int]:
    """Look up the roles a person holds, each with its rank."""
    rows = await session.execute(select(CompanyRole.name, CompanyRole.level).where(held_by(user_id, role, at=at)))
    return {row.name: row.level for row in rows}


def plant_system_roles(connection: Connection) -> None:
    """Bring the permissions and roles of this release; what an installation changed about them stays.

    A right that the release adds to a role is added, one that it removes is removed, and no other is touched.
    """
    rows = [
        {"id": uuid4(), "name": str(right), **_taken_apart(right)}
        for permission, scopes in CATALOGUE.items()
        for right in (Right(permission, scope) for scope in sorted(scopes))
    ]
    connection.execute(insert(Permission).values(rows).on_conflict_do_nothing(index_elements=["name"]))
    standing = {row.name: row for row in connection.execute(select(CompanyRole.__table__))}
    for name, bringing in STANDINGS.items():
        _plant(connection, name, bringing, standing.get(name))


def _plant(connection: Connection, name: str, bringing: Standing, row: RowOf[Any] | None) -> None:
    brought = set(bringing.rights)
    planted = set(row.planted) if row is not None else set()
    held = set(row.grants) if row is not None and planted else brought
    grants = (held - (planted - brought)) | (brought - planted)
    words = {
        "web_word": bringing.web_word,
        "is_system_role": True,
        "planted": sorted(brought),
        "grants": sorted(grants),
        "updated_at": func.now(),
    }
    if not planted:
        words |= {"display_name": bringing.display_name, "level": bringing.level}
    if row is None:
        once = {"is_active": True, "requires_second_factor": False, "created_at": func.now()}
        connection.execute(insert(CompanyRole).values(id=uuid4(), name=name, **once, **words))
    elif planted != brought or row.web_word != bringing.web_word:
        connection.execute(update(CompanyRole).where(CompanyRole.name == name).values(**words))


def _taken_apart(right: Right) -> dict[str, Any]:
    noun, _, verb = right.permission.partition(":")
    return {"resource_type": noun, "action": verb, "scope": right.scope, "is_system": True}
