"""What holds for every table of rights, also for one that lets more than administrators manage accounts."""

from uuid import uuid4

import bcrypt
import pytest
from httpx import AsyncClient
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.identity.rules.roles import STANDINGS, Role, RoleAboveOwn
from lc_workflow.identity.rules.statuses import UserStatus
from lc_workflow.identity.users.schemas import NewUser, UserChange
from lc_workflow.identity.users.service import UserService
from lc_workflow.kernel.errors import Missing
from lc_workflow.kernel.principal import Principal, Scope
from lc_workflow.organization.branches.models import Branch
from lc_workflow.platform.config import PasswordPolicy
from tests.conftest import CHEAP, SignIn
from tests.identity.factories import a_user
from tests.identity.rights import Named
from tests.moments import NOON

RIGHTS = ("user:read", "user:create", "user:update", "user:delete")


@pytest.fixture
def users(session: AsyncSession) -> UserService:
    return UserService(session, passwords=CHEAP, policy=PasswordPolicy())


def a_manager(scope: Scope = Scope.ALL, **changes: object) -> Principal:
    """A manager to whom accounts were entrusted."""
    return Principal(
        **{  # type: ignore[arg-type]
            "id": uuid4(),
            "role": Role.MANAGER,
            "level": STANDINGS[Role.MANAGER].level,
            "session_id": uuid4(),
            "grants": dict.fromkeys(RIGHTS, scope),
            **changes,
        }
    )


def a_wish(role: Role) -> NewUser:
    return NewUser(
        username="dara",
        email="dara@branch.example",
        password="Dara#2026pass",
        first_name="Dara",
        last_name="Keo",
        role=role,
    )


async def test_a_manager_makes_managers_and_no_administrators(users: UserService) -> None:
    with pytest.raises(RoleAboveOwn):
        await users.open(a_wish(Role.ADMIN), principal=a_manager(), at=NOON)
    user = await users.open(a_wish(Role.MANAGER), principal=a_manager(), at=NOON)
    assert user.role == Role.MANAGER


async def test_a_manager_promotes_nobody_above_themselves(users: UserService, session: AsyncSession) -> None:
    session.add(a_user(id=(officer_id := uuid4())))
    await session.commit()
    with pytest.raises(RoleAboveOwn):
        await users.change(officer_id, UserChange(role=Role.ADMIN), principal=a_manager(), at=NOON)
    changed = await users.change(officer_id, UserChange(role=Role.MANAGER), principal=a_manager(), at=NOON)
    assert changed.role == Role.MANAGER


@pytest.mark.parametrize(
    "wish",
    [
        UserChange(password="Stolen#2026pass"),
        UserChange(email="mine@branch.example"),
        UserChange(role=Role.VIEWER),
        UserChange(status=UserStatus.SUSPENDED),
    ],
)
async def test_a_manager_touches_no_administrators_account(
    users: UserService, session: AsyncSession, wish: UserChange
) -> None:
    session.add(admin := a_user(id=(admin_id := uuid4()), role=Role.ADMIN))
    await session.commit()
    with pytest.raises(RoleAboveOwn):
        await users.change(admin_id, wish, principal=a_manager(), at=NOON)
    with pytest.raises(RoleAboveOwn):
        await users.deactivate(admin_id, principal=a_manager(), at=NOON)
    await session.refresh(admin)
    assert (admin.role, admin.status) == (Role.ADMIN, UserStatus.ACTIVE)


async def test_a_right_that_reaches_a_branch_ends_there(
    users: UserService, session: AsyncSession, branch: Branch
) -> None:
    here, there = uuid4(), uuid4()
    session.add_all([a_user(id=here, branch_id=branch.id), a_user(id=there)])
    await session.commit()
    manager = a_manager(Scope.BRANCH, branch_id=branch.id)
    changed = await users.change(here, UserChange(first_name="New"), principal=manager, at=NOON)
    assert changed.first_name == "New"
    with pytest.raises(Missing):
        await users.change(there, UserChange(first_name="New"), principal=manager, at=NOON)
    with pytest.raises(Missing):
        await users.deactivate(there, principal=manager, at=NOON)


async def test_nothing_is_hashed_for_an_account_out_of_reach(
    client: AsyncClient, session: AsyncSession, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    session.add(other := a_user())
    officer = await sign_in("officer")
    monkeypatch.setattr(bcrypt, "hashpw", lambda *_: pytest.fail("this costs as much as a hundred queries"))
    for user_id in (other.id, officer.user.id):
        answer = await client.patch(
            f"/api/v1/users/{user_id}", json={"password": "Stolen#2026pass"}, headers=officer.headers
        )
        assert answer.status_code in {403, 404}


async def test_who_looks_after_the_accounts_of_a_branch_puts_none_elsewhere(
    client: AsyncClient, sign_in: SignIn, branch: Branch, right_id: Named, other_branch: Branch
) -> None:
    """Neither a new account, nor one of the branch, nor their own, by which they would reach the other branch."""
    admin = await sign_in("admin")
    manager, officer = await sign_in("manager", branch_id=branch.id), await sign_in("officer", branch_id=branch.id)
    for verb in ("create", "update"):
        wish = {"permission_id": await right_id(f"user:{verb}:branch")}
        given = await client.post(f"/api/v1/users/{manager.user.id}/permissions", json=wish, headers=admin.headers)
        assert given.status_code == 200, given.text
    body = {
        "username": "sokha",
        "email": "sokha@branch.example",
        "password": "Sokha#2026pass",
        "first_name": "Sokha",
        "last_name": "Keo",
    }
    users = "/api/v1/users"
    refused = await client.post(users, json=body | {"branch_id": str(other_branch.id)}, headers=manager.headers)
    assert (refused.status_code, refused.json()["code"]) == (403, "NotYourPlace"), refused.text
    typed = {"first_name": " Sok\u200bha", "last_name": "Keo\ufeff "}  # nobody sees what else was typed
    opened = await client.post(users, json=body | typed | {"branch_id": ""}, headers=manager.headers)
    assert (opened.status_code, opened.json().get("branch_id")) == (201, str(branch.id)), opened.text
    assert (opened.json()["first_name"], opened.json()["last_name"]) == ("Sokha", "Keo")
    for user_id, code in (
        (opened.json()["id"], "NotYourPlace"),
        (officer.user.id, "NotYourPlace"),
        (manager.user.id, "NotYoursToChange"),
    ):
        away = await client.patch(
            f"{users}/{user_id}", json={"branch_id": str(other_branch.id)}, headers=manager.headers
        )
        assert (away.status_code, away.json()["code"]) == (403, code), away.text
    renamed = await client.patch(
        f"{users}/{officer.user.id}", json={"branch_id": str(branch.id), "first_name": "Dara"}, headers=manager.headers
    )
    assert (renamed.status_code, renamed.json()["first_name"]) == (200, "Dara")
