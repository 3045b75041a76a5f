"""Giving people further roles and rights, denying them some, and taking both back."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, exists, or_, select
from sqlalchemy.dialects.postgresql import insert

from lc_workflow.identity.events import RightGiven, RightTaken, RoleGiven, RoleTaken
from lc_workflow.identity.holdings.schemas import RightToGive, RoleToGive
from lc_workflow.identity.permissions.service import rights_by_id
from lc_workflow.identity.roles.models import CompanyRole, Permission, UserPermission, UserRole
from lc_workflow.identity.roles.schemas import Rights
from lc_workflow.identity.roles.service import held_roles
from lc_workflow.identity.rules.grants import Right, check_within_own
from lc_workflow.identity.rules.profiles import NotYoursToChange
from lc_workflow.identity.rules.roles import NoSuchRole, check_rank
from lc_workflow.identity.sessions.principals import barred, rights_of
from lc_workflow.identity.users.access import visible_to
from lc_workflow.identity.users.models import User
from lc_workflow.identity.users.service import keep_an_administrator
from lc_workflow.kernel.errors import FieldError, Invalid, Missing
from lc_workflow.kernel.principal import Principal
from lc_workflow.platform.service import Service


class EndsBeforeItBegins(Invalid):
    """What is given for a time must end in the future."""

    def __init__(self) -> None:
        super().__init__("Say a moment that is still to come.", errors=(FieldError("until", "lies in the past"),))


class FirstRole(Invalid):
    """It is the person's first role, which is set in the account itself."""


class HoldingService(Service[User]):
    """What people hold besides the role of their account."""

    noun = "user"

    async def of(self, user_id: UUID, *, principal: Principal, at: datetime) -> Rights:
        """List everything an account may do now, and where each right comes from.

        Raises:
            Missing: There is no such account within the person's reach.
        """
        await self.find(visible_to(principal), id=user_id)
        return await rights_of(self.session, user_id, at=at)

    async def give_role(self, user_id: UUID, wish: RoleToGive, *, principal: Principal, at: datetime) -> Rights:
        """Give somebody a further role; if they hold it already, its end is set anew.

        Raises:
            Missing: There is no such account within the person's reach.
            NotYoursToChange: It is one's own account.
            NoSuchRole: There is no such role, or it is not in use.
            RoleAboveOwn: The role, or one that they hold, stands above the person's own.
            FirstRole: Their account holds it already.
            EndsBeforeItBegins: `until` lies in the past.
            NotProvidedFor: It is to count somewhere or sometimes only.
        """
        wish.check()
        _check_end(wish.ends_at, at=at)
        async with self.transaction():
            user = await self._of_another(user_id, principal=principal, at=at)
            role = await self.session.get(CompanyRole, wish.role_id)
            if role is None or not role.is_active:
                raise NoSuchRole
            if role.name == user.role:
                raise FirstRole("The account holds this role already.")
            check_rank(principal.level, {role.name: role.level})
            values = {"given_by": principal.id, "given_at": at, "until": wish.ends_at, "reason": wish.reason}
            await self.session.execute(
                insert(UserRole)
                .values(user_id=user.id, role_id=role.id, **values)
                .on_conflict_do_update(index_elements=["user_id", "role_id"], set_=values)
            )
            await keep_an_administrator(self.session)  # the new end may leave nobody as administrator
            self.announce(
                RoleGiven(
                    actor_id=principal.id,
                    at=at,
                    user_id=user.id,
                    role=role.name,
                    until=wish.ends_at.isoformat() if wish.ends_at else None,
                    reason=wish.reason,
                )
            )
        return await rights_of(self.session, user_id, at=at)

    async def take_role(self, user_id: UUID, role_id: UUID, *, principal: Principal, at: datetime) -> None:
        """Take a further role from somebody.

        Raises:
            Missing: There is no such account within the person's reach, or it does not hold the role.
            NotYoursToChange: It is one's own account.
            RoleAboveOwn: One of their roles stands above the person's own.
            FirstRole: The account itself names the role; change it there.
            LastAdministrator: Nobody would administer for good.
        """
        async with self.transaction():
            user = await self._of_another(user_id, principal=principal, at=at)
            name = await self.session.scalar(select(CompanyRole.name).where(CompanyRole.id == role_id))
            if name is not None and name == user.role:
                raise FirstRole("The account itself names this role; give the account another instead.")
            taken = await self.session.scalar(
                delete(UserRole).where(UserRole.user_id == user.id, UserRole.role_id == role_id).returning(UserRole.id)
            )
            if taken is None or name is None:
                raise Missing("This person does not hold that role.")
            await keep_an_administrator(self.session)
            self.announce(RoleTaken(actor_id=principal.id, at=at, user_id=user.id, role=name))

    async def give_right(self, user_id: UUID, wish: RightToGive, *, principal: Principal, at: datetime) -> Rights:
        """Give somebody a right that one holds, or deny it; an earlier grant or denial of it is replaced.

        Raises:
            Missing, NotYoursToChange, RoleAboveOwn: As for roles.
            NoSuchPermission: There is no such right.
            GrantAboveOwn: The person does not hold it, or not that far, and gives it or lets a denial end sooner.
            EndsBeforeItBegins: `until` lies in the past.
            NotProvidedFor: It is to count somewhere or sometimes only.
        """
        wish.check()
        _check_end(wish.ends_at, at=at)
        async with self.transaction():
            user = await self._of_another(user_id, principal=principal, at=at)
            await self._write(user, await rights_by_id(self.session, [wish.permission_id]), wish, principal, at)
        return await rights_of(self.session, user_id, at=at)

    async def give_rights(
        self, user_id: UUID, names: Collection[str], *, reason: str, principal: Principal, at: datetime
    ) -> int:
        """Give somebody those of several rights that they do not hold yet, for good; return how many.

        What they were denied stays denied: a denial is meant for that person, a set of rights is not.

        Raises:
            Missing, NotYoursToChange, RoleAboveOwn, GrantAboveOwn: As for one.
        """
        async with self.transaction():
            user = await self._of_another(user_id, principal=principal, at=at)
            held = await rights_of(self.session, user.id, at=at)
            lacking = set(names) - {one.permission.name for one in held.effective_permissions} - barred(held, names)
            rights = (await self.session.scalars(select(Permission).where(Permission.name.in_(lacking)))).all()
            for right in rights:
                wish = RightToGive(permission_id=right.id, reason=reason)
                await self._write(user, [right], wish, principal, at)
        return len(rights)

    async def _write(
        self, user: User, rights: Collection[Permission], wish: RightToGive, principal: Principal, at: datetime
    ) -> None:
        for right in rights:
            if wish.is_granted or await self._is_denied_longer(user, right, wish.ends_at):
                check_within_own(principal.grants, Right.parse(right.name))
            values = {
                "is_granted": wish.is_granted,
                "given_by": principal.id,
                "given_at": at,
                "until": wish.ends_at,
                "reason": wish.reason,
            }
            await self.session.execute(
                insert(UserPermission)
                .values(user_id=user.id, permission_id=right.id, **values)
                .on_conflict_do_update(index_elements=["user_id", "permission_id"], set_=values)
            )
            self.announce(
                RightGiven(
                    actor_id=principal.id,
                    at=at,
                    user_id=user.id,
                    right=right.name,
                    is_granted=wish.is_granted,
                    until=wish.ends_at.isoformat() if wish.ends_at else None,
                    reason=wish.reason,
                )
            )

    async def _is_denied_longer(self, user: User, right: Permission, until: datetime | None) -> bool:
        """Whether a right is denied beyond a moment: ending a denial sooner counts as giving the right."""
        if until is None:
            return False
        denied = exists().where(
            UserPermission.user_id == user.id,
            UserPermission.permission_id == right.id,
            ~UserPermission.is_granted,
            or_(UserPermission.until.is_(None), UserPermission.until > until),
        )
        return bool(await self.session.scalar(select(denied)))

    async def take_right(self, user_id: UUID, permission_id: UUID, *, principal: Principal, at: datetime) -> None:
        """Delete what was given or denied to somebody besides their roles.

        Raises:
            Missing: There is no such account within the person's reach, or nothing was said of the right.
            NotYoursToChange, RoleAboveOwn: As for roles.
            GrantAboveOwn: It was denied, and the person does not hold it themselves.
        """
        async with self.transaction():
            user = await self._of_another(user_id, principal=principal, at=at)
            found = (
                await self.session.execute(
                    select(UserPermission, Permission.name)
                    .join(Permission, Permission.id == UserPermission.permission_id)
                    .where(UserPermission.user_id == user.id, UserPermission.permission_id == permission_id)
                )
            ).one_or_none()
            if found is None:
                raise Missing("Nothing was given or denied to this person under that right.")
            row, name = found
            if not row.is_granted:  # lifting a denial counts as giving the right
                check_within_own(principal.grants, Right.parse(name))
            await self.session.delete(row)
            self.announce(RightTaken(actor_id=principal.id, at=at, user_id=user.id, right=name))

    async def _of_another(self, user_id: UUID, *, principal: Principal, at: datetime) -> User:
        """Lock the account of somebody else whose roles do not rank above the person's own."""
        user = await self.find(visible_to(principal), id=user_id, lock=True)
        if user.id == principal.id:
            raise NotYoursToChange("Nobody changes their own roles and rights; somebody else must do this.")
        check_rank(principal.level, await held_roles(self.session, user.id, user.role, at=at))
        return user


def _check_end(until: datetime | None, *, at: datetime) -> None:
    if until is not None and (until.tzinfo is None or until <= at):
        raise EndsBeforeItBegins
