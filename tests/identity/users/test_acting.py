"""Whom a statement finds who may act in a branch: the same people whose principal says so."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.identity.roles.models import CompanyRole, Permission, UserPermission, UserRole
from lc_workflow.identity.sessions.principals import principal_of
from lc_workflow.identity.users.access import may_act
from lc_workflow.identity.users.models import User
from lc_workflow.organization.branches.models import Branch
from tests.identity.factories import a_user
from tests.moments import NOON

APPROVE, LATER, EARLIER = "application:approve", NOON + timedelta(days=1), NOON - timedelta(days=1)
Further = list[tuple[str, datetime | None]]
Direct = list[tuple[str, bool, datetime | None]]

PEOPLE: tuple[tuple[str, Further, Direct], ...] = (
    ("officer", [], []),
    ("manager", [], []),
    ("admin", [], []),
    ("officer", [("manager", None)], []),
    ("officer", [("manager", LATER)], []),
    ("officer", [("manager", EARLIER)], []),
    ("officer", [("admin", LATER)], []),
    ("officer", [], [("all", True, None)]),
    ("officer", [], [("branch", True, LATER)]),
    ("officer", [], [("branch", True, EARLIER)]),
    ("officer", [], [("own", True, None)]),
    ("manager", [], [("branch", False, None)]),
    ("manager", [], [("branch", False, EARLIER)]),
    ("manager", [], [("all", False, None)]),
    ("admin", [], [("own", False, None)]),
    ("officer", [("manager", None)], [("branch", False, LATER)]),
    ("officer", [], [("all", True, None), ("branch", False, None)]),
)
"""First role, further roles with their ends, and rights given or denied in a scope with their ends."""


async def test_a_statement_finds_those_who_may_act_as_their_principals_say(
    session: AsyncSession, branch: Branch
) -> None:
    roles = {row.name: row.id for row in await session.scalars(select(CompanyRole))}
    rights = {row.name: row.id for row in await session.scalars(select(Permission))}
    people = {}
    for first, further, direct in PEOPLE:
        session.add(person := a_user(role=first, branch_id=branch.id))
        await session.flush()
        given = {"user_id": person.id, "given_by": person.id, "given_at": NOON}
        session.add_all(UserRole(role_id=roles[name], until=until, **given) for name, until in further)
        session.add_all(
            UserPermission(permission_id=rights[f"{APPROVE}:{scope}"], is_granted=granted, until=until, **given)
            for scope, granted, until in direct
        )
        people[person.id] = (first, further, direct)
    await session.flush()
    seen = set()
    for place in (branch.id, None):
        acting = set(await session.scalars(select(User.id).where(may_act(APPROVE, branch_id=place, at=NOON))))
        for person_id, who in people.items():
            principal = await principal_of(session, person_id, NOON)
            assert principal is not None
            may = principal.reaches(APPROVE, owner_id=None, branch_id=place)
            assert (person_id in acting) == may, (who, place)
            seen.add((place is None, may))
    assert len(seen) == 4
