"""The first administrator of an installation, and one who is locked out."""

from dataclasses import asdict
from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.identity.events import AdministratorRecovered, FirstAdminSetUp
from lc_workflow.identity.roles.models import CompanyRole
from lc_workflow.identity.roles.service import held_by
from lc_workflow.identity.rules.passwords import check_password
from lc_workflow.identity.rules.roles import Role
from lc_workflow.identity.rules.statuses import UserStatus
from lc_workflow.identity.secondfactor.service import forget_factor
from lc_workflow.identity.sessions.schemas import FirstAdmin
from lc_workflow.identity.users.models import User
from lc_workflow.identity.users.service import person, set_password
from lc_workflow.kernel.errors import Invalid, Missing
from lc_workflow.platform.config import PasswordPolicy
from lc_workflow.platform.db.locks import Lock, take
from lc_workflow.platform.security.passwords import Passwords
from lc_workflow.platform.service import Service


class SetupDone(Invalid):
    """The installation has accounts, so there is no first administrator to create."""


class AdministratorService(Service[User]):
    """Administrators whom nobody else can let in."""

    noun = "administrator"

    def __init__(self, session: AsyncSession, *, passwords: Passwords, policy: PasswordPolicy) -> None:
        """Open the service on the request's session, with the password policy of this installation."""
        super().__init__(session)
        self._passwords = passwords
        self._policy = policy

    async def setup_required(self) -> bool:
        """Whether there is no account yet."""
        return not await self.session.scalar(select(exists(select(User.id))))

    async def set_up_first_admin(self, wish: FirstAdmin, *, at: datetime) -> User:
        """Create the first administrator, while there is no account.

        Raises:
            SetupDone: There are accounts.
            WeakPassword: The password does not meet the policy.
        """
        check_password(wish.password, **asdict(self._policy))
        if not await self.setup_required():
            raise SetupDone("This installation is set up already; an administrator creates further accounts.")
        await self.session.rollback()
        digest = await self._passwords.hash(wish.password)
        async with self.transaction():
            await take(self.session, Lock.SET_UP)
            if not await self.setup_required():
                raise SetupDone("This installation is set up already; an administrator creates further accounts.")
            user = User(
                username=wish.username.lower(),
                email=wish.email.strip().lower(),
                first_name=wish.first_name,
                last_name=wish.last_name,
                password_hash=digest,
                role=Role.ADMIN,
                status=UserStatus.ACTIVE,
                created_at=at,
                updated_at=at,
            )
            self.session.add(user)
            await self.session.flush()
            self.announce(FirstAdminSetUp(actor_id=user.id, at=at, user_id=user.id))
        return await person(self.session, user.id)

    async def recover_admin(self, username: str, password: str, *, at: datetime) -> None:
        """Let an administrator in again who lost password or second factor and has no colleague to ask.

        For whoever controls the server, who could write the row as well; so it is on record, and raises an alert. It
        opens no account that is out of use. Somebody who administers by a further role counts: they may be the last
        one.

        Raises:
            Missing: No administrator in use has this name.
            WeakPassword: The password does not meet the policy.
        """
        check_password(password, **asdict(self._policy))
        digest = await self._passwords.hash(password)
        administers = exists().where(held_by(User.id, User.role, at=at), CompanyRole.name == Role.ADMIN)
        async with self.transaction():
            user = await self.session.scalar(
                select(User)
                .where(
                    User.username == username.strip().lower(),
                    administers,
                    User.status == UserStatus.ACTIVE,
                )
                .with_for_update()
            )
            if user is None:
                raise Missing("No administrator whose account is in use has this name.")
            await set_password(self.session, user, digest, at=at)
            await forget_factor(self.session, user.id)
            self.announce(AdministratorRecovered(actor_id=None, at=at, user_id=user.id))
