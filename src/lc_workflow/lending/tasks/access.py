"""Who sees which tasks, and who may do one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple, Self
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    DateTime,
    FromClause,
    Numeric,
    Select,
    String,
    Uuid,
    all_,
    and_,
    bindparam,
    case,
    cast,
    exists,
    false,
    func,
    literal,
    or_,
    select,
    true,
)

from lc_workflow.identity.rules.statuses import UserStatus
from lc_workflow.identity.users.access import may_act, may_at_all
from lc_workflow.identity.users.models import User
from lc_workflow.kernel.principal import Principal, Scope
from lc_workflow.lending.applications import access as applications
from lc_workflow.lending.applications.models import CustomerApplication
from lc_workflow.lending.authorities.queries import HOLDINGS, holdings_in
from lc_workflow.lending.rules.approval import Reach
from lc_workflow.lending.rules.stages import APPROVE, Stage
from lc_workflow.lending.rules.tasks import WORK
from lc_workflow.lending.tasks.models import Task
from lc_workflow.organization.branches.models import Branch

READ: Final = applications.READ
ASSIGN: Final = "task:assign"


def visible_to(principal: Principal) -> ColumnElement[bool]:
    """One's own tasks and those within reach, of the applications one may see."""
    return or_(mine(principal), within_reach(principal))


def mine(principal: Principal) -> ColumnElement[bool]:
    """Narrow a query to the tasks this person has, of the applications they may still see."""
    return (Task.owner_id == principal.id) & _is_seen(principal)


def _is_seen(principal: Principal) -> ColumnElement[bool]:
    return Task.application_id.in_(select(CustomerApplication.id).where(applications.visible_to(principal)))


def within_reach(principal: Principal) -> ColumnElement[bool]:
    """Narrow a query to the tasks that the right to read reaches: by their branch, or by their owner."""
    match principal.scope_of(READ):
        case Scope.ALL:
            return true()
        case Scope.BRANCH if principal.branch_id is not None:
            return Task.branch_id == principal.branch_id
        case Scope.DEPARTMENT:
            return Task.owner_id.in_({principal.id, *principal.department}) & _is_seen(principal)
        case Scope.TEAM:
            return Task.owner_id.in_({principal.id, *principal.team}) & _is_seen(principal)
        case Scope.OWN | Scope.BRANCH:
            return mine(principal)
        case None:
            return false()


def claimable_by(principal: Principal) -> ColumnElement[bool]:
    """Narrow a query to the work this person could take: free, and neither rights nor §2 prevent it."""
    not_kept_away = literal(principal.id) != all_(Task.excluded)
    return Task.owner_id.is_(None) & within_reach(principal) & not_kept_away & doable_by(principal)


def doable_by(principal: Principal) -> ColumnElement[bool]:
    """Narrow a query to the work this person's rights allow: by permission, and a decision by its seat.

    A statement with it takes the parameters `person` and `at`, because what somebody holds is prepared once.
    """
    by_reach: dict[Scope | None, list[Stage]] = {}
    for stage, work in WORK.items():
        by_reach.setdefault(principal.scope_of(work.permission), []).append(stage)
    seated = exists().where(_SITS, _HELD.c.is_given | _reached(principal, APPROVE)).select_from(_HELD)
    of_branch = by_reach.get(Scope.BRANCH, []) if principal.branch_id is not None else []
    by_permission = or_(
        Task.stage.in_(by_reach.get(Scope.ALL, [])),
        (Task.branch_id == principal.branch_id) & Task.stage.in_(of_branch),
    )
    return case((Task.seat_role.is_(None), by_permission), else_=seated)


def _reached(principal: Principal, permission: str) -> ColumnElement[bool]:
    """Whether a permission reaches a task that nobody has."""
    match principal.scope_of(permission):
        case Scope.ALL:
            return true()
        case Scope.BRANCH if principal.branch_id is not None:
            return Task.branch_id == principal.branch_id
        case _:
            return false()


@dataclass(frozen=True, slots=True)
class Doing:
    """What decides who may do a task."""

    task_id: UUID
    stage: Stage
    branch_id: UUID | None
    kept_away: Sequence[UUID]
    seat_role: str | None

    @classmethod
    def of(cls, task: Task) -> Self:
        """Take it from a stored task."""
        return cls(task.id, task.stage, task.branch_id, task.excluded, task.seat_role)

    @property
    def kind(self) -> "Kind":
        """What the prepared statement for who may do it depends on."""
        return Kind(self.stage, in_branch=self.branch_id is not None, is_seated=self.seat_role is not None)

    def brought(self, *, at: datetime) -> dict[str, Any]:
        """The parameters of `doers` of its kind."""
        return {
            "task": self.task_id,
            "branch": self.branch_id,
            "kept_away": [*self.kept_away],
            "seat_role": self.seat_role,
            "at": at,
        }


class Kind(NamedTuple):
    """Tasks for which one prepared statement finds who may do them."""

    stage: Stage
    in_branch: bool
    is_seated: bool


def doers(kind: Kind) -> Select[UUID]:
    """Select the accounts that may do a task of a kind: within reach, and not excluded by §2; `Doing` says which."""
    at = bindparam("at", type_=DateTime(timezone=True))
    branch = bindparam("branch", type_=Uuid) if kind.in_branch else None
    able = may_act(WORK[kind.stage].permission, branch_id=branch, at=at)
    if kind.is_seated:
        held = holdings_in(bindparam("seat_role", type_=String), at=at).subquery("held")
        is_it = Task.id == bindparam("task", type_=Uuid)
        seat = exists().where(held.c.person == User.id, is_it, sits_at(held)).select_from(held, Task)
        able = seat.where(held.c.is_given | able)
    return select(User.id).where(
        User.status == UserStatus.ACTIVE,
        User.id != all_(bindparam("kept_away", type_=ARRAY(Uuid))),
        may_act(READ, branch_id=branch, at=at),
        able,
    )


def goes_on(*, at: datetime) -> ColumnElement[bool]:
    """Match tasks whose owner, joined, may still do them; drafters need only their own right.

    It fails for those who can no longer sign in, no longer see the application, or lost the right or the seat it needs.
    """
    held = holdings_in(None, at=at).cte("holdings")
    able = _for_its_stage(lambda permission: may_act(permission, branch_id=Task.branch_id, at=at))
    seated = exists().where(held.c.person == User.id, sits_at(held), held.c.is_given | able).select_from(held)
    others = _let_near(at=at) & case((Task.seat_role.is_(None), able), else_=seated)
    own = may_at_all(READ, at=at) & _for_its_stage(lambda permission: may_at_all(permission, at=at))
    return (User.status == UserStatus.ACTIVE) & case((CustomerApplication.user_id == User.id, own), else_=others)


def waits_for_nobody(*, at: datetime) -> ColumnElement[bool]:
    """Match free tasks that nobody may do: whoever held the seat has left, lost it, or took part in the loan.

    For a seat only its holders are looked at, not everybody.
    """
    held = holdings_in(None, at=at).cte("holdings")
    able = _for_its_stage(lambda permission: may_act(permission, branch_id=Task.branch_id, at=at))
    there = (User.status == UserStatus.ACTIVE) & _let_near(at=at)
    seated = exists().where(sits_at(held), held.c.person == User.id, there, held.c.is_given | able)
    seated = seated.select_from(held, User).correlate(Task)
    unseated = exists().where(there, able).select_from(User).correlate(Task)
    return Task.owner_id.is_(None) & ~case((Task.seat_role.is_(None), unseated), else_=seated)


def _let_near(*, at: datetime) -> ColumnElement[bool]:
    """Match the accounts that see a task and are not excluded from it by §2."""
    return (User.id != all_(Task.excluded)) & may_act(READ, branch_id=Task.branch_id, at=at)


def _for_its_stage(held: Callable[[str], ColumnElement[bool]]) -> ColumnElement[bool]:
    """Match tasks whose owner holds the permission that the work of their stage needs."""
    permissions = {work.permission: held(work.permission) for work in WORK.values()}
    return or_(*((Task.stage == stage) & permissions[work.permission] for stage, work in WORK.items()))


def sits_at(held: FromClause) -> ColumnElement[bool]:
    """Match holdings with the seat that a task waits for: `fitting` and `Holding.allows` of `rules.authority` in SQL.

    Nobody sits there as a stand-in for somebody whom §2 excludes.
    """
    reach, handed_on = held.c.reach, held.c.handed_on
    wide_enough = or_(
        reach == Reach.ORGANISATION,
        (reach == Reach.REGION) & (Task.seat_reach != Reach.ORGANISATION),
        (reach == Reach.BRANCH) & (Task.seat_reach == Reach.BRANCH),
    )
    there = or_(
        reach == Reach.ORGANISATION,
        (reach == Reach.BRANCH) & (held.c.branch_id == Task.branch_id),
        (reach == Reach.REGION) & Task.branch_id.in_(select(Branch.id).where(Branch.region == held.c.region)),
    )
    up_to = [
        (limits, cast(func.jsonb_extract_path_text(limits, Task.seat_currency), Numeric))
        for limits in (held.c.limits, handed_on)
    ]
    return and_(
        held.c.role == Task.seat_role,
        wide_enough,
        there,
        held.c.absent.is_(None) | (held.c.absent != all_(Task.excluded)),
        held.c.limits.is_not(None) | ~Task.seat_needs_limit,
        *(limits.is_(None) | (limit >= Task.seat_amount) for limits, limit in up_to),
    )


def reaches(principal: Principal, permission: str, task: Task) -> bool:
    """Whether a permission of this person reaches a task."""
    return principal.reaches(permission, owner_id=task.owner_id, branch_id=task.branch_id)


_HELD: Final = HOLDINGS.cte("held")
_SITS: Final = sits_at(_HELD)
