"""Facts that identity announces."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from lc_workflow.identity.rules.statuses import UserStatus
from lc_workflow.kernel.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class AboutUser(Event):
    """A fact about one account."""

    subject: ClassVar[str] = "user"
    user_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstAdminSetUp(AboutUser):
    """The installation got its first administrator."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn(AboutUser):
    """Somebody signed in."""

    session_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedOut(AboutUser):
    """Somebody ended their session."""

    session_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountLocked(AboutUser):
    """Too many wrong passwords in a row locked an account."""

    until: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshTokenReused(AboutUser):
    """A refresh token came back that had been used: the session was ended, for one of the two holders is a thief."""

    session_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordChanged(AboutUser):
    """Somebody changed their password; their other sessions ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountOpened(AboutUser):
    """Somebody got an account."""

    role: str
    status: UserStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountChanged(AboutUser):
    """Fields of an account were changed; `fields` names them, their contents stay in the account."""

    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleChanged(AboutUser):
    """Somebody got another role."""

    source: str
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountStatusMoved(AboutUser):
    """An account went from one status to another; one that is no longer active lost its sessions."""

    source: UserStatus
    target: UserStatus
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordReset(AboutUser):
    """An administrator gave somebody a new password; all their sessions ended."""
