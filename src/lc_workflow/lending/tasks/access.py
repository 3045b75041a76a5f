"""Who sees which tasks, and who may do one."""

from typing import Final

from sqlalchemy import ColumnElement, all_, false, literal, or_, true

from lc_workflow.kernel.principal import Principal, Scope
from lc_workflow.lending.applications import access as applications
from lc_workflow.lending.rules.stages import Stage
from lc_workflow.lending.rules.tasks import WORK
from lc_workflow.lending.tasks.models import Task

READ: Final = applications.READ
ASSIGN: Final = "task:assign"


def visible_to(principal: Principal) -> ColumnElement[bool]:
    """One's own tasks, and those of the applications one may see."""
    return or_(Task.owner_id == principal.id, within(principal, READ))


def within(principal: Principal, permission: str) -> ColumnElement[bool]:
    """Narrow a query to the tasks that a permission of this person reaches: by their branch, or by who has them."""
    match principal.scope_of(permission):
        case Scope.ALL:
            return true()
        case Scope.BRANCH if principal.branch_id is not None:
            return Task.branch_id == principal.branch_id
        case Scope.DEPARTMENT:
            return Task.owner_id.in_({principal.id, *principal.department})
        case Scope.TEAM:
            return Task.owner_id.in_({principal.id, *principal.team})
        case Scope.OWN | Scope.BRANCH:
            return Task.owner_id == principal.id
        case None:
            return false()


def claimable_by(principal: Principal) -> ColumnElement[bool]:
    """Narrow a query to the work this person could take: nobody has it, and neither right nor §2 keeps them from it."""
    by_reach: dict[Scope | None, list[Stage]] = {}
    for stage, work in WORK.items():
        by_reach.setdefault(principal.scope_of(work.permission), []).append(stage)
    reached: list[ColumnElement[bool]] = []
    if stages := by_reach.get(Scope.ALL):
        reached.append(Task.stage.in_(stages))
    if principal.branch_id is not None and (stages := by_reach.get(Scope.BRANCH)):
        reached.append((Task.branch_id == principal.branch_id) & Task.stage.in_(stages))
    if not reached:
        return false()
    return Task.owner_id.is_(None) & (literal(principal.id) != all_(Task.excluded)) & or_(*reached)


def may_do(task: Task, principal: Principal) -> bool:
    """Whether a person's rights reach the work; what §2 says about them stands in the task."""
    return reaches(principal, WORK[task.stage].permission, task)


def reaches(principal: Principal, permission: str, task: Task) -> bool:
    """Whether a permission of this person reaches a task."""
    return principal.reaches(permission, owner_id=task.owner_id, branch_id=task.branch_id)
