"""Opening, finding, changing and deactivating accounts."""

from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from msgspec import UNSET
from sqlalchemy import ColumnElement, delete, func, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.identity.events import (
    AccountChanged,
    AccountOpened,
    AccountStatusMoved,
    PasswordReset,
    RegisterExported,
    RoleChanged,
    RoleTaken,
)
from lc_workflow.identity.roles.models import CompanyRole, UserRole
from lc_workflow.identity.roles.service import held_roles, levels
from lc_workflow.identity.rules.passwords import check_password
from lc_workflow.identity.rules.postings import check_own_place, check_same_branch, own_place
from lc_workflow.identity.rules.profiles import NotYoursToChange, check_own_change
from lc_workflow.identity.rules.roles import Role, check_rank
from lc_workflow.identity.rules.statuses import UserStatus, check_beginning, check_move, deactivated
from lc_workflow.identity.users.access import CREATE, DELETE, EXPORT, UPDATE, in_reach, visible_to
from lc_workflow.identity.users.models import (
    STANDING,
    WHOLE,
    Activation,
    FormerTelephone,
    Session,
    SignInChallenge,
    User,
)
from lc_workflow.identity.users.queries import conditions, order, told
from lc_workflow.identity.users.schemas import NewUser, UserChange, UserFilter
from lc_workflow.identity.users.service.ranks import keep_an_administrator
from lc_workflow.kernel.names import plain
from lc_workflow.kernel.principal import Principal, Scope
from lc_workflow.organization.branches.models import Branch
from lc_workflow.organization.departments.models import Department
from lc_workflow.organization.employees.models import Employee
from lc_workflow.organization.employees.queries import check_in_use
from lc_workflow.platform.config import PasswordPolicy
from lc_workflow.platform.http.long_lists import Part, cut
from lc_workflow.platform.http.paging import Window
from lc_workflow.platform.http.shapes import given
from lc_workflow.platform.phones import check_phones, phone_key
from lc_workflow.platform.security.passwords import Passwords
from lc_workflow.platform.security.personal import READ as READ_NUMBERS
from lc_workflow.platform.security.personal import refuse_masked, without_masked
from lc_workflow.platform.service import Service

EXPORTED: Final = 500
"""Accounts that an export reads at a time."""

PLACE: Final = frozenset({"branch_id", "department_id"})
"""The fields that decide who can reach an account."""

POSTING: Final = frozenset({"branch_id", "portfolio_id", "line_manager_id"})
"""The fields that must belong to the same branch."""

CHOSEN: Final = PLACE | POSTING | {"position_id"}
"""The fields that name places and colleagues, which have to be in use."""


@dataclass(frozen=True, slots=True)
class DepartmentPeople:
    """The accounts of a department that one may see, the branches of all of them, and its manager."""

    users: Sequence[User]
    branches: Sequence[Branch]
    manager: User | None


async def person(session: AsyncSession, user_id: UUID) -> User:
    """Load an account with its place in the company, as the database has it now."""
    return await session.get_one(User, user_id, options=WHOLE, populate_existing=True)


async def end_sessions(session: AsyncSession, *which: ColumnElement[bool], at: datetime) -> Sequence[UUID]:
    """End the sessions that have not ended yet, inside the running transaction; return which."""
    ended = await session.scalars(
        update(Session).where(*which, Session.ended_at.is_(None)).values(ended_at=at).returning(Session.id)
    )
    return ended.all()


async def forget_waiting(session: AsyncSession, user_id: UUID) -> None:
    """End sign-ins waiting for the second factor and unused codes, which a changed password makes invalid.

    Otherwise a code in an old letter could undo the new password for as long as it is good.
    """
    await session.execute(delete(SignInChallenge).where(SignInChallenge.user_id == user_id))
    await session.execute(delete(Activation).where(Activation.user_id == user_id, Activation.used_at.is_(None)))


async def set_password(session: AsyncSession, user: User, digest: str, *, at: datetime) -> None:
    """Give the locked row a new password; end its sessions, and the lock that wrong passwords caused."""
    user.password_hash, user.updated_at = digest, at
    user.failed_login_attempts, user.locked_until = 0, None
    await end_sessions(session, Session.user_id == user.id, at=at)
    await forget_waiting(session, user.id)


class UserService(Service[User]):
    """The accounts of the institution."""

    noun = "user"

    def __init__(self, session: AsyncSession, *, passwords: Passwords, policy: PasswordPolicy) -> None:
        """Open the service on the request's session, with the password policy of this installation."""
        super().__init__(session)
        self._passwords = passwords
        self._policy = policy

    async def page(self, window: Window, wanted: UserFilter, *, principal: Principal, at: datetime) -> Part[User]:
        """List the wanted accounts with their places in the company.

        Raises:
            BadCursor: The cursor is none of a list in this order.
        """
        where = (visible_to(principal), *conditions(wanted, await self._roles_called(wanted.role), at=at))
        part = await cut(
            self.session,
            select(User).where(*where).options(*WHOLE),
            window,
            *order(wanted.sort_by, descending=wanted.descending),
            count=select(func.count()).select_from(User).where(*where),
        )
        return replace(part, rows=[user for (user,) in part.rows])

    async def export(self, wanted: UserFilter, *, principal: Principal, at: datetime) -> AsyncGenerator[User, None]:
        """Yield all wanted accounts with their places, the oldest first; record what was asked for.

        The rows come in batches, and no connection is held while a batch is consumed.
        """
        which = conditions(wanted, await self._roles_called(wanted.role), at=at)
        where = asked = [visible_to(principal), in_reach(principal, EXPORT), *which]
        async with self.transaction():
            rows = await self.session.scalar(select(func.count()).select_from(User).where(*asked))
            self.announce(
                RegisterExported(
                    actor_id=principal.id,
                    at=at,
                    user_id=principal.id,
                    filters=told(wanted),
                    searched=bool(wanted.search),
                    numbers_whole=principal.may(READ_NUMBERS),
                    rows=rows,
                )
            )
        while True:
            found = await self.session.scalars(
                select(User).where(*where).order_by(User.created_at, User.id).limit(EXPORTED).options(*WHOLE)
            )
            batch = found.all()
            self.session.expunge_all()
            await self.session.rollback()
            for user in batch:
                yield user
            if len(batch) < EXPORTED:
                return
            last = tuple_(batch[-1].created_at, batch[-1].id)
            where = [*asked, tuple_(User.created_at, User.id) > last]

    async def people_of(self, department: Department, *, principal: Principal) -> DepartmentPeople:
        """Load the users, branches and manager of a department."""
        here = User.department_id == department.id
        users = await self.session.scalars(
            select(User)
            .where(visible_to(principal), here)
            .order_by(User.first_name, User.last_name, User.id)
            .options(STANDING)
        )
        branches = await self.session.scalars(
            select(Branch).where(Branch.id.in_(select(User.branch_id).where(here))).order_by(Branch.name, Branch.id)
        )
        manager = None
        if department.manager_id is not None:
            manager = await self.get_one_or_none(visible_to(principal), id=department.manager_id, load=STANDING)
        return DepartmentPeople(users.all(), branches.all(), manager)

    async def open(self, wish: NewUser, *, principal: Principal, at: datetime) -> User:
        """Open an account; without a place it belongs where the person may open accounts, if that is one place only.

        Raises:
            NotYourPlace: The person opens accounts in their own branch or department only, and this is another.
            NoSuchRole: There is no such role.
            RoleAboveOwn: The role stands above the person's own.
            NoSuchStatusMove: Accounts do not begin with this status.
            WeakPassword: The password does not meet the policy.
            OtherBranch, NotInUse: The portfolio or the line manager is from another branch, or a choice is out of use.
            NotAPhone: The telephone number is none.
            UsernameTaken, EmailTaken, EmployeeIdTaken: Another account has it.
        """
        values = _normal(given(wish))
        values |= {name: place for name, place in own_place(principal, CREATE).items() if values[name] is None}
        check_own_place(principal, CREATE, branch_id=values["branch_id"], department_id=values["department_id"])
        check_rank(principal.level, await levels(self.session, wish.role))
        check_beginning(wish.status)
        if not values.pop("is_active"):
            values["status"] = UserStatus.PENDING
        refuse_masked(values, ["phone_number"])
        check_phones(values, "phone_number")
        digest = await self._hash(values.pop("password"))
        async with self.transaction():
            user = User(**values, password_hash=digest, created_at=at, updated_at=at)
            await self._check_posting(user, CHOSEN)
            user = await self.create(user)
            self.announce(
                AccountOpened(actor_id=principal.id, at=at, user_id=user.id, role=user.role, status=user.status)
            )
        return await person(self.session, user.id)

    async def change(self, user_id: UUID, wish: UserChange, *, principal: Principal, at: datetime) -> User:
        """Change what the wish names; a new password, or another status than active, ends the person's sessions.

        Raises:
            Missing: There is no such account within the person's reach.
            NotYoursToChange: It is one's own account, and the field is for others to change.
            NoSuchRole: There is no such role.
            RoleAboveOwn: The account or its new role stands above the person's own.
            NoSuchStatusMove: The account does not move to this status.
            LastAdministrator: Nobody would be left to administer the installation.
            WeakPassword: The password does not meet the policy.
            OtherBranch, NotInUse: The portfolio or the line manager is from another branch, or a choice is out of use.
            UsernameTaken, EmailTaken, EmployeeIdTaken: Another account has it.
        """
        reach = in_reach(principal, UPDATE)
        digest = None
        if wish.password is not UNSET:
            if user_id == principal.id:
                raise NotYoursToChange("Change your own password with your old one, at /users/me/change-password.")
            await self.find(reach, id=user_id)
            digest = await self._hash(wish.password)
        async with self.transaction():
            user = await self.find(reach, id=user_id, lock=True)
            changes = _changes(user, wish, shown_role=await self._shown_role(user, wish))
            if user.id == principal.id:
                check_own_change(
                    changes.keys(),
                    administers=principal.scope_of(UPDATE) is not Scope.OWN,
                    reaching=principal.grants.values(),
                )
            touched = await held_roles(self.session, user.id, user.role, at=at)
            if "role" in changes:
                touched |= await levels(self.session, changes["role"])
            check_rank(principal.level, touched)
            await self.apply(user, changes, principal=principal, at=at)
            if digest is not None:
                await set_password(self.session, user, digest, at=at)
                self.announce(PasswordReset(actor_id=principal.id, at=at, user_id=user.id))
        return await person(self.session, user_id)

    async def deactivate(self, user_id: UUID, *, principal: Principal, at: datetime) -> None:
        """Take an account out of use and end its sessions; what the person did stays on record.

        Raises:
            Missing: There is no such account within the person's reach.
            NotYoursToChange: It is one's own account.
            RoleAboveOwn: The account stands above the person's own.
            LastAdministrator: Nobody would be left to administer the installation.
        """
        async with self.transaction():
            user = await self.find(in_reach(principal, DELETE), id=user_id, lock=True)
            if user.id == principal.id:
                raise NotYoursToChange("You cannot deactivate your own account; somebody else must do this.")
            check_rank(principal.level, await held_roles(self.session, user.id, user.role, at=at))
            if (target := deactivated(user.status)) is not user.status:
                await self.apply(user, {"status": target, "status_reason": None}, principal=principal, at=at)

    async def apply(self, user: User, changes: Mapping[str, Any], *, principal: Principal, at: datetime) -> None:
        """Write the changes into the locked row, with everything that follows from them; the caller commits.

        Raises:
            NoSuchStatusMove: The account does not move to this status.
            LastAdministrator: Nobody would be left to administer the installation.
            NotYourPlace: The account would belong elsewhere than the person's right reaches.
            OtherBranch, NotInUse: The portfolio or the line manager is from another branch, or a choice is out of use.
        """
        if not changes:
            return
        check_phones(changes, "phone_number")
        source, former_role, was_active = user.status, user.role, user.is_active
        former_phone = user.phone_number
        check_move(source, changes.get("status", source))
        user.change(changes, at=at)
        if former_phone is not None and phone_key(former_phone) != phone_key(user.phone_number):
            self.session.add(FormerTelephone(user_id=user.id, phone_number=former_phone, given_up_at=at))
        if not PLACE.isdisjoint(changes):
            check_own_place(principal, UPDATE, branch_id=user.branch_id, department_id=user.department_id)
        await self._check_posting(user, changes.keys())
        if was_active and (not user.is_active or former_role == Role.ADMIN != user.role):
            await self.session.flush()
            await keep_an_administrator(self.session)
        self.announce(AccountChanged(actor_id=principal.id, at=at, user_id=user.id, fields=tuple(sorted(changes))))
        if user.role != former_role:
            self.announce(
                RoleChanged(actor_id=principal.id, at=at, user_id=user.id, source=former_role, target=user.role)
            )
            await self._absorb(user, principal=principal, at=at)
        if user.status is not source:
            if not user.is_active:
                await end_sessions(self.session, Session.user_id == user.id, at=at)
            self.announce(
                AccountStatusMoved(
                    actor_id=principal.id,
                    at=at,
                    user_id=user.id,
                    source=source,
                    target=user.status,
                    reason=user.status_reason,
                )
            )

    async def _absorb(self, user: User, *, principal: Principal, at: datetime) -> None:
        """Take away a further role that became the first one: otherwise it would silently outlast it."""
        first = select(CompanyRole.id).where(CompanyRole.name == user.role)
        further = delete(UserRole).where(UserRole.user_id == user.id, UserRole.role_id.in_(first))
        if await self.session.scalar(further.returning(UserRole.id)):
            self.announce(RoleTaken(actor_id=principal.id, at=at, user_id=user.id, role=user.role))

    async def _check_posting(self, user: User, chosen: Collection[str]) -> None:
        """Check what was chosen for an account, and compare the branches of the people around it.

        Unknown ids are left to the foreign keys.
        """
        await check_in_use(self.session, **{name: getattr(user, name) for name in CHOSEN & set(chosen)})
        if POSTING.isdisjoint(chosen):
            return
        around = {user.portfolio_id, user.line_manager_id} - {None}
        if not around:
            return
        found = await self.session.execute(select(Employee.id, Employee.branch_id).where(Employee.id.in_(around)))
        branches: dict[UUID | None, UUID | None] = {row.id: row.branch_id for row in found}
        check_same_branch(
            user.branch_id,
            portfolio=branches.get(user.portfolio_id),
            line_manager=branches.get(user.line_manager_id),
        )

    async def _shown_role(self, user: User, wish: UserChange) -> str | None:
        """The web app's word for an account's role, when the wish names another than the role itself."""
        if wish.role is UNSET or wish.role == user.role:
            return None
        return await self.session.scalar(select(CompanyRole.web_word).where(CompanyRole.name == user.role))

    async def _roles_called(self, word: str | None) -> Sequence[str] | None:
        """The names of the roles that a word means: its own, and every role the web app calls so."""
        if word is None:
            return None
        called = or_(CompanyRole.name == word, CompanyRole.web_word == word)
        return (await self.session.scalars(select(CompanyRole.name).where(called).order_by(CompanyRole.name))).all()

    async def _hash(self, password: str) -> str:
        """Check and hash a new password; the connection goes back to the pool meanwhile."""
        check_password(password, **asdict(self._policy))
        await self.session.rollback()
        return await self._passwords.hash(password)


def _changes(user: User, wish: UserChange, *, shown_role: str | None) -> dict[str, Any]:
    """What the wish really changes: the web app sends whole forms, most of them unchanged."""
    wished = without_masked(_normal(given(wish)), ["phone_number"])
    if wished.get("role") == shown_role:
        wished.pop("role", None)  # the word by which the web app shows the role that the account has
    wished.pop("password", None)
    ticked = wished.pop("is_active", user.is_active)
    if "status" not in wished and ticked != user.is_active:
        wished["status"] = UserStatus.ACTIVE if ticked else UserStatus.INACTIVE
    changes = {name: value for name, value in wished.items() if value != getattr(user, name)}
    if "status" in changes and user.status_reason is not None:
        changes.setdefault("status_reason", wished.get("status_reason"))  # the reason of the old status is not its own
    return changes


def _normal(fields: dict[str, Any]) -> dict[str, Any]:
    """Write user names and addresses in lower case without outer blanks, and names as they look."""
    lower = {name: fields[name].strip().lower() for name in ("username", "email") if name in fields}
    return fields | lower | {name: plain(fields[name]) for name in ("first_name", "last_name") if name in fields}
