"""From a token to the person behind it, with their rights as they stand at this moment."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Case, DateTime, Row, ScalarSelect, Select, Uuid, bindparam, case, func, literal, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from lc_workflow.identity.roles.models import CompanyRole, Permission, UserPermission, UserRole
from lc_workflow.identity.roles.schemas import EffectivePermission, PermissionCard, Rights, RoleCard
from lc_workflow.identity.roles.service import direct_rights, held_by, lasting, roles_of
from lc_workflow.identity.rules.grants import Right, effective, known
from lc_workflow.identity.rules.statuses import UserStatus
from lc_workflow.identity.users.models import Session, User
from lc_workflow.kernel.principal import Principal, Scope
from lc_workflow.organization.employees.models import Employee
from lc_workflow.platform.db.written import Written
from lc_workflow.platform.http.shapes import shaped
from lc_workflow.platform.security.tokens import Claims


async def load_principal(session: AsyncSession, claims: Claims, at: datetime) -> Principal | None:
    """Find the person behind a token with their account as it is now; None when the session or the account ended."""
    found = await _BY_SESSION.one(session, at=at, session_id=claims.session_id, user_id=claims.subject)
    return _principal(found, claims.session_id) if found else None


async def role_words_by_session(
    session: AsyncSession, session_ids: Collection[UUID], at: datetime
) -> dict[UUID, frozenset[str]]:
    """Which of many sessions are still open, and the role words of their people now.

    These are the names of all their roles, and the web app's word for the first: a user's `role`.
    """
    held = roles_of(User.id, User.role, at=literal(at, DateTime(timezone=True))).lateral("held")
    first = aliased(CompanyRole)
    found = await session.execute(
        select(Session.id, held.c.roles + literal(" ") + first.web_word)
        .join(User, User.id == Session.user_id)
        .join(first, first.name == User.role)
        .join(held, literal(value=True))
        .where(Session.id.in_(session_ids), Session.ended_at.is_(None), User.status == UserStatus.ACTIVE)
    )
    return {session_id: frozenset(roles.split()) for session_id, roles in found}


async def principal_of(session: AsyncSession, user_id: UUID, at: datetime) -> Principal | None:
    """The rights of somebody who is not signed in, to judge what they could do; None when inactive."""
    found = await _BY_ACCOUNT.one(session, at=at, user_id=user_id)
    return _principal(found, user_id) if found else None


async def rights_of(session: AsyncSession, user_id: UUID, *, at: datetime) -> Rights:
    """List everything an account may do now, and where each right comes from.

    Denied permissions are not among the effective ones; a permission held in several scopes is listed for each, and the
    widest counts.
    """
    role = select(User.role).where(User.id == user_id).scalar_subquery()
    until = select(UserRole.until).where(UserRole.user_id == user_id, UserRole.role_id == CompanyRole.id)
    held = (
        await session.execute(
            select(CompanyRole, until.scalar_subquery())
            .where(held_by(user_id, role, at=at))
            .order_by(CompanyRole.level.desc(), CompanyRole.name)
        )
    ).all()
    direct = (
        await session.execute(
            select(UserPermission, Permission)
            .join(Permission, Permission.id == UserPermission.permission_id)
            .where(UserPermission.user_id == user_id, lasting(UserPermission.until, at))
            .order_by(Permission.name)
        )
    ).all()
    names = {name for row, _ in held for name in row.grants}
    permissions = {
        row.name: row for row in await session.scalars(select(Permission).where(Permission.name.in_(sorted(names))))
    }
    own = tuple(
        EffectivePermission(
            permission=shaped(permission, PermissionCard),
            source="direct",
            is_granted=row.is_granted,
            until=row.until,
            reason=row.reason,
        )
        for row, permission in direct
    )
    limits = {
        right.permission: right.scope.width
        for right in sorted((Right.parse(p.name) for row, p in direct if not row.is_granted), key=_width, reverse=True)
    }

    def stands(name: str) -> bool:
        right = Right.parse(name)
        return right.scope.width < limits.get(right.permission, len(Scope))

    by_role = tuple(
        EffectivePermission(permission=shaped(permissions[name], PermissionCard), source="role", role_name=row.name)
        for row, _ in held
        for name in row.grants
        if name in permissions and stands(name)
    )
    return Rights(
        user_id=user_id,
        roles=tuple(
            RoleCard(row.id, row.name, row.display_name, row.level, row.is_active, row.is_system_role, until)
            for row, until in held
        ),
        effective_permissions=by_role + tuple(one for one in own if one.is_granted and stands(one.permission.name)),
        direct_permissions=own,
    )


def barred(rights: Rights, names: Iterable[str]) -> set[str]:
    """Which of some rights are denied to a person holding `rights`: giving them would have no effect."""
    denied = [Right.parse(one.permission.name) for one in rights.direct_permissions if not one.is_granted]
    return {name for name in names if not effective([Right.parse(name)], denied)}


def _width(right: Right) -> int:
    return right.scope.width


def _principal(found: Row[Any], session_id: UUID) -> Principal:
    return Principal(
        id=found.id,
        role=found.role,
        session_id=session_id,
        branch_id=found.branch_id,
        department_id=found.department_id,
        roles=frozenset(found.roles.split()),
        level=found.level,
        team=frozenset(found.team or ()),
        department=frozenset(found.department or ()),
        grants=known(f"{found.rights} {found.given}", found.denied),
        until=found.until,
    )


def _statement() -> Select[Any]:
    """The prepared statement: the account, its roles, its own rights, and the people around it.

    The people around are looked up only when a right reaches as far as the team or the department.
    """
    at = bindparam("at", type_=DateTime(timezone=True))
    roles = roles_of(User.id, User.role, at=at).lateral("held")
    given = direct_rights(User.id, granted=True, at=at).label("given")
    denied = direct_rights(User.id, granted=False, at=at).label("denied")
    ends = func.least(
        *(
            select(func.min(given.until)).where(given.user_id == User.id, given.until > at).scalar_subquery()
            for given in (UserRole, UserPermission)
        )
    )
    other, leads = aliased(User), aliased(Employee)
    reports = (
        select(func.array_agg(other.id))
        .join(leads, leads.id == other.line_manager_id)
        .where(leads.user_id == User.id)
        .scalar_subquery()
    )
    shares = select(func.array_agg(other.id)).where(other.department_id == User.department_id).scalar_subquery()

    def when(scope: Scope, people: ScalarSelect[Any]) -> Case[Any]:
        word = f":{scope} "
        written = roles.c.rights + literal(" ") + given.element + literal(" ")
        return case((func.strpos(written, word) > 0, people), else_=None)

    return (
        select(
            User.id,
            User.role,
            User.branch_id,
            User.department_id,
            roles.c.roles,
            roles.c.rights,
            roles.c.level,
            given,
            denied,
            ends.label("until"),
            when(Scope.TEAM, reports).label("team"),
            when(Scope.DEPARTMENT, shares).label("department"),
        )
        .join(roles, literal(value=True))
        .where(User.status == UserStatus.ACTIVE, User.id == bindparam("user_id", type_=Uuid()))
    )


_BY_ACCOUNT: Final = Written(_statement())
_BY_SESSION: Final = Written(
    _statement()
    .join(Session, Session.user_id == User.id)
    .where(Session.id == bindparam("session_id", type_=Uuid()), Session.ended_at.is_(None))
)
