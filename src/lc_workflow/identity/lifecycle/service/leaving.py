"""Seeing people out, up to the day their account is closed for good."""

from datetime import datetime
from uuid import UUID, uuid4

from msgspec.structs import replace
from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.identity.events import (
    OffboardingCancelled,
    OffboardingCompleted,
    OffboardingInitiated,
    OffboardingMoved,
)
from lc_workflow.identity.lifecycle.models import Offboarding
from lc_workflow.identity.lifecycle.schemas import (
    Leaving,
    Left,
    OffboardingAnswer,
    OtherLastDay,
    Staying,
)
from lc_workflow.identity.lifecycle.service.reach import AccountsInReach
from lc_workflow.identity.ports import OpenWork
from lc_workflow.identity.rules.onboarding import (
    AlreadyLeaving,
    NotLeaving,
    UnfitSuccessor,
    check_successor,
)
from lc_workflow.identity.rules.statuses import UserStatus
from lc_workflow.identity.users.access import MANAGE, in_reach
from lc_workflow.identity.users.models import Session, User
from lc_workflow.identity.users.service import UserService, end_sessions, forget_waiting
from lc_workflow.kernel.dates import local_day
from lc_workflow.kernel.errors import Missing
from lc_workflow.kernel.principal import Principal
from lc_workflow.organization.employees.service import EmployeeService


class OffboardingService(AccountsInReach):
    """How people leave their accounts, and who takes over from them."""

    def __init__(self, session: AsyncSession, *, users: UserService, work: OpenWork) -> None:
        """Open the service on the request's session; `work` knows what people have on their desks."""
        super().__init__(session)
        self._users = users
        self._work = work
        self._employees = EmployeeService(session)

    async def initiate(self, user_id: UUID, wish: Leaving, *, principal: Principal, at: datetime) -> OffboardingAnswer:
        """Record that somebody leaves; after their last day they are locked out.

        Raises:
            Missing: There is no such account within the person's reach.
            NotYoursToChange: It is one's own account.
            RoleAboveOwn: The account stands above the person's own.
            AlreadyLeaving: That was written down before, which the database notices, or they have left.
            UnfitSuccessor, LastAdministrator: It cannot be.
        """
        async with self.transaction():
            await self._hold(user_id, wish.successor_id)
            user = await self._locked(user_id, principal=principal, at=at)
            if user.status is UserStatus.ARCHIVED:
                raise AlreadyLeaving("This person has left already.")
            await self._check_successor(user, wish.successor_id, work=0)
            leaving = Offboarding(
                id=uuid4(),
                user_id=user.id,
                reason=wish.reason,
                last_day=wish.last_working_day,
                successor_id=wish.successor_id,
                initiated_by=principal.id,
                initiated_at=at,
            )
            self.session.add(leaving)
            ended = await self._shut_out_when_due(user, leaving, principal=principal, at=at)
            self.announce(
                OffboardingInitiated(
                    actor_id=principal.id, at=at, user_id=user.id, successor_id=wish.successor_id, reason=wish.reason
                )
            )
        return await self._shown(leaving, user, ended=ended)

    async def show(self, user_id: UUID, *, principal: Principal) -> OffboardingAnswer:
        """Show how the leaving of somebody stands.

        Raises:
            Missing: There is no such account within the person's reach, or nobody has written down that they leave.
        """
        user = await self.find(in_reach(principal, MANAGE), id=user_id)
        # One at most: a cancelled one is deleted, and who has left is not seen out again.
        leaving = await self.session.scalar(select(Offboarding).where(Offboarding.user_id == user.id))
        if leaving is None:
            raise Missing("Nobody has written down that this person leaves.")
        return await self._shown(leaving, user, ended=0)

    async def move(self, user_id: UUID, wish: OtherLastDay, *, principal: Principal, at: datetime) -> OffboardingAnswer:
        """Change somebody's last day.

        Raises:
            Missing, NotYoursToChange, RoleAboveOwn, NotLeaving: As for completing.
            LastAdministrator: The day has come, and nobody would be left to administer the installation.
        """
        async with self.transaction():
            user = await self._locked(user_id, principal=principal, at=at)
            leaving = await self._leaving(user.id)
            leaving.last_day = wish.last_working_day
            ended = await self._shut_out_when_due(user, leaving, principal=principal, at=at)
            day = wish.last_working_day.isoformat()
            self.announce(
                OffboardingMoved(actor_id=principal.id, at=at, user_id=user.id, last_day=day, reason=wish.reason)
            )
        return await self._shown(leaving, user, ended=ended)

    async def cancel(self, user_id: UUID, wish: Staying, *, principal: Principal, at: datetime) -> OffboardingAnswer:
        """Cancel an offboarding; only the journal remembers it.

        Raises:
            Missing, NotYoursToChange, RoleAboveOwn, NotLeaving: As for completing.
        """
        async with self.transaction():
            user = await self._locked(user_id, principal=principal, at=at)
            leaving = await self._leaving(user.id)
            answer = replace(await self._shown(leaving, user, ended=0), status="cancelled")
            await self.session.delete(leaving)
            self.announce(OffboardingCancelled(actor_id=principal.id, at=at, user_id=user.id, reason=wish.reason))
        return answer

    async def complete(self, user_id: UUID, wish: Left, *, principal: Principal, at: datetime) -> OffboardingAnswer:
        """End somebody's sessions, hand their open work to a colleague, and close the account for good.

        As an employee they are retired with it: they are not assigned any more.

        Raises:
            Missing: There is no such account within the person's reach.
            NotYoursToChange: It is one's own account.
            RoleAboveOwn: The account stands above the person's own.
            NotLeaving: Nobody has written down that they leave.
            SuccessorNeeded, UnfitSuccessor: There is work, and nobody who can take it.
            LastAdministrator: Nobody would be left to administer the installation.
        """
        async with self.transaction():
            named = select(Offboarding.successor_id).where(_is_open(user_id))
            await self._hold(user_id, wish.successor_id or await self.session.scalar(named))
            user = await self._locked(user_id, principal=principal, at=at)
            leaving = await self._leaving(user.id)
            successor_id = wish.successor_id or leaving.successor_id
            # First, so that they get no further assignment once their open work has been counted.
            await self._employees.leave_with(user.id, by=principal.id, at=at)
            await self._check_successor(user, successor_id, work=await self._work.waiting(user.id))
            if successor_id is not None:
                leaving.handed_over = await self._work.hand_over(user.id, successor_id, by=principal.id, at=at)
            reason = wish.notes or leaving.reason
            ended = await self._shut_out(user, UserStatus.ARCHIVED, reason, principal=principal, at=at)
            leaving.successor_id, leaving.completed_by, leaving.completed_at = successor_id, principal.id, at
            self.announce(
                OffboardingCompleted(
                    actor_id=principal.id,
                    at=at,
                    user_id=user.id,
                    successor_id=successor_id,
                    handed_over=leaving.handed_over,
                )
            )
        return await self._shown(leaving, user, ended=ended)

    async def _hold(self, user_id: UUID, successor_id: UUID | None) -> None:
        """Hold somebody and who comes after them in one order: two who are that to each other would wait for ever."""
        both = select(User.id).where(User.id.in_([user_id, successor_id or user_id])).order_by(User.id)
        await self.session.execute(both.with_for_update(key_share=True))

    async def _shut_out_when_due(self, user: User, leaving: Offboarding, *, principal: Principal, at: datetime) -> int:
        today = local_day(at)
        if (leaving.last_day or today) > today:
            return 0
        await forget_waiting(self.session, user.id)  # somebody not activated yet could still be, with their code
        if user.status is not UserStatus.ACTIVE:
            return 0
        return await self._shut_out(user, UserStatus.INACTIVE, leaving.reason, principal=principal, at=at)

    async def _shut_out(
        self, user: User, status: UserStatus, reason: str | None, *, principal: Principal, at: datetime
    ) -> int:
        """Close an account; return how many sessions that ended."""
        ended = await end_sessions(self.session, Session.user_id == user.id, at=at)
        await self._users.apply(user, {"status": status, "status_reason": reason}, principal=principal, at=at)
        return len(ended)

    async def _check_successor(self, leaving: User, successor_id: UUID | None, *, work: int) -> None:
        check_successor(leaving.id, successor_id, work=work)
        if successor_id is None:
            return
        # Held until the end: who is seen out at the same moment hands on what they are given here, or is not given it.
        known = select(User.status).where(User.id == successor_id).with_for_update(read=True)
        status = await self.session.scalar(known)
        if status is None:
            raise Missing("There is no such colleague.")
        if status is not UserStatus.ACTIVE:
            raise UnfitSuccessor(f"The colleague's account is {status}; name one who works here.")

    async def _leaving(self, user_id: UUID) -> Offboarding:
        leaving = await self.session.scalar(select(Offboarding).where(_is_open(user_id)))
        if leaving is None:
            raise NotLeaving("Nobody has written down that this person leaves; initiate it first.")
        return leaving

    async def _shown(self, leaving: Offboarding, user: User, *, ended: int) -> OffboardingAnswer:
        return OffboardingAnswer(
            id=leaving.id,
            user_id=user.id,
            status="completed" if leaving.completed_at else "initiated",
            account_status=user.status,
            reason=leaving.reason,
            last_working_day=leaving.last_day,
            successor_id=leaving.successor_id,
            initiated_at=leaving.initiated_at,
            completed_at=leaving.completed_at,
            ended_sessions=ended,
            open_work=await self._work.waiting(user.id),
            handed_over=leaving.handed_over or 0,
        )


def _is_open(user_id: UUID) -> ColumnElement[bool]:
    """Match that somebody is being seen out."""
    return and_(Offboarding.user_id == user_id, Offboarding.completed_at.is_(None))
