"""Facts that identity announces."""

from typing import ClassVar
from uuid import UUID

from msgspec import field

from lc_workflow.identity.rules.statuses import UserStatus
from lc_workflow.kernel.events import Event


class AboutUser(Event, frozen=True, kw_only=True):
    """A fact about one account."""

    subject: ClassVar[str] = "user"
    user_id: UUID


class FirstAdminSetUp(AboutUser, frozen=True, kw_only=True):
    """The installation got its first administrator."""


class SignedIn(AboutUser, frozen=True, kw_only=True):
    """Somebody signed in."""

    session_id: UUID


class SignedOut(AboutUser, frozen=True, kw_only=True):
    """Somebody ended their session."""

    session_id: UUID


class AccountLocked(AboutUser, frozen=True, kw_only=True):
    """Too many wrong passwords in a row locked an account."""

    until: str


class RefreshTokenReused(AboutUser, frozen=True, kw_only=True):
    """A used refresh token came back: the session was ended, because one of its two holders must be a thief."""

    session_id: UUID


class PasswordChanged(AboutUser, frozen=True, kw_only=True):
    """Somebody changed their password; their other sessions ended."""


class AccountOpened(AboutUser, frozen=True, kw_only=True):
    """Somebody got an account."""

    role: str
    status: UserStatus


class AccountChanged(AboutUser, frozen=True, kw_only=True):
    """Fields of an account were changed; `fields` names them, their contents stay in the account."""

    fields: tuple[str, ...]


class RoleChanged(AboutUser, frozen=True, kw_only=True):
    """Somebody got another role."""

    source: str
    target: str


class AccountStatusMoved(AboutUser, frozen=True, kw_only=True):
    """An account went from one status to another; one that is no longer active lost its sessions."""

    source: UserStatus
    target: UserStatus
    reason: str | None


class PasswordReset(AboutUser, frozen=True, kw_only=True):
    """An administrator gave somebody a new password; all their sessions ended."""


class RoleGiven(AboutUser, frozen=True, kw_only=True):
    """Somebody got a further role, for good or until a moment."""

    role: str
    until: str | None
    reason: str | None


class RoleTaken(AboutUser, frozen=True, kw_only=True):
    """Somebody lost a further role."""

    role: str


class RightGiven(AboutUser, frozen=True, kw_only=True):
    """Somebody was given a right, or denied one, beside their roles."""

    right: str
    is_granted: bool
    until: str | None
    reason: str | None


class RightTaken(AboutUser, frozen=True, kw_only=True):
    """What was given or denied to somebody beside their roles was taken back."""

    right: str


class AboutRole(Event, frozen=True, kw_only=True):
    """A fact about one role of the company."""

    subject: ClassVar[str] = "role"
    role_id: UUID
    name: str


class RoleOpened(AboutRole, frozen=True, kw_only=True):
    """There is a new role."""

    level: int


class RoleAltered(AboutRole, frozen=True, kw_only=True):
    """How a role is called, ranked or used was changed; `fields` names what."""

    fields: tuple[str, ...]


class RoleRightsChanged(AboutRole, frozen=True, kw_only=True):
    """A role was given rights, or they were taken from it."""

    given: tuple[str, ...]
    taken: tuple[str, ...]
    reason: str | None = None


class RoleClosed(AboutRole, frozen=True, kw_only=True):
    """A role that nobody held was removed."""


class AboutPermission(Event, frozen=True, kw_only=True):
    """A fact about one right."""

    subject: ClassVar[str] = "permission"
    permission_id: UUID
    name: str


class PermissionAdded(AboutPermission, frozen=True, kw_only=True):
    """A right was written down."""


class PermissionDescribed(AboutPermission, frozen=True, kw_only=True):
    """It was said what a right is for."""


class PermissionRemoved(AboutPermission, frozen=True, kw_only=True):
    """A right that nobody held was struck out."""


class AboutTemplate(Event, frozen=True, kw_only=True):
    """A fact about one permission template."""

    subject: ClassVar[str] = "template"
    template_id: UUID
    name: str


class TemplateWritten(AboutTemplate, frozen=True, kw_only=True):
    """A template was written down, or written anew."""


class TemplateRemoved(AboutTemplate, frozen=True, kw_only=True):
    """A template was removed."""


class AccountInvited(AboutUser, frozen=True, kw_only=True):
    """Somebody was given an activation code."""


class AccountActivated(AboutUser, frozen=True, kw_only=True):
    """Somebody set their password with an activation code."""


class RegisterExported(AboutUser, frozen=True, kw_only=True):
    """Somebody took a list of accounts away; `user_id` is who, `filters` says which, `rows` how many.

    `searched` says that names were searched, but not for what; `numbers_whole`, whether it had telephones in full, as
    far as the person may read them.
    """

    filters: dict[str, str] = field(default_factory=dict)
    searched: bool = False
    numbers_whole: bool = False
    rows: int | None = None


class AccountsImported(Event, frozen=True, kw_only=True):
    """A list of accounts was imported: how many were opened, changed and refused."""

    subject: ClassVar[str] = "account_import"
    account_import_id: UUID
    created: int
    updated: int
    failed: int


class AccountUnlocked(AboutUser, frozen=True, kw_only=True):
    """An administrator let somebody in again whom wrong passwords had locked out."""


class UnlockRequested(AboutUser, frozen=True, kw_only=True):
    """Somebody asked the administrators to let a locked-out colleague in again."""

    reason: str | None


class OnboardingCompleted(AboutUser, frozen=True, kw_only=True):
    """Somebody has arrived."""


class OnboardingRestarted(AboutUser, frozen=True, kw_only=True):
    """Somebody goes through onboarding again."""


class OffboardingInitiated(AboutUser, frozen=True, kw_only=True):
    """It was written down that somebody leaves."""

    successor_id: UUID | None
    reason: str | None


class OffboardingMoved(AboutUser, frozen=True, kw_only=True):
    """Somebody who leaves does so on another day than was written down."""

    last_day: str
    reason: str | None


class OffboardingCancelled(AboutUser, frozen=True, kw_only=True):
    """Somebody stays of whom it was written down that they leave."""

    reason: str | None


class OffboardingCompleted(AboutUser, frozen=True, kw_only=True):
    """Somebody has left; so much of their work went to the colleague."""

    successor_id: UUID | None
    handed_over: int


class SessionsEnded(AboutUser, frozen=True, kw_only=True):
    """Sessions of somebody were ended by themselves or by an administrator, from elsewhere."""

    session_ids: tuple[UUID, ...]


class AboutBlock(Event, frozen=True, kw_only=True):
    """A fact about an address that is or was shut out."""

    subject: ClassVar[str] = "blocked_address"
    blocked_address_id: UUID
    network: str


class AddressBlocked(AboutBlock, frozen=True, kw_only=True):
    """An address or a network was shut out."""

    reason: str | None


class AddressUnblocked(AboutBlock, frozen=True, kw_only=True):
    """An address or a network was let in again."""


class SecondFactorSetUp(AboutUser, frozen=True, kw_only=True):
    """Somebody's second factor counts from now on."""


class RecoveryCodeUsed(AboutUser, frozen=True, kw_only=True):
    """Somebody showed a recovery code in place of their telephone: to sign in, or to change their second factor."""


class RecoveryCodesRenewed(AboutUser, frozen=True, kw_only=True):
    """Somebody made new recovery codes of their second factor; the old ones open nothing any more."""


class SecondFactorRemoved(AboutUser, frozen=True, kw_only=True):
    """Somebody gave their second factor up."""


class SecondFactorReset(AboutUser, frozen=True, kw_only=True):
    """An administrator took somebody's second factor away; all their sessions ended."""


class AdministratorRecovered(AboutUser, frozen=True, kw_only=True):
    """Whoever has the server let an administrator in again: a new password, no second factor, no session."""


class SecondFactorFailed(AboutUser, frozen=True, kw_only=True):
    """The password was right and the code of the second factor was not."""
