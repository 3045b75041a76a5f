"""How far a permission reaches, as a condition on rows."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Self
from uuid import UUID

from sqlalchemy import ARRAY, BindParameter, ColumnElement, Uuid, any_, bindparam, false, true
from sqlalchemy.orm import InstrumentedAttribute

from lc_workflow.kernel.principal import Principal, Scope


def within(
    principal: Principal,
    permission: str,
    *,
    owner: InstrumentedAttribute[UUID] | InstrumentedAttribute[UUID | None],
    branch: InstrumentedAttribute[Any],
) -> ColumnElement[bool]:
    """Narrow a query to the rows a permission of this person reaches, by whose they are and in which branch.

    `Principal.reaches` gives the same answer for a row that is loaded.
    """
    mine = owner == principal.id
    match principal.scope_of(permission):
        case None:
            return false()
        case Scope.ALL:
            return true()
        case Scope.BRANCH if principal.branch_id is not None:
            return mine | (branch == principal.branch_id)
        case Scope.DEPARTMENT:
            return mine | _is_one_of(owner, principal.department)
        case Scope.TEAM:
            return mine | _is_one_of(owner, principal.team)
        case _:
            return mine


def ways(
    principal: Principal,
    permission: str,
    *,
    owner: InstrumentedAttribute[UUID] | InstrumentedAttribute[UUID | None],
    branch: InstrumentedAttribute[Any],
) -> list[ColumnElement[bool]]:
    """The same as `within` as separate conditions, of which a row meets at least one, each with its own index.

    For an OR, PostgreSQL gathers all matches before it sorts them, however few rows are wanted.
    """
    if principal.scope_of(permission) is not Scope.BRANCH or principal.branch_id is None:
        return [within(principal, permission, owner=owner, branch=branch)]
    return [branch == principal.branch_id, owner == principal.id]


@dataclass(frozen=True, slots=True)
class Reach:
    """How far some permissions of a person reach, without saying whose: what a prepared statement depends on.

    People of equal reach share the statement; `brought` supplies who they are each time it is sent.
    """

    grants: tuple[tuple[str, Scope], ...]
    has_branch: bool

    @classmethod
    def of(cls, principal: Principal, *permissions: str) -> Self:
        """Take the reach of these permissions; any other permission counts as not held."""
        held = ((name, scope) for name in permissions if (scope := principal.scope_of(name)) is not None)
        return cls(tuple(held), principal.branch_id is not None)

    @property
    def anybody(self) -> Principal:
        """A principal of this reach, for `visible_to`: it holds bind parameters in place of ids."""
        places: dict[str, Any] = {name: bindparam(name, type_=Uuid) for name in ("reader", "reader_branch")}
        places |= {name: bindparam(name, type_=ARRAY(Uuid)) for name in ("team", "department")}
        return Principal(
            id=places["reader"],
            role="",
            session_id=places["reader"],
            branch_id=places["reader_branch"] if self.has_branch else None,
            team=places["team"],
            department=places["department"],
            grants=dict(self.grants),
        )


def brought(principal: Principal) -> dict[str, Any]:
    """The values that say who a person is, for a statement written for anybody of their reach."""
    return {
        "reader": principal.id,
        "reader_branch": principal.branch_id,
        "team": [*principal.team],
        "department": [*principal.department],
    }


def _is_one_of(owner: InstrumentedAttribute[Any], people: Collection[UUID] | BindParameter[Any]) -> ColumnElement[bool]:
    return owner == any_(people) if isinstance(people, BindParameter) else owner.in_(people)
