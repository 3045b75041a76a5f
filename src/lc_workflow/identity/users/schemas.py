"""Users as requests and answers."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, ClassVar, Final, Literal, Protocol, Self, TypeAlias
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType, convert
from msgspec.structs import replace

from lc_workflow.identity.rules.roles import Role
from lc_workflow.identity.rules.statuses import UserStatus
from lc_workflow.organization.branches.schemas import BranchAnswer
from lc_workflow.organization.cards import BranchCard, DepartmentCard, EmployeeCard, PositionCard
from lc_workflow.organization.departments.schemas import DepartmentAnswer
from lc_workflow.platform.http.fields import VISIBLE
from lc_workflow.platform.http.shapes import Email, Note, Phone
from lc_workflow.platform.security.personal import masked

# `$(?!\n)`, because a lone `$` also stands before a line break at the end.
Username: TypeAlias = Annotated[
    str,
    Meta(
        min_length=3,
        max_length=50,
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$(?!\n)",
        extra={"form": "be Latin letters and digits without spaces, like sok.dara"},
    ),
]
"""What a person signs in with; without an @, so that it can never be the e-mail address of somebody else."""

Password: TypeAlias = Annotated[str, Meta(min_length=1, max_length=200)]
"""A password as it was typed; the policy of the installation judges it."""

PersonName: TypeAlias = Annotated[str, Meta(min_length=1, max_length=100, pattern=VISIBLE)]

EmployeeNumber: TypeAlias = Annotated[
    str, Meta(min_length=4, max_length=4, pattern=r"^[0-9]{4}$", extra={"form": "be four digits like 0042"})
]
"""The four digits by which the staff office knows somebody."""


RoleName: TypeAlias = Annotated[str, Meta(min_length=1, max_length=40, pattern=r"^[a-z][a-z0-9_]*$(?!\n)")]
"""The name of a role, in small Latin letters."""


class ActivityLevel(StrEnum):
    """How lately somebody signed in: in the last 30 days, not for 90 days, or never."""

    ACTIVE = "active"
    DORMANT = "dormant"
    NEVER_LOGGED_IN = "never_logged_in"


class SearchField(StrEnum):
    """Where a search looks."""

    USERNAME = "username"
    EMAIL = "email"
    NAME = "name"
    FIRST_NAME = "first_name"
    LAST_NAME = "last_name"
    EMPLOYEE_ID = "employee_id"
    PHONE_NUMBER = "phone_number"


PARTS_OF_A_NAME: Final = frozenset({SearchField.FIRST_NAME, SearchField.LAST_NAME})
ANYWHERE: Final = frozenset(SearchField) - PARTS_OF_A_NAME
"""Where a search looks that names no place: the whole name has an index, and holds both its parts."""


SortBy: TypeAlias = Literal[
    "username",
    "email",
    "first_name",
    "last_name",
    "employee_id",
    "role",
    "status",
    "created_at",
    "updated_at",
    "last_login_at",
    "last_activity_at",
    "login_count",
]
"""What a list can be put in order by."""


class UserFilter(Struct, frozen=True, kw_only=True):
    """Which accounts are wanted, and in which order; the days are days of the branches, both ends included."""

    role: str | None = None
    status: UserStatus | None = None
    department_id: UUID | None = None
    branch_id: UUID | None = None
    position_id: UUID | None = None
    search: str | None = None
    search_fields: frozenset[SearchField] = ANYWHERE
    created_from: date | None = None
    created_to: date | None = None
    last_login_from: date | None = None
    last_login_to: date | None = None
    activity_level: ActivityLevel | None = None
    inactive_days: int | None = None
    sort_by: SortBy = "created_at"
    descending: bool = True


class NewUser(Struct, frozen=True, kw_only=True):
    """An account to open.

    `is_active` is the web app's tick box: without the tick the account waits (`pending`) until somebody ticks it.
    """

    EXAMPLE: ClassVar[dict[str, object]] = {
        "username": "chandara",
        "email": "chandara@branch.example",
        "password": "Lotus-Pond-2026",
        "first_name": "Chandara",
        "last_name": "Sok",
        "phone_number": "012 000 002",
        "role": "officer",
    }

    username: Username
    email: Email
    password: Password
    first_name: PersonName
    last_name: PersonName
    phone_number: Phone | None = None
    employee_id: EmployeeNumber | None = None
    role: RoleName = Role.OFFICER
    status: UserStatus = UserStatus.ACTIVE
    is_active: bool = True
    status_reason: Note | None = None
    department_id: UUID | None = None
    branch_id: UUID | None = None
    position_id: UUID | None = None
    portfolio_id: UUID | None = None
    line_manager_id: UUID | None = None


class UserChange(Struct, frozen=True, kw_only=True):
    """What to change about an account: absent fields stay, null clears.

    `is_active` is the web app's tick box: ticking it makes the account active, taking the tick away makes it inactive,
    and leaving it as it is changes nothing. `status` says more and counts when both are given.
    """

    EXAMPLE: ClassVar[dict[str, object]] = {"phone_number": "012 000 002", "first_name": "Chandara"}

    username: Username | UnsetType = UNSET
    email: Email | UnsetType = UNSET
    password: Password | UnsetType = UNSET
    first_name: PersonName | UnsetType = UNSET
    last_name: PersonName | UnsetType = UNSET
    phone_number: Phone | UnsetType | None = UNSET
    employee_id: EmployeeNumber | UnsetType | None = UNSET
    role: RoleName | UnsetType = UNSET
    status: UserStatus | UnsetType = UNSET
    status_reason: Note | UnsetType | None = UNSET
    is_active: bool | UnsetType = UNSET
    department_id: UUID | UnsetType | None = UNSET
    branch_id: UUID | UnsetType | None = UNSET
    position_id: UUID | UnsetType | None = UNSET
    portfolio_id: UUID | UnsetType | None = UNSET
    line_manager_id: UUID | UnsetType | None = UNSET


class HasWord(Protocol):
    """A `CompanyRole` row."""

    @property
    def web_word(self) -> str:
        """The word by which the web app knows the role."""


class HasAccount(Protocol):
    """A `User` row: a schema does not know its class."""

    @property
    def role(self) -> str:
        """The name of the role."""

    @property
    def standing(self) -> HasWord:
        """The role itself."""

    @property
    def profile_photo_key(self) -> str | None:
        """The key of the photo in the store."""


class UserAnswer(Struct, frozen=True):
    """An account with its place in the company, as the web app reads it.

    `role` is the word by which the web app knows the role, `role_name` the role itself. What is kept of an
    account itself comes first, so that its row is the beginning of its answer.
    """

    id: UUID
    username: str
    email: str
    first_name: str
    last_name: str
    phone_number: str | None
    employee_id: str | None
    role: str
    status: UserStatus
    status_reason: str | None
    department_id: UUID | None
    branch_id: UUID | None
    position_id: UUID | None
    portfolio_id: UUID | None
    line_manager_id: UUID | None
    onboarding_completed: bool
    onboarding_completed_at: datetime | None
    last_login_at: datetime | None
    last_activity_at: datetime | None
    login_count: int
    failed_login_attempts: int
    created_at: datetime
    updated_at: datetime
    is_active: bool
    department: DepartmentCard | None
    branch: BranchCard | None
    position: PositionCard | None
    portfolio: EmployeeCard | None
    line_manager: EmployeeCard | None
    role_name: str = ""
    profile_image_url: str | None = None

    @classmethod
    def of(cls, user: HasAccount, *, base_url: str) -> Self:
        """Show a `User` row loaded with `WHOLE`; `base_url` is where browsers reach this API."""
        return replace(
            convert(user, cls, from_attributes=True),
            role=user.standing.web_word,
            role_name=user.role,
            profile_image_url=photo_url(user.profile_photo_key, base_url=base_url),
        )

    def masked(self) -> Self:
        """The same with their telephone masked."""
        return replace(self, phone_number=masked(self.phone_number))


class UserCard(Struct, frozen=True, kw_only=True):
    """An account, as others show it; `role` as in `UserAnswer`."""

    id: UUID
    username: str
    email: str
    first_name: str
    last_name: str
    phone_number: str | None
    role: str
    role_name: str = ""
    status: UserStatus
    is_active: bool
    department_id: UUID | None
    branch_id: UUID | None
    position_id: UUID | None
    profile_image_url: str | None = None

    @classmethod
    def of(cls, user: HasAccount, *, base_url: str) -> Self:
        """Show a `User` row; `base_url` is where browsers reach this API."""
        return replace(
            convert(user, cls, from_attributes=True),
            role=user.standing.web_word,
            role_name=user.role,
            profile_image_url=photo_url(user.profile_photo_key, base_url=base_url),
        )

    def masked(self) -> Self:
        """The same with their telephone masked."""
        return replace(self, phone_number=masked(self.phone_number))


class DepartmentWithPeople(DepartmentAnswer, frozen=True, kw_only=True):
    """A department, the accounts in it that one may see, and the branches over which it spreads."""

    users: list[UserCard]
    branches: list[BranchAnswer]
    manager: UserCard | None


def photo_url(key: str | None, *, base_url: str) -> str | None:
    """The public address of a profile photo; it ends with the photo's key in the store."""
    return f"{base_url}/api/v1/{key}" if key else None
