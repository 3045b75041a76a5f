"""Who holds which role where at a moment: by name, by their post, and as a stand-in."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final, TypeAlias
from uuid import UUID

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    CompoundSelect,
    DateTime,
    Executable,
    FromClause,
    Select,
    Uuid,
    bindparam,
    cast,
    exists,
    literal,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.identity.roles.models import CompanyRole
from lc_workflow.identity.roles.service import held_by
from lc_workflow.identity.rules.statuses import UserStatus
from lc_workflow.identity.users.models import User
from lc_workflow.lending.authorities.models import Authority, Delegation
from lc_workflow.lending.authorities.schemas import read_limits
from lc_workflow.lending.rules.approval import Reach
from lc_workflow.lending.rules.authority import Holding
from lc_workflow.organization.branches.models import Branch
from lc_workflow.platform.db.written import Written

Narrowed: TypeAlias = Callable[[Any], ColumnElement[bool]]
"""A condition on a column: on the person, or on the role."""


Moment: TypeAlias = datetime | BindParameter[datetime]
"""A moment, or the bind parameter that stands for one."""


class Holders:
    """Reads holdings in one statement; people without an active account hold nothing."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def of(self, person: UUID, *, at: datetime) -> list[Holding]:
        """List what a person holds: by name, by their post, and as a stand-in."""
        return await self._read(HOLDINGS, person=person, at=at)

    async def keep(self, person: UUID) -> None:
        """Lock what a person was given and what was handed on to them, until the transaction ends.

        Whoever takes any of it back comes before or after: nobody decides by what was taken back already.
        """
        await _KEEP.rows(self._session, person=person)

    async def own(self, person: UUID, *, at: datetime) -> list[Holding]:
        """List what a person holds themselves, not as a stand-in."""
        return await self._read(_shown(_own(lambda column: column == person, at=at).subquery()))

    async def _read(self, statement: Executable, **wanted: object) -> list[Holding]:
        return [_holding(row) for row in (await self._session.execute(statement, wanted)).mappings()]


def holdings_in(role: BindParameter[str] | None, *, at: Moment) -> CompoundSelect[Any]:
    """Select who holds a role, however far it reaches; without a role, who holds any."""
    own = _own(lambda _: literal(value=True), at=at, role=role).cte("own")
    lasting = _lasting(at) if role is None else _lasting(at) & (Delegation.role == role)
    return union_all(_shown(own), _handed_on(own, lasting))


def has_stand_in(*, at: Moment) -> ColumnElement[bool]:
    """Match the accounts of absent people: somebody stands in for them, in whichever role."""
    return exists().where(Delegation.from_id == User.id, _lasting(at))


def _lasting(at: Moment) -> ColumnElement[bool]:
    return Delegation.ended_at.is_(None) & (Delegation.starts_at <= at) & (Delegation.ends_at > at)


def _own(who: Narrowed, *, at: Moment, role: BindParameter[str] | None = None) -> CompoundSelect[Any]:
    """What people hold themselves; a role given by name at home replaces the same role from the post."""
    by_name = (
        select(
            Authority.person_id.label("person"),
            Authority.role,
            Authority.reach,
            Authority.branch_id,
            Authority.region,
            Authority.limits,
            literal(value=True).label("is_given"),
        )
        .join(User, User.id == Authority.person_id)
        .where(who(Authority.person_id), Authority.ended_at.is_(None), User.status == UserStatus.ACTIVE)
    )
    region = select(Branch.region).where(Branch.id == User.branch_id).correlate(User).scalar_subquery()
    named = exists().where(
        Authority.person_id == User.id,
        Authority.role == CompanyRole.name,
        Authority.ended_at.is_(None),
        or_(
            Authority.reach == Reach.ORGANISATION,
            Authority.branch_id == User.branch_id,
            Authority.region == region,
        ),
    )
    by_post = (
        select(
            User.id,
            CompanyRole.name,
            literal(Reach.BRANCH, Authority.reach.type),
            User.branch_id,
            null(),
            null(),
            literal(value=False),
        )
        .join(CompanyRole, held_by(User.id, User.role, at=at))
        .where(who(User.id), User.status == UserStatus.ACTIVE, User.branch_id.is_not(None), ~named)
    )
    if role is not None:
        by_name, by_post = by_name.where(Authority.role == role), by_post.where(CompanyRole.name == role)
    return union_all(by_name, by_post)


def _shown(held: FromClause) -> Select[Any]:
    return select(
        held,
        literal(None, Delegation.from_id.type).label("absent"),
        cast(null(), Delegation.limits.type).label("handed_on"),
    )


def _handed_on(held: FromClause, lasting: ColumnElement[bool]) -> Select[Any]:
    """What people hold as stand-ins: the absent person's own holdings, in the role that was delegated."""
    return (
        select(
            Delegation.to_id,
            held.c.role,
            held.c.reach,
            held.c.branch_id,
            held.c.region,
            held.c.limits,
            literal(value=True),
            Delegation.from_id,
            Delegation.limits,
        )
        .join(held, (held.c.person == Delegation.from_id) & (held.c.role == Delegation.role))
        .join(User, User.id == Delegation.to_id)
        .where(lasting, User.status == UserStatus.ACTIVE)
    )


def _holding(row: Mapping[Any, Any]) -> Holding:
    return Holding(
        role=row["role"],
        reach=row["reach"],
        branch_id=row["branch_id"],
        region=row["region"],
        limits=read_limits(row["limits"]),
        absent=row["absent"],
        handed_on=read_limits(row["handed_on"]),
        is_given=row["is_given"],
    )


def _holdings() -> CompoundSelect[Any]:
    person, at = bindparam("person", type_=Uuid()), bindparam("at", type_=DateTime(timezone=True))
    stands_in = _lasting(at) & (Delegation.to_id == person)
    absent = select(Delegation.from_id).where(stands_in)
    return union_all(
        _shown(_own(lambda column: column == person, at=at).subquery()),
        _handed_on(_own(lambda column: column.in_(absent), at=at).subquery(), stands_in),
    )


HOLDINGS: Final = _holdings()
"""The prepared statement for what `person` holds at a moment `at`: by name, by their post, and as a stand-in."""


def _keep() -> CompoundSelect[UUID]:
    """Write the statement that locks both: one's own, and what those have in whose place one stands."""
    person = bindparam("person", type_=Uuid)
    handed_on = select(Delegation).where(Delegation.to_id == person, Delegation.ended_at.is_(None))
    absent = handed_on.with_only_columns(Delegation.from_id)
    given = select(Authority.id).where(
        Authority.ended_at.is_(None), (Authority.person_id == person) | Authority.person_id.in_(absent)
    )
    both = (handed_on.with_only_columns(Delegation.id).order_by(Delegation.id), given.order_by(Authority.id))
    return union_all(*(select(each.with_for_update(read=True).cte().c.id) for each in both))


_KEEP: Final = Written(_keep())
