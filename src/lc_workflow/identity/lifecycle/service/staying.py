"""Onboarding people, letting them in again, and giving accounts a status."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from lc_workflow.identity.events import (
    AccountUnlocked,
    OnboardingCompleted,
    OnboardingRestarted,
    UnlockRequested,
)
from lc_workflow.identity.lifecycle.queries import timeline_of
from lc_workflow.identity.lifecycle.schemas import (
    BulkAnswer,
    BulkFailure,
    BulkStatus,
    Newcomer,
    OnboardingAnswer,
    StepAnswer,
    UnlockWish,
)
from lc_workflow.identity.lifecycle.service.reach import AccountsInReach
from lc_workflow.identity.rules.lockout import NotLocked, is_locked
from lc_workflow.identity.rules.onboarding import (
    STEPS,
    NotOnboarded,
    check_complete,
    progress,
)
from lc_workflow.identity.users.access import MANAGE, READ, in_reach
from lc_workflow.identity.users.models import STANDING, User
from lc_workflow.identity.users.service import UserService
from lc_workflow.kernel.errors import DomainError
from lc_workflow.kernel.principal import Principal


class LifecycleService(AccountsInReach):
    """How people come into their accounts and stay in them."""

    def __init__(self, session: AsyncSession, *, users: UserService) -> None:
        super().__init__(session)
        self._users = users

    async def onboarding_of(self, user_id: UUID, *, principal: Principal, at: datetime) -> OnboardingAnswer:
        """Show how far somebody is.

        Raises:
            Missing: There is no such account, or the person may not see it.
        """
        user = await self.find(
            in_reach(principal, READ),
            id=user_id,
            load=[STANDING, joinedload(User.department), joinedload(User.branch), joinedload(User.line_manager)],
        )
        steps = [StepAnswer(step.id, step.title, step.description, step.required, step.done(user)) for step in STEPS]
        return OnboardingAnswer(
            user_id=user.id,
            user_info=Newcomer(
                username=user.username,
                email=user.email,
                full_name=f"{user.first_name} {user.last_name}",
                role=user.standing.web_word,
                department=user.department.name if user.department else None,
                branch=user.branch.name if user.branch else None,
                line_manager=user.line_manager.full_name_latin if user.line_manager else None,
            ),
            onboarding_completed=user.onboarding_completed,
            onboarding_completed_at=user.onboarding_completed_at,
            progress_percentage=progress(user),
            total_steps=len(steps),
            completed_steps=sum(step.completed for step in steps),
            applicable_steps=steps,
            days_since_creation=max(0, (at - user.created_at).days),
            timeline=await timeline_of(self.session, user.id),
        )

    async def complete_onboarding(self, user_id: UUID, *, principal: Principal, at: datetime) -> OnboardingAnswer:
        """Record that somebody has arrived.

        Raises:
            Missing: There is no such account within the person's reach.
            AlreadyOnboarded, OnboardingUnfinished: It was done before, or something is missing.
        """
        async with self.transaction():
            user = await self.find(in_reach(principal, MANAGE), id=user_id, lock=True)
            check_complete(user, completed=user.onboarding_completed)
            user.onboarding_completed, user.onboarding_completed_at, user.updated_at = True, at, at
            self.announce(OnboardingCompleted(actor_id=principal.id, at=at, user_id=user.id))
        return await self.onboarding_of(user_id, principal=principal, at=at)

    async def restart_onboarding(self, user_id: UUID, *, principal: Principal, at: datetime) -> OnboardingAnswer:
        """Start somebody's onboarding again.

        Raises:
            Missing: There is no such account within the person's reach.
            NotOnboarded: It was never completed.
        """
        async with self.transaction():
            user = await self.find(in_reach(principal, MANAGE), id=user_id, lock=True)
            if not user.onboarding_completed:
                raise NotOnboarded("Onboarding is not completed yet; there is nothing to begin again.")
            user.onboarding_completed, user.onboarding_completed_at, user.updated_at = False, None, at
            self.announce(OnboardingRestarted(actor_id=principal.id, at=at, user_id=user.id))
        return await self.onboarding_of(user_id, principal=principal, at=at)

    async def unlock(self, user_id: UUID, *, principal: Principal, at: datetime) -> User:
        """Reset somebody's failed sign-ins and the lock they caused.

        Raises:
            Missing: There is no such account within the person's reach.
            NotYoursToChange: It is one's own account.
            RoleAboveOwn: The account stands above the person's own.
        """
        async with self.transaction():
            user = await self._locked(user_id, principal=principal, at=at)
            if user.failed_login_attempts or user.locked_until is not None:
                user.failed_login_attempts, user.locked_until, user.updated_at = 0, None, at
                self.announce(AccountUnlocked(actor_id=principal.id, at=at, user_id=user.id))
        return user

    async def request_unlock(self, user_id: UUID, wish: UnlockWish, *, principal: Principal, at: datetime) -> User:
        """Ask the administrators to unlock an account.

        Raises:
            Missing: There is no such account, or the person may not see it.
            NotLocked: Nothing keeps the person out.
        """
        async with self.transaction():
            user = await self.find(in_reach(principal, READ), id=user_id)
            if not is_locked(user.locked_until, at=at):
                raise NotLocked("This account is not locked.")
            self.announce(UnlockRequested(actor_id=principal.id, at=at, user_id=user.id, reason=wish.reason))
        return user

    async def set_status(self, wish: BulkStatus, *, principal: Principal, at: datetime) -> BulkAnswer:
        """Give accounts a status; each that cannot have it stays as it is, with the reason."""
        errors: list[BulkFailure] = []
        changed = 0
        wanted = dict.fromkeys(wish.user_ids)
        theirs = select(User.id).where(in_reach(principal, MANAGE), User.id.in_(wanted)).order_by(User.id)
        async with self.transaction():
            # Lock all before any changes: closing an account locks it, and then the last administrators.
            await self.session.execute(theirs.with_for_update(key_share=True))
            for user_id in sorted(wanted):
                try:
                    async with self.session.begin_nested():
                        user = await self._locked(user_id, principal=principal, at=at)
                        if user.status is not wish.status:
                            changes = {"status": wish.status, "status_reason": wish.reason}
                            await self._users.apply(user, changes, principal=principal, at=at)
                            changed += 1
                except DomainError as refusal:
                    errors.append(BulkFailure(user_id, refusal.code, refusal.detail))
        return BulkAnswer(
            total=len(wanted),
            successful_updates=changed,
            unchanged=len(wanted) - changed - len(errors),
            failed=len(errors),
            errors=errors,
        )
