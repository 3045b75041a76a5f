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


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleGiven(AboutUser):
    """Somebody got a further role, for good or until a moment."""

    role: str
    until: str | None
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleTaken(AboutUser):
    """Somebody lost a further role."""

    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RightGiven(AboutUser):
    """Somebody was given a right, or denied one, beside their roles."""

    right: str
    is_granted: bool
    until: str | None
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RightTaken(AboutUser):
    """What was given or denied to somebody beside their roles was taken back."""

    right: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AboutRole(Event):
    """A fact about one role of the company."""

    subject: ClassVar[str] = "role"
    role_id: UUID
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleOpened(AboutRole):
    """There is a new role."""

    level: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleAltered(AboutRole):
    """How a role is called, ranked or used was changed; `fields` names what."""

    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleRightsChanged(AboutRole):
    """A role was given rights, or they were taken from it."""

    given: tuple[str, ...]
    taken: tuple[str, ...]
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleClosed(AboutRole):
    """A role that nobody held was removed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AboutPermission(Event):
    """A fact about one right."""

    subject: ClassVar[str] = "permission"
    permission_id: UUID
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PermissionAdded(AboutPermission):
    """A right was written down."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PermissionDescribed(AboutPermission):
    """It was said what a right is for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PermissionRemoved(AboutPermission):
    """A right that nobody held was struck out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AboutTemplate(Event):
    """A fact about one permission template."""

    subject: ClassVar[str] = "template"
    template_id: UUID
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateWritten(AboutTemplate):
    """A template was written down, or written anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateRemoved(AboutTemplate):
    """A template was removed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountInvited(AboutUser):
    """Somebody was given an activation code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountActivated(AboutUser):
    """Somebody set their password with an activation code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterExported(AboutUser):
    """Somebody took a list of accounts away; `user_id` is who."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountsImported(Event):
    """A list of accounts was taken in: so many were opened, changed, and refused."""

    subject: ClassVar[str] = "account_import"
    account_import_id: UUID
    created: int
    updated: int
    failed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountUnlocked(AboutUser):
    """An administrator let somebody in again whom wrong passwords had locked out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnlockRequested(AboutUser):
    """Somebody asked the administrators to let a locked-out colleague in again."""

    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OnboardingCompleted(AboutUser):
    """Somebody has arrived."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OnboardingRestarted(AboutUser):
    """Somebody goes through onboarding again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OffboardingInitiated(AboutUser):
    """It was written down that somebody leaves."""

    successor_id: UUID | None
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OffboardingCompleted(AboutUser):
    """Somebody has left; so much of their work went to the colleague."""

    successor_id: UUID | None
    handed_over: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionsEnded(AboutUser):
    """Sessions of somebody were ended by themselves or by an administrator, from elsewhere."""

    session_ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AboutBlock(Event):
    """A fact about an address that is or was shut out."""

    subject: ClassVar[str] = "blocked_address"
    blocked_address_id: UUID
    network: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressBlocked(AboutBlock):
    """An address or a network was shut out."""

    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressUnblocked(AboutBlock):
    """An address or a network was let in again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondFactorSetUp(AboutUser):
    """Somebody's second factor counts from now on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondFactorRemoved(AboutUser):
    """Somebody gave their second factor up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondFactorReset(AboutUser):
    """An administrator took somebody's second factor away; all their sessions ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondFactorFailed(AboutUser):
    """The password was right and the code of the second factor was not."""
