"""Signing in, staying signed in, and ending it."""

from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from math import ceil
from secrets import token_urlsafe
from uuid import UUID

from sqlalchemy import String, bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.identity.events import (
    AccountLocked,
    PasswordChanged,
    RefreshTokenReused,
    SecondFactorFailed,
    SignedIn,
    SignedOut,
)
from lc_workflow.identity.rules.lockout import LOCKED_FOR, MOST_FAILURES, is_locked, locked_until
from lc_workflow.identity.rules.passwords import check_password
from lc_workflow.identity.rules.secondfactor import WrongCode
from lc_workflow.identity.rules.statuses import UserStatus
from lc_workflow.identity.secondfactor.service import Demand, SecondFactorService
from lc_workflow.identity.sessions.schemas import Credentials, PasswordChange
from lc_workflow.identity.users.models import WHOLE, RefreshToken, Session, User
from lc_workflow.identity.users.service import end_sessions, forget_waiting
from lc_workflow.kernel.errors import DomainError, FieldError, Forbidden, Invalid, Locked, Unauthenticated
from lc_workflow.kernel.principal import Principal
from lc_workflow.platform.config import PasswordPolicy
from lc_workflow.platform.db.reading import only_reads
from lc_workflow.platform.db.written import Written
from lc_workflow.platform.ratelimit import Limiter, Rate
from lc_workflow.platform.security.passwords import Passwords
from lc_workflow.platform.security.tokens import SessionEnded, Tokens
from lc_workflow.platform.security.vault import Vault
from lc_workflow.platform.service import Service


class WrongCredentials(Unauthenticated):
    """The name or the password is wrong; which of them is not revealed."""


class AccountIsLocked(Locked):
    """Too many wrong passwords in a row."""


class AccountDisabled(Forbidden):
    """The password is right and the account is not active."""


class TokenReused(Unauthenticated):
    """The refresh token had been used already, so its session was ended."""


class RefreshTokenInvalid(Unauthenticated):
    """The refresh token is unknown or has expired."""


class RefreshTokenNeeded(Invalid):
    """A session is to be renewed, but neither the body nor a cookie has its refresh token."""


class WrongPassword(Invalid):
    """The old password is wrong."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An opened or renewed session: its tokens and its person.

    `recovery_codes` are those of a second factor that was set up during sign-in.
    """

    access_token: str
    refresh_token: str
    user: User
    session_id: UUID
    recovery_codes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Waiting:
    """A sign-in with the right password that waits for the second factor, which may have to be set up first."""

    challenge: str
    enrolment_required: bool


class SessionService(Service[Session]):
    """The sessions of people with accounts."""

    noun = "session"

    def __init__(
        self,
        session: AsyncSession,
        *,
        tokens: Tokens,
        passwords: Passwords,
        policy: PasswordPolicy,
        refresh_lifetime: timedelta,
        vault: Vault,
    ) -> None:
        """Open the service on the request's session, with the keys and the policy of this installation."""
        super().__init__(session)
        self._tokens = tokens
        self._passwords = passwords
        self._policy = policy
        self._refresh_lifetime = refresh_lifetime
        self._factors = SecondFactorService(session, vault=vault, passwords=passwords)

    async def sign_in(
        self, credentials: Credentials, *, address: str | None, device: str | None, strangers: Limiter, at: datetime
    ) -> Entry | Waiting:
        """Open a session for whoever knows the password; the second factor, if any, is asked for next.

        `strangers` counts tries of unknown names, so that they are answered like those of accounts.

        Raises:
            WrongCredentials: The name or the password is wrong; the failure is counted.
            AccountIsLocked: Five failures in a row, less than thirty minutes ago.
            AccountDisabled: The password is right and the account is not active.
        """
        name = credentials.username.strip().lower()
        only_reads(self.session)
        # A user name holds no @, so a name leads to one account at most.
        known = await (_BY_EMAIL if "@" in name else _BY_USERNAME).one(self.session, name=name)
        # Gives the connection back while the password is hashed, which takes as long as a hundred queries.
        await self.session.rollback()
        right = await self._passwords.matches(credentials.password, known.password_hash if known else None)
        if known is None:
            raise await _stranger(name, strangers)
        async with self.transaction():
            user = await self.session.get_one(User, known.id, options=WHOLE, with_for_update={"of": User})
            # The password may have been changed while it was being checked.
            right = right and user.password_hash == known.password_hash
            outcome = self._refusal(user, right=right, at=at) or await self._go_on(user, address, device, at=at)
        if isinstance(outcome, DomainError):
            raise outcome
        return outcome

    async def pass_second_factor(
        self, challenge: str, code: str, *, address: str | None, device: str | None, at: datetime
    ) -> Entry:
        """Open the session of a waiting sign-in for a code of the second factor.

        Raises:
            ChallengeInvalid: No sign-in waits.
            WrongCode: The code is wrong or was used before; the failure is counted like a wrong password.
            AccountIsLocked, AccountDisabled: The account is closed to everybody for now.
        """
        async with self.transaction():
            waiting = await self._factors.waiting(challenge, at=at)
            user = await self.session.get_one(User, waiting.user_id, options=WHOLE, with_for_update={"of": User})
            outcome = self._refusal(user, right=True, at=at) or await self._prove(user, code, at=at)
            if isinstance(outcome, tuple):
                waiting.used_at = at
                return replace(await self._open(user, address, device, at=at), recovery_codes=outcome)
        raise outcome

    async def _prove(self, user: User, code: str, *, at: datetime) -> tuple[str, ...] | DomainError:
        """Check a code of the locked row's person; return the recovery codes of a new second factor."""
        right, factor = await self._factors.check(user.id, code, at=at)
        if right and factor is not None:
            return tuple(await self._factors.settle(factor, at=at)) if factor.confirmed_at is None else ()
        refusal = self._refusal(user, right=False, at=at)
        self.announce(SecondFactorFailed(actor_id=None, at=at, user_id=user.id))
        if isinstance(refusal, WrongCredentials):
            return WrongCode("The code is wrong or was used before; wait for the next one.")
        return refusal or WrongCode("The code is wrong.")

    async def _go_on(self, user: User, address: str | None, device: str | None, *, at: datetime) -> Entry | Waiting:
        """Open a session, or make it wait for the second factor."""
        demand = await self._factors.demanded(user, at=at)
        if demand is Demand.NOTHING:
            return await self._open(user, address, device, at=at)
        return Waiting(await self._factors.challenge(user, at=at), demand is Demand.ENROLMENT)

    async def _open(self, user: User, address: str | None, device: str | None, *, at: datetime) -> Entry:
        """Open a session for an account whose person has proved who they are."""
        user.failed_login_attempts = 0
        user.locked_until = None
        user.login_count += 1
        user.last_login_at = user.last_activity_at = at
        session = await self.create(
            Session(
                user_id=user.id,
                created_at=at,
                address=address[:64] if address else None,
                device=device[:300] if device else None,
            )
        )
        self.announce(SignedIn(actor_id=user.id, at=at, user_id=user.id, session_id=session.id))
        return self._entry(user, session.id, at=at)

    def _refusal(self, user: User, *, right: bool, at: datetime) -> DomainError | None:
        """Why the locked row's person may not come in; count a wrong password. The caller commits both."""
        if is_locked(user.locked_until, at=at):
            return _locked(user.locked_until, at=at)
        if right:
            if user.is_active:
                return None
            return AccountDisabled(f"This account is {user.status}; ask an administrator.")
        if user.locked_until is not None:  # the old lock has expired: counting starts anew
            user.failed_login_attempts, user.locked_until = 0, None
        user.failed_login_attempts += 1
        user.locked_until = locked_until(user.failed_login_attempts, at=at)
        if user.locked_until is None:
            return _wrong()
        self.announce(AccountLocked(actor_id=None, at=at, user_id=user.id, until=user.locked_until.isoformat()))
        return _locked(user.locked_until, at=at)

    async def refresh(self, refresh_token: str, *, at: datetime) -> Entry:
        """Exchange a refresh token for new tokens; each can be used once.

        Raises:
            TokenReused: It had been used already: the whole session has been ended.
            RefreshTokenInvalid: It is unknown or has expired.
            SessionEnded: Its session or its account has ended.
        """
        digest = _digest(refresh_token)
        async with self.transaction():
            session_id = await self.session.scalar(
                update(RefreshToken)
                .where(RefreshToken.digest == digest, RefreshToken.used_at.is_(None), RefreshToken.expires_at > at)
                .values(used_at=at)
                .returning(RefreshToken.session_id)
            )
            outcome = await (self._renew(session_id, at=at) if session_id else self._end_family(digest, at=at))
        if isinstance(outcome, DomainError):
            raise outcome
        return outcome

    async def session_of(self, refresh_token: str) -> UUID | None:
        """The session a refresh token belongs to, whether it can still be used or not."""
        return await self.session.scalar(
            select(RefreshToken.session_id).where(RefreshToken.digest == _digest(refresh_token))
        )

    async def _renew(self, session_id: UUID, *, at: datetime) -> Entry | DomainError:
        """Give a session its next tokens, if it and its account are still valid."""
        user = await self.session.scalar(
            select(User)
            .join(Session, Session.user_id == User.id)
            .where(Session.id == session_id, Session.ended_at.is_(None), User.status == UserStatus.ACTIVE)
            .options(*WHOLE)
        )
        if user is None:
            return SessionEnded("This session has ended; sign in again.")
        if await self._factors.demanded(user, at=at) is Demand.ENROLMENT:
            return SessionEnded("Your role asks for a second factor now; sign in again and set it up.")
        user.last_activity_at = at
        return self._entry(user, session_id, at=at)

    async def _end_family(self, digest: bytes, *, at: datetime) -> DomainError:
        """End the session whose used token came back; return the refusal."""
        found = (
            await self.session.execute(
                select(Session.id, Session.user_id)
                .join(RefreshToken, RefreshToken.session_id == Session.id)
                .where(RefreshToken.digest == digest, RefreshToken.used_at.is_not(None))
            )
        ).one_or_none()
        if found is None:
            return RefreshTokenInvalid("The refresh token is not valid any more; sign in again.")
        if await end_sessions(self.session, Session.id == found.id, at=at):
            self.announce(RefreshTokenReused(actor_id=None, at=at, user_id=found.user_id, session_id=found.id))
        return TokenReused("This refresh token was used before; the session has been ended, sign in again.")

    async def sign_out(self, principal: Principal, *, at: datetime) -> None:
        """End the session the request came with."""
        async with self.transaction():
            await end_sessions(self.session, Session.id == principal.session_id, at=at)
            self.announce(
                SignedOut(actor_id=principal.id, at=at, user_id=principal.id, session_id=principal.session_id)
            )

    async def change_password(self, wish: PasswordChange, *, principal: Principal, at: datetime) -> None:
        """Set a new password and end the person's other sessions.

        Raises:
            WrongPassword: The old one is wrong.
            WeakPassword: The new one does not meet the policy, or is the old one.
        """
        check_password(wish.new_password, **asdict(self._policy), old=wish.old_password, field="new_password")
        old = await self.session.scalar(select(User.password_hash).where(User.id == principal.id))
        await self.session.rollback()
        if not await self._passwords.matches(wish.old_password, old):
            raise WrongPassword("The old password is wrong.", errors=(FieldError("old_password", "is wrong"),))
        digest = await self._passwords.hash(wish.new_password)
        async with self.transaction():
            changed = await self.session.scalar(
                update(User)
                .where(User.id == principal.id, User.password_hash == old)
                .values(password_hash=digest, updated_at=at)
                .returning(User.id)
            )
            if changed is None:
                raise WrongPassword("The password was changed by someone else just now.")
            await end_sessions(self.session, Session.user_id == principal.id, Session.id != principal.session_id, at=at)
            await forget_waiting(self.session, principal.id)
            self.announce(PasswordChanged(actor_id=principal.id, at=at, user_id=principal.id))

    def _entry(self, user: User, session_id: UUID, *, at: datetime) -> Entry:
        """Add the next refresh token to a session and sign an access token for it."""
        secret = token_urlsafe(32)
        self.session.add(
            RefreshToken(
                session_id=session_id, digest=_digest(secret), created_at=at, expires_at=at + self._refresh_lifetime
            )
        )
        return Entry(self._tokens.issue(user.id, session_id, at=at), secret, user, session_id)


async def _stranger(name: str, tries: Limiter) -> DomainError:
    """Refuse an unknown name as if it were an account's: the fifth try locks it for as long as an account."""
    seconds = int(LOCKED_FOR.total_seconds())
    if (await tries.hit(f"stranger:{name}", Rate(MOST_FAILURES - 1, seconds))).allowed:
        return _wrong()
    return _locked_for((await tries.hit(f"stranger-locked:{name}", Rate(1, seconds))).reset_after_seconds)


def _wrong() -> WrongCredentials:
    return WrongCredentials("The user name or the password is wrong.")


def _locked(until: datetime | None, *, at: datetime) -> AccountIsLocked:
    assert until is not None  # noqa: S101 - only called for a locked account
    return _locked_for(ceil((until - at).total_seconds()))


def _locked_for(seconds: int) -> AccountIsLocked:
    return AccountIsLocked(
        f"This account is locked after {MOST_FAILURES} wrong passwords; try again in {-(-seconds // 60)} minutes.",
        retry_after=seconds,
    )


def _digest(secret: str) -> bytes:
    return sha256(secret.encode()).digest()


_BY_USERNAME, _BY_EMAIL = (
    Written(select(User.id, User.password_hash).where(column == bindparam("name", type_=String())))
    for column in (User.username, User.email)
)
