"""Setting up the second factor, asking for it at sign-in, and removing it."""

import hmac
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from secrets import choice, token_urlsafe
from typing import Final
from uuid import UUID

import pyotp
from sqlalchemy import DateTime, Uuid, bindparam, delete, exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.identity.events import (
    RecoveryCodesRenewed,
    RecoveryCodeUsed,
    SecondFactorRemoved,
    SecondFactorReset,
    SecondFactorSetUp,
)
from lc_workflow.identity.roles.models import CompanyRole
from lc_workflow.identity.roles.service import held_by
from lc_workflow.identity.rules.activation import typed
from lc_workflow.identity.rules.profiles import NotYoursToChange
from lc_workflow.identity.rules.secondfactor import (
    RECOVERY_CODES,
    STEP_SECONDS,
    AlreadyEnrolled,
    ChallengeInvalid,
    CodeRefused,
    NotEnrolled,
    SecondFactorRequired,
    acceptable_steps,
)
from lc_workflow.identity.secondfactor.models import RecoveryCode, SecondFactor
from lc_workflow.identity.secondfactor.schemas import Enrolment, SecondFactorStanding
from lc_workflow.identity.users.access import MANAGE, in_reach
from lc_workflow.identity.users.models import Session, SignInChallenge, User
from lc_workflow.identity.users.service import check_rank_over, end_sessions
from lc_workflow.kernel.errors import Invalid
from lc_workflow.kernel.principal import Principal
from lc_workflow.platform.db.written import Written
from lc_workflow.platform.security.passwords import Passwords
from lc_workflow.platform.security.vault import Vault
from lc_workflow.platform.service import Service

CHALLENGE_LIFETIME: Final = timedelta(minutes=5)
ISSUER: Final = "LC Workflow"
ALPHABET: Final = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"


class PasswordWrong(Invalid):
    """The password is wrong."""


class Demand(StrEnum):
    """What is still missing after a right password: nothing, a code, or the second factor itself."""

    NOTHING = "nothing"
    CODE = "code"
    ENROLMENT = "enrolment"


class SecondFactorService(Service[User]):
    """The second factors of people; their secrets are encrypted with the keys of the installation."""

    noun = "user"

    def __init__(self, session: AsyncSession, *, vault: Vault, passwords: Passwords) -> None:
        """Open the service on the request's session, with the keys of the installation."""
        super().__init__(session)
        self._vault = vault
        self._passwords = passwords

    async def demanded(self, user: User, *, at: datetime) -> Demand:
        """What somebody whose password was right still has to show."""
        standing = await _STANDING.one(self.session, user_id=user.id, at=at)
        if standing.is_confirmed:
            return Demand.CODE
        return Demand.ENROLMENT if standing.is_required else Demand.NOTHING

    async def is_required(self, user_id: UUID, *, at: datetime) -> bool:
        """Whether a role that somebody holds requires a second factor."""
        required: bool = (await _STANDING.one(self.session, user_id=user_id, at=at)).is_required
        return required

    async def challenge(self, user: User, *, at: datetime) -> str:
        """Make a sign-in wait for its second step, inside the running transaction."""
        secret = token_urlsafe(32)
        await self.session.execute(
            delete(SignInChallenge).where(SignInChallenge.user_id == user.id, SignInChallenge.expires_at <= at)
        )
        self.session.add(
            SignInChallenge(user_id=user.id, digest=_digest(secret), created_at=at, expires_at=at + CHALLENGE_LIFETIME)
        )
        return secret

    async def waiting(self, secret: str, *, at: datetime) -> SignInChallenge:
        """Find and lock the waiting sign-in.

        Raises:
            ChallengeInvalid: There is none, or it waits no longer.
        """
        found = await self.session.scalar(
            select(SignInChallenge)
            .where(
                SignInChallenge.digest == _digest(secret),
                SignInChallenge.used_at.is_(None),
                SignInChallenge.expires_at > at,
            )
            .with_for_update()
        )
        if found is None:
            raise ChallengeInvalid("This sign-in waits no longer; begin again with the password.")
        return found

    async def enrol_at_sign_in(self, secret: str, *, at: datetime) -> Enrolment:
        """Set up a second factor during sign-in, for somebody whose role requires one.

        Raises:
            ChallengeInvalid: No sign-in waits.
            AlreadyEnrolled: There is a second factor already, and a code of it is needed.
        """
        async with self.transaction():
            waiting = await self.waiting(secret, at=at)
            user = await self.session.get_one(User, waiting.user_id)
            return await self._begin(user, at=at)

    async def begin(self, password: str, *, principal: Principal, at: datetime) -> Enrolment:
        """Set a second factor up; it counts once it is confirmed.

        Raises:
            PasswordWrong: It is not clear who asks.
            AlreadyEnrolled: There is one already.
        """
        await self._check_password(password, principal)
        async with self.transaction():
            return await self._begin(await self.session.get_one(User, principal.id), at=at)

    async def confirm(self, code: str, *, principal: Principal, at: datetime) -> list[str]:
        """Let the second factor count from now on; return the recovery codes.

        Raises:
            NotEnrolled: None was set up.
            AlreadyEnrolled: It counts already.
            CodeRefused: The telephone does not know the secret.
        """
        async with self.transaction():
            factor = await self._factor(principal.id)
            if factor is None:
                raise NotEnrolled("Set a second factor up first.")
            if factor.confirmed_at is not None:
                raise AlreadyEnrolled("The second factor is confirmed already.")
            if not self._takes(factor, code, at=at):
                raise CodeRefused("The code is wrong; look whether the clock of the telephone is right.")
            return await self.settle(factor, at=at)

    async def settle(self, factor: SecondFactor, *, at: datetime) -> list[str]:
        """Let a second factor count, inside the running transaction; return its recovery codes."""
        factor.confirmed_at = at
        self.announce(SecondFactorSetUp(actor_id=factor.user_id, at=at, user_id=factor.user_id))
        return await self._new_codes(factor.user_id)

    async def renew_codes(self, code: str, *, principal: Principal, at: datetime) -> list[str]:
        """Make new recovery codes; the old ones stop working.

        Raises:
            NotEnrolled, CodeRefused: There is no second factor, or the code is not of it.
        """
        async with self.transaction():
            await self._prove(code, principal, at=at)
            self.announce(RecoveryCodesRenewed(actor_id=principal.id, at=at, user_id=principal.id))
            return await self._new_codes(principal.id)

    async def remove(self, password: str, code: str, *, principal: Principal, at: datetime) -> None:
        """Remove the second factor.

        Raises:
            SecondFactorRequired: A role requires it.
            PasswordWrong, NotEnrolled, CodeRefused: It is not clear who asks.
        """
        if await self.is_required(principal.id, at=at):
            raise SecondFactorRequired("Your role requires the second factor; an administrator can reset it.")
        await self._check_password(password, principal)
        async with self.transaction():
            await self._prove(code, principal, at=at)
            await forget_factor(self.session, principal.id)
            self.announce(SecondFactorRemoved(actor_id=principal.id, at=at, user_id=principal.id))

    async def reset(self, user_id: UUID, *, principal: Principal, at: datetime) -> None:
        """Remove the second factor of somebody who has lost their telephone, and end their sessions.

        Raises:
            Missing: There is no such account within the person's reach.
            NotYoursToChange: It is one's own account, and whoever has only the session could take it.
            RoleAboveOwn: The account stands above the person's own.
            NotEnrolled: There is no second factor.
        """
        async with self.transaction():
            user = await self.find(in_reach(principal, MANAGE), id=user_id, lock=True)
            if user.id == principal.id:
                raise NotYoursToChange("Give up your own second factor with password and code, or ask a colleague.")
            await check_rank_over(self.session, user, principal=principal, at=at)
            if await self._factor(user.id) is None:
                raise NotEnrolled("This account has no second factor.")
            await forget_factor(self.session, user.id)
            await end_sessions(self.session, Session.user_id == user.id, at=at)
            self.announce(SecondFactorReset(actor_id=principal.id, at=at, user_id=user.id))

    async def standing(self, *, principal: Principal, at: datetime) -> SecondFactorStanding:
        """The state of one's own second factor."""
        confirmed = await self.session.scalar(
            select(SecondFactor.confirmed_at).where(SecondFactor.user_id == principal.id)
        )
        left = await self.session.scalar(
            select(func.count())
            .select_from(RecoveryCode)
            .where(RecoveryCode.user_id == principal.id, RecoveryCode.used_at.is_(None))
        )
        return SecondFactorStanding(
            enabled=confirmed is not None,
            required=await self.is_required(principal.id, at=at),
            confirmed_at=confirmed,
            recovery_codes_left=left or 0,
        )

    async def check(self, user_id: UUID, code: str, *, at: datetime) -> tuple[bool, SecondFactor | None]:
        """Check a code inside the running transaction and use it up; return the second factor with the result.

        An unconfirmed second factor accepts codes of the telephone only.
        """
        factor = await self._factor(user_id)
        if factor is None:
            return False, None
        if self._takes(factor, code, at=at):
            return True, factor
        return factor.confirmed_at is not None and await self._takes_from_paper(user_id, code, at=at), factor

    async def _begin(self, user: User, *, at: datetime) -> Enrolment:
        factor = await self._factor(user.id)
        if factor is not None and factor.confirmed_at is not None:
            raise AlreadyEnrolled("There is a second factor already; give it up before you set another up.")
        secret = pyotp.random_base32()
        sealed = self._vault.seal(secret, about=str(user.id))
        if factor is None:
            self.session.add(SecondFactor(user_id=user.id, secret=sealed, created_at=at))
        else:
            factor.secret, factor.created_at, factor.last_step = sealed, at, None
        await self.session.flush()
        return Enrolment(secret, pyotp.TOTP(secret).provisioning_uri(name=user.username, issuer_name=ISSUER))

    async def _factor(self, user_id: UUID) -> SecondFactor | None:
        return await self.session.scalar(select(SecondFactor).where(SecondFactor.user_id == user_id).with_for_update())

    def _takes(self, factor: SecondFactor, code: str, *, at: datetime) -> bool:
        """Compare a code with those of the acceptable time steps, and remember the step: each is accepted once."""
        secret = self._vault.open(factor.secret, about=str(factor.user_id))
        if not self._vault.is_current(factor.secret):
            factor.secret = self._vault.seal(secret, about=str(factor.user_id))
        totp = pyotp.TOTP(secret, interval=STEP_SECONDS)
        bare = typed(code)
        now = int(at.timestamp()) // STEP_SECONDS
        for step in acceptable_steps(now, factor.last_step):
            if hmac.compare_digest(totp.generate_otp(step).encode(), bare.encode()):
                factor.last_step = step
                return True
        return False

    async def _takes_from_paper(self, user_id: UUID, code: str, *, at: datetime) -> bool:
        used = await self.session.scalar(
            update(RecoveryCode)
            .where(
                RecoveryCode.user_id == user_id,
                RecoveryCode.digest == _digest(f"{user_id}:{typed(code)}"),
                RecoveryCode.used_at.is_(None),
            )
            .values(used_at=at)
            .returning(RecoveryCode.id)
        )
        if used is None:
            return False
        self.announce(RecoveryCodeUsed(actor_id=user_id, at=at, user_id=user_id))
        return True

    async def _prove(self, code: str, principal: Principal, *, at: datetime) -> None:
        right, factor = await self.check(principal.id, code, at=at)
        if factor is None or factor.confirmed_at is None:
            raise NotEnrolled("There is no second factor.")
        if not right:
            raise CodeRefused("The code is wrong or was used before; wait for the next one.")

    async def _new_codes(self, user_id: UUID) -> list[str]:
        await self.session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
        codes = ["-".join("".join(choice(ALPHABET) for _ in range(5)) for _ in range(3)) for _ in range(RECOVERY_CODES)]
        self.session.add_all(
            RecoveryCode(user_id=user_id, digest=_digest(f"{user_id}:{typed(code)}"), used_at=None) for code in codes
        )
        return codes

    async def _check_password(self, password: str, principal: Principal) -> None:
        digest = await self.session.scalar(select(User.password_hash).where(User.id == principal.id))
        await self.session.rollback()  # gives the connection back while the password is hashed
        if not await self._passwords.matches(password, digest):
            raise PasswordWrong("The password is wrong.")


async def forget_factor(session: AsyncSession, user_id: UUID) -> None:
    """Delete a second factor and all that belongs to it, inside the running transaction."""
    for kind in (RecoveryCode, SecondFactor, SignInChallenge):
        await session.execute(delete(kind).where(kind.user_id == user_id))


async def reseal(session: AsyncSession, vault: Vault) -> int:
    """Encrypt with the newest key what older keys encrypted, inside the running transaction; return how much.

    Afterwards the older keys can leave ENCRYPTION_KEYS.
    """
    rows = await session.scalars(select(SecondFactor).order_by(SecondFactor.id).with_for_update())
    old = [factor for factor in rows if not vault.is_current(factor.secret)]
    for factor in old:
        about = str(factor.user_id)
        factor.secret = vault.seal(vault.open(factor.secret, about=about), about=about)
    return len(old)


def _digest(secret: str) -> bytes:
    return sha256(secret.encode()).digest()


_STANDING: Final = Written(
    select(
        exists().where(SecondFactor.user_id == User.id, SecondFactor.confirmed_at.is_not(None)).label("is_confirmed"),
        exists()
        .where(
            held_by(User.id, User.role, at=bindparam("at", type_=DateTime(timezone=True))),
            CompanyRole.requires_second_factor,
        )
        .label("is_required"),
    ).where(User.id == bindparam("user_id", type_=Uuid()))
)
