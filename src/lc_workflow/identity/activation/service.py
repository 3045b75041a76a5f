"""Giving out activation codes, and setting a password with one."""

from dataclasses import asdict
from datetime import datetime, timedelta
from secrets import choice
from typing import Final
from uuid import UUID, uuid4

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.identity.activation.jobs import post_code
from lc_workflow.identity.activation.schemas import FirstPassword, Invitation
from lc_workflow.identity.events import AccountActivated, AccountInvited, AccountStatusMoved
from lc_workflow.identity.rules.activation import digest_of
from lc_workflow.identity.rules.passwords import check_password
from lc_workflow.identity.rules.profiles import NotYoursToChange
from lc_workflow.identity.rules.statuses import UserStatus
from lc_workflow.identity.users.access import MANAGE, in_reach
from lc_workflow.identity.users.models import Activation, Session, User
from lc_workflow.identity.users.service import check_rank_over, end_sessions, forget_waiting
from lc_workflow.kernel.errors import Forbidden, Invalid
from lc_workflow.kernel.principal import Principal
from lc_workflow.platform.config import PasswordPolicy
from lc_workflow.platform.security.passwords import Passwords
from lc_workflow.platform.security.vault import Vault
from lc_workflow.platform.service import Service

GOOD_FOR: Final = timedelta(days=14)
ALPHABET: Final = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""Thirty-two characters that nobody confuses on paper, five bits each."""

GROUPS, GROUP = 4, 5
"""Twenty characters are a hundred bits: nobody guesses them, so a fast hash is enough."""


class ActivationCodeInvalid(Invalid):
    """The code is unknown, used, expired or somebody else's; which of these is not revealed."""


class AccountClosed(Forbidden):
    """The account is out of use, so no password can be set for it."""


class ActivationService(Service[User]):
    """The codes with which people set their first password, or a new one that no administrator knows."""

    noun = "user"

    def __init__(
        self, session: AsyncSession, *, passwords: Passwords, policy: PasswordPolicy, post: Vault | None
    ) -> None:
        """Open the service on the request's session, with the password policy of this installation.

        `post` seals the codes that are mailed; without a mail server it is None, and codes are shown.
        """
        super().__init__(session)
        self._passwords = passwords
        self._policy = policy
        self._post = post

    async def invite(self, user_id: UUID, *, principal: Principal, at: datetime) -> Invitation:
        """Make a code for somebody, and mail it to them where possible; their earlier codes stop working.

        Raises:
            Missing: There is no such account within the person's reach.
            NotYoursToChange: It is one's own account.
            RoleAboveOwn: The account stands above the person's own.
            AccountClosed: The account is out of use.
        """
        async with self.transaction():
            user = await self.find(in_reach(principal, MANAGE), id=user_id, lock=True)
            if user.id == principal.id:
                raise NotYoursToChange("Change your own password with your old one, at /users/me/change-password.")
            await check_rank_over(self.session, user, principal=principal, at=at)
            _check_open(user)
            await self.session.execute(
                delete(Activation).where(Activation.user_id == user.id, Activation.used_at.is_(None))
            )
            activation, code = new_activation(user.id, by=principal.id, at=at)
            self.session.add(activation)
            self.announce(AccountInvited(actor_id=principal.id, at=at, user_id=user.id))
            if self._post:
                await post_code(self.session, user.id, code, vault=self._post)
        if self._post:
            return Invitation(user.id, user.username, None, activation.expires_at, mailed_to=user.email)
        return Invitation(user.id, user.username, code, activation.expires_at)

    async def activate(self, wish: FirstPassword, *, at: datetime) -> None:
        """Set the password of whoever holds the code; a pending account becomes active.

        Raises:
            WeakPassword: The password does not meet the policy.
            ActivationCodeInvalid: The code is not theirs, or not valid any more.
            AccountClosed: The account is out of use.
        """
        check_password(wish.password, **asdict(self._policy))
        name = wish.username.strip().lower()
        valid = (
            Activation.digest == digest_of(wish.code),
            Activation.used_at.is_(None),
            Activation.expires_at > at,
            Activation.user_id.in_(select(User.id).where((User.email if "@" in name else User.username) == name)),
        )
        if not await self.session.scalar(select(func.count()).select_from(Activation).where(*valid)):
            raise _invalid()
        await self.session.rollback()  # gives the connection back while the password is hashed
        digest = await self._passwords.hash(wish.password)
        async with self.transaction():
            user_id = await self.session.scalar(
                update(Activation).where(*valid).values(used_at=at).returning(Activation.user_id)
            )
            if user_id is None:
                raise _invalid()
            user = await self.session.get_one(User, user_id, with_for_update=True)
            _check_open(user)
            source, user.status = user.status, UserStatus.ACTIVE
            user.password_hash = digest
            user.failed_login_attempts = 0
            user.locked_until = None
            user.updated_at = at
            await end_sessions(self.session, Session.user_id == user.id, at=at)
            await forget_waiting(self.session, user.id)
            self.announce(AccountActivated(actor_id=user.id, at=at, user_id=user.id))
            if source is not user.status:
                self.announce(
                    AccountStatusMoved(
                        actor_id=user.id, at=at, user_id=user.id, source=source, target=user.status, reason=None
                    )
                )


def new_activation(user_id: UUID, *, by: UUID, at: datetime) -> tuple[Activation, str]:
    """Make a code for an account: its row, and the code in the form its person reads."""
    code = "-".join("".join(choice(ALPHABET) for _ in range(GROUP)) for _ in range(GROUPS))
    row = Activation(
        id=uuid4(), user_id=user_id, digest=digest_of(code), created_by=by, created_at=at, expires_at=at + GOOD_FOR
    )
    return row, code


def _check_open(user: User) -> None:
    if user.status not in {UserStatus.PENDING, UserStatus.ACTIVE}:
        raise AccountClosed(f"This account is {user.status}; it has to be made active first.")


def _invalid() -> ActivationCodeInvalid:
    return ActivationCodeInvalid("The code is not valid for this name any more; ask for a new one.")
