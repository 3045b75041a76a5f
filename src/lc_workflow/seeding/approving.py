"""Putting a way of approving into force: a matrix, the regions of branches, and who answers for them."""

from datetime import datetime
from decimal import Decimal
from pathlib import Path

from msgspec import Struct
from sqlalchemy import URL, select
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.identity.sessions.principals import principal_of
from lc_workflow.identity.users.models import User
from lc_workflow.kernel.errors import Missing
from lc_workflow.kernel.money import Currency
from lc_workflow.kernel.principal import Principal
from lc_workflow.lending.authorities.models import Authority
from lc_workflow.lending.authorities.schemas import NewAuthority
from lc_workflow.lending.authorities.service import AuthorityService
from lc_workflow.lending.matrices.queries import OfficesOfMatrices
from lc_workflow.lending.matrices.schemas import NewMatrix
from lc_workflow.lending.matrices.service import MatrixService
from lc_workflow.lending.rules.approval import Reach
from lc_workflow.organization.branches.models import Branch
from lc_workflow.organization.branches.queries import known_region
from lc_workflow.organization.branches.schemas import BranchChange
from lc_workflow.organization.branches.service import BranchService
from lc_workflow.platform.clock import system_clock
from lc_workflow.platform.db.reaching import session_for_once
from lc_workflow.seeding.reading import read_written


class NamedAuthority(Struct, frozen=True, forbid_unknown_fields=True):
    """A role to give an account over a region; limits are amounts by currency."""

    username: str
    role: str
    region: str
    limits: dict[Currency, int]


class WayOfApproving(Struct, frozen=True, forbid_unknown_fields=True):
    """The regions of branches by their codes, who answers for them, and the matrix that sends loans to them."""

    regions: dict[str, str]
    authorities: list[NamedAuthority]
    matrix: NewMatrix


def read_way(file: Path) -> WayOfApproving:
    """Read a way of approving from its file; see `read_written`."""
    return read_written(file, WayOfApproving)


async def put_into_force(url: URL, way: WayOfApproving, *, by: str) -> int:
    """Adopt a way of approving in a database; return the number of the matrix."""
    async with session_for_once(url) as session:
        return await adopt(session, way, by=by, at=system_clock())


async def adopt(session: AsyncSession, way: WayOfApproving, *, by: str, at: datetime) -> int:
    """Put a way of approving into force in the name of an administrator; return the number of the matrix.

    What is in force already stays as it is; branches, regions and accounts that there are none of are left out.

    Raises:
        Missing: There is no active account of that name.
        BadMatrix, CoverageGap, NobodyDecides: The matrix cannot be published.
    """
    principal = await acting_as(session, by, at)
    for code, region in way.regions.items():
        branch = await session.scalar(select(Branch).where(Branch.code == code))
        if branch is not None:
            await BranchService(session).change(branch.id, BranchChange(region=region), principal=principal, at=at)
    for wish in way.authorities:
        await _give(session, wish, principal=principal, at=at)
    matrices = MatrixService(session)
    current = await matrices.current()
    if current.name == way.matrix.name:
        return current.number
    drafted = await matrices.draft(way.matrix, principal=principal, at=at)
    return (await matrices.publish(drafted.id, principal=principal, at=at)).number


async def acting_as(session: AsyncSession, username: str, at: datetime) -> Principal:
    """Act as an account with its rights.

    Raises:
        Missing: There is no active account of that name.
    """
    user_id = await session.scalar(select(User.id).where(User.username == username))
    principal = await principal_of(session, user_id, at) if user_id else None
    if principal is None:
        raise Missing(f"There is no active account named {username}.")
    return principal


async def _give(session: AsyncSession, wish: NamedAuthority, *, principal: Principal, at: datetime) -> None:
    person_id = await session.scalar(select(User.id).where(User.username == wish.username))
    region = await known_region(session, wish.region)
    held = await session.scalar(
        select(Authority.id).where(
            Authority.person_id == person_id,
            Authority.role == wish.role,
            Authority.region == region,
            Authority.ended_at.is_(None),
        )
    )
    if person_id is None or region is None or held is not None:
        return
    authority = NewAuthority(
        person_id=person_id,
        role=wish.role,
        reach=Reach.REGION,
        region=region,
        limits={currency: Decimal(limit) for currency, limit in wish.limits.items()},
    )
    await AuthorityService(session, OfficesOfMatrices()).give(authority, principal=principal, at=at)
