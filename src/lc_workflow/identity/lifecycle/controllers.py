"""The paths of people who come, are let in again, and leave."""

from uuid import UUID

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from lc_workflow.identity.lifecycle.schemas import (
    BulkAnswer,
    BulkStatus,
    Leaving,
    Left,
    OffboardingAnswer,
    OnboardingAnswer,
    OtherLastDay,
    Staying,
    UnlockAnswer,
    UnlockWish,
)
from lc_workflow.identity.lifecycle.service import LifecycleService, OffboardingService
from lc_workflow.identity.ports import ForOpenWork
from lc_workflow.identity.users.access import MANAGE, READ
from lc_workflow.identity.users.models import User
from lc_workflow.identity.users.service import UserService
from lc_workflow.kernel.principal import Principal
from lc_workflow.platform.clock import Clock
from lc_workflow.platform.config import Settings
from lc_workflow.platform.http.provide import DbSession, Provider
from lc_workflow.platform.ratelimit import limit
from lc_workflow.platform.security.guards import requires
from lc_workflow.platform.security.passwords import Passwords


def open_users(
    db_session: DbSession, passwords: NamedDependency[Passwords], settings: NamedDependency[Settings]
) -> UserService:
    """Provide the accounts that are changed."""
    return UserService(db_session, passwords=passwords, policy=settings.passwords)


def open_lifecycle(db_session: DbSession, users: NamedDependency[UserService]) -> LifecycleService:
    """Provide onboarding and unlocking."""
    return LifecycleService(db_session, users=users)


def open_offboarding(
    db_session: DbSession, users: NamedDependency[UserService], open_work: ForOpenWork
) -> OffboardingService:
    """Provide offboarding."""
    return OffboardingService(db_session, users=users, work=open_work)


LIFECYCLE = {"users": Provider(open_users), "lifecycle": Provider(open_lifecycle)}


class LifecycleController(Controller):
    """Coming and leaving."""

    path = "/api/v1/users/{user_id:uuid}/lifecycle"
    tags = ("Users",)
    dependencies = {**LIFECYCLE, "offboarding": Provider(open_offboarding)}

    @get("/onboarding", guards=[requires(READ)])
    async def show_onboarding(
        self,
        user_id: FromPath[UUID],
        lifecycle: NamedDependency[LifecycleService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> OnboardingAnswer:
        """Show how far somebody's onboarding is, and what happened to their account."""
        return await lifecycle.onboarding_of(user_id, principal=principal, at=clock())

    @post("/onboarding/complete", guards=[requires(MANAGE)], status_code=200)
    async def complete_onboarding(
        self,
        user_id: FromPath[UUID],
        lifecycle: NamedDependency[LifecycleService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> OnboardingAnswer:
        """Complete somebody's onboarding."""
        return await lifecycle.complete_onboarding(user_id, principal=principal, at=clock())

    @post("/onboarding/restart", guards=[requires(MANAGE)], status_code=200)
    async def restart_onboarding(
        self,
        user_id: FromPath[UUID],
        lifecycle: NamedDependency[LifecycleService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> OnboardingAnswer:
        """Start somebody's onboarding again."""
        return await lifecycle.restart_onboarding(user_id, principal=principal, at=clock())

    @get("/offboarding", guards=[requires(MANAGE)])
    async def show_offboarding(
        self,
        user_id: FromPath[UUID],
        offboarding: NamedDependency[OffboardingService],
        principal: NamedDependency[Principal],
    ) -> OffboardingAnswer:
        """Show somebody's offboarding: the last day, and who takes over."""
        return await offboarding.show(user_id, principal=principal)

    @post("/offboarding/initiate", guards=[requires(MANAGE)], status_code=200)
    async def initiate_offboarding(
        self,
        user_id: FromPath[UUID],
        offboarding: NamedDependency[OffboardingService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
        data: JSONBody[Leaving | None] = None,
    ) -> OffboardingAnswer:
        """Start somebody's offboarding; after the last day they cannot sign in."""
        return await offboarding.initiate(user_id, data or Leaving(), principal=principal, at=clock())

    @post("/offboarding/move", guards=[requires(MANAGE)], status_code=200)
    async def move_offboarding(
        self,
        user_id: FromPath[UUID],
        data: JSONBody[OtherLastDay],
        offboarding: NamedDependency[OffboardingService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> OffboardingAnswer:
        """Change somebody's last day; an account already deactivated stays so until it is activated."""
        return await offboarding.move(user_id, data, principal=principal, at=clock())

    @post("/offboarding/cancel", guards=[requires(MANAGE)], status_code=200)
    async def cancel_offboarding(
        self,
        user_id: FromPath[UUID],
        offboarding: NamedDependency[OffboardingService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
        data: JSONBody[Staying | None] = None,
    ) -> OffboardingAnswer:
        """Cancel an offboarding; an account already deactivated stays so until it is activated."""
        return await offboarding.cancel(user_id, data or Staying(), principal=principal, at=clock())

    @post("/offboarding/complete", guards=[requires(MANAGE)], status_code=200)
    async def complete_offboarding(
        self,
        user_id: FromPath[UUID],
        offboarding: NamedDependency[OffboardingService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
        data: JSONBody[Left | None] = None,
    ) -> OffboardingAnswer:
        """End somebody's sessions, give their open work to a colleague, and close the account for good.

        The employee who signed in with it is retired: nobody asks them to look after another application.
        """
        return await offboarding.complete(user_id, data or Left(), principal=principal, at=clock())


class UnlockController(Controller):
    """Letting people in again."""

    path = "/api/v1/users/{user_id:uuid}"
    tags = ("Users",)
    dependencies = LIFECYCLE

    @post(["/unlock-account", "/reset-lockout", "/reset-login-attempts"], guards=[requires(MANAGE)], status_code=200)
    async def unlock(
        self,
        user_id: FromPath[UUID],
        lifecycle: NamedDependency[LifecycleService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> UnlockAnswer:
        """Unlock an account, and forget its wrong passwords."""
        user = await lifecycle.unlock(user_id, principal=principal, at=clock())
        return _unlocked("The account is unlocked.", user)

    @post("/request-unlock", guards=[requires(READ), limit("5/minute", name="unlock")], status_code=202)
    async def request_unlock(
        self,
        user_id: FromPath[UUID],
        lifecycle: NamedDependency[LifecycleService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
        data: JSONBody[UnlockWish | None] = None,
    ) -> UnlockAnswer:
        """Ask the administrators to unlock an account."""
        user = await lifecycle.request_unlock(user_id, data or UnlockWish(), principal=principal, at=clock())
        return _unlocked("The administrators have been asked.", user)


class BulkStatusController(Controller):
    """Giving many accounts a status."""

    path = "/api/v1/users/bulk"
    tags = ("Users",)
    dependencies = LIFECYCLE

    @post("/status", guards=[requires(MANAGE)], status_code=200)
    async def set_status(
        self,
        data: JSONBody[BulkStatus],
        lifecycle: NamedDependency[LifecycleService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> BulkAnswer:
        """Give accounts a status; those that cannot have it are listed, and do not stop the others."""
        return await lifecycle.set_status(data, principal=principal, at=clock())


def _unlocked(message: str, user: User) -> UnlockAnswer:
    return UnlockAnswer(
        message=message,
        user_id=user.id,
        is_locked=user.locked_until is not None,
        failed_login_attempts=user.failed_login_attempts,
    )
