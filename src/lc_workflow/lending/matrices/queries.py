"""Which roles approval matrices need, and at which stages too few people may decide."""

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    cast,
    column,
    distinct,
    exists,
    func,
    or_,
    select,
    true,
    values,
)
from sqlalchemy.dialects.postgresql import JSONPATH
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.identity.rules.statuses import UserStatus
from lc_workflow.identity.users.access import may_act
from lc_workflow.identity.users.models import User
from lc_workflow.lending.authorities.queries import holdings_in
from lc_workflow.lending.matrices.models import ApprovalMatrix
from lc_workflow.lending.matrices.schemas import ShortBranch, Vacancy
from lc_workflow.lending.rules.approval import ApprovalStage, Matrix, Reach
from lc_workflow.lending.rules.stages import APPROVE
from lc_workflow.organization.branches.models import Branch

READ_APPLICATIONS = "application:read"


class OfficesOfMatrices:
    """Knows which roles the versions of the approval matrix need."""

    async def are_waited_for(self, session: AsyncSession, role: str) -> bool:
        """Whether some version, even a draft, has a stage for a role."""
        stages = cast("$.**.role ? (@ == $role)", JSONPATH)
        waits = func.jsonb_path_exists(ApprovalMatrix.document, stages, func.jsonb_build_object("role", role))
        return bool(await session.scalar(select(exists().where(waits))))


class _Seat(NamedTuple):
    """What decides who may sit at a stage."""

    role: str
    scope: Reach


async def vacancies(session: AsyncSession, matrix: Matrix, *, at: datetime) -> list[Vacancy]:
    """List the stages at which fewer people may decide than have to agree, with the branches concerned.

    The height of limits is ignored, and so is what keeps somebody from a single loan; but where the matrix asks for
    limits, people without one do not count. A stand-in counts as the person they stand in for. Only branches in use are
    looked at.
    """
    stages = dict(_stages(matrix))
    seats = {_Seat(stage.role, stage.scope) for stage in stages}
    if not seats:
        return []
    branches = (await session.scalars(select(Branch).where(Branch.is_active).order_by(Branch.code))).all()
    rows = await session.execute(_counted(seats, needs_limit=matrix.needs_limit, at=at))
    count = {(role, scope, branch_id): people for role, scope, branch_id, people in rows}
    found = []
    for stage, only in stages.items():
        concerned = [branch for branch in branches if only is None or branch.id in only]
        short = [
            ShortBranch(branch.id, branch.code, branch.name, people)
            for branch in concerned
            if (people := count[stage.role, stage.scope.value, branch.id]) < stage.quorum
        ]
        if short:
            everywhere = len(short) == len(branches)
            found.append(Vacancy(stage.code, stage.role, stage.scope, stage.quorum, everywhere, short))
    return found


def _stages(matrix: Matrix) -> Iterator[tuple[ApprovalStage, Collection[UUID] | None]]:
    """Each stage of a matrix with the branches whose loans it is for, None for those of all."""
    only: dict[ApprovalStage, set[UUID] | None] = {}
    for rule in matrix.rules:
        for stage in rule.stages:
            known = only.get(stage, set())
            only[stage] = None if known is None or not rule.when.branches else known | {*rule.when.branches}
    only |= dict.fromkeys((extra.stage for extra in matrix.surcharges), None)
    yield from only.items()


def _counted(seats: Collection[_Seat], *, needs_limit: bool, at: datetime) -> Select[*tuple[str, str, UUID, int]]:
    """Count for each branch the people who may sit at each seat."""
    wanted = (
        values(column("role", String), column("scope", String), name="wanted")
        .data([(seat.role, seat.scope.value) for seat in sorted(seats)])
        .alias("wanted")
    )
    held = holdings_in(None, at=at).cte("held")
    reach, scope = cast(held.c.reach, String), wanted.c.scope
    wide_enough: ColumnElement[bool] = or_(
        reach == Reach.ORGANISATION.value,
        (reach == Reach.REGION.value) & (scope != Reach.ORGANISATION.value),
        (reach == Reach.BRANCH.value) & (scope == Reach.BRANCH.value),
    )
    there = or_(
        reach == Reach.ORGANISATION.value,
        (reach == Reach.BRANCH.value) & (held.c.branch_id == Branch.id),
        (reach == Reach.REGION.value) & (held.c.region == Branch.region),
    )
    people = (
        select(func.count(distinct(func.coalesce(held.c.absent, held.c.person))))
        .select_from(held)
        .join(User, User.id == held.c.person)
        .where(
            held.c.role == wanted.c.role,
            wide_enough,
            there,
            User.status == UserStatus.ACTIVE,
            may_act(READ_APPLICATIONS, branch_id=Branch.id, at=at),
            held.c.is_given | may_act(APPROVE, branch_id=Branch.id, at=at),
            held.c.limits.is_not(None) if needs_limit else true(),
        )
        .correlate(wanted, Branch)
        .scalar_subquery()
    )
    return (
        select(wanted.c.role, wanted.c.scope, Branch.id, people)
        .select_from(Branch)
        .join(wanted, true())
        .where(Branch.is_active)
    )
