"""Accounts as rows: users, the sessions they open and renew, the sign-ins that wait, and activation codes."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Computed, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, joinedload, mapped_column, relationship, validates

from lc_workflow.identity.roles.models import CompanyRole
from lc_workflow.identity.rules.statuses import UserStatus
from lc_workflow.organization.branches.models import Branch
from lc_workflow.organization.departments.models import Department
from lc_workflow.organization.employees.models import Employee
from lc_workflow.organization.positions.models import Position
from lc_workflow.platform.db.base import DatedRow, Row
from lc_workflow.platform.db.types import choice
from lc_workflow.platform.phones import phone_key
from lc_workflow.platform.security.columns import BLIND, Sealed, blind

SEARCHED = ("username", "email", "full_name", "employee_id")
"""The columns of a text search; a telephone is found by its whole number only."""


class User(DatedRow):
    """An account and the person behind it; `username` and `email` are in lower case, `employee_id` is four digits."""

    __tablename__ = "users"
    __table_args__ = (
        Index("ix_users_branch_id", "branch_id"),
        Index("ix_users_department_id", "department_id"),
        Index("ix_users_line_manager_id", "line_manager_id"),
        Index("ix_users_role", "role"),
        Index("ix_users_position_id", "position_id"),
        Index("ix_users_status", "status"),
        Index("ix_users_last_login_at", "last_login_at"),
        Index("ix_users_created_at_id", "created_at", "id"),
        Index("ix_users_phone_index", "phone_index"),
        Index(
            "ix_users_searched_trgm",
            *SEARCHED,
            postgresql_using="gin",
            postgresql_ops=dict.fromkeys(SEARCHED, "gin_trgm_ops"),
        ),
    )

    username: Mapped[str] = mapped_column(String(50), unique=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    first_name: Mapped[str] = mapped_column(String(100))
    last_name: Mapped[str] = mapped_column(String(100))
    full_name: Mapped[str] = mapped_column(
        Computed(
            "(((((first_name)::text || ' '::text) || (last_name)::text) || ' '::text) || (first_name)::text)",
            persisted=True,
        ),
        deferred=True,
    )
    """First, last and first name again, so that a search finds both orders: Khmer puts the family name first."""
    phone_number: Mapped[str | None] = mapped_column(Sealed("users.phone_number"))
    phone_index: Mapped[bytes | None] = mapped_column(BLIND)
    employee_id: Mapped[str | None] = mapped_column(String(4), unique=True)
    password_hash: Mapped[str | None] = mapped_column(String(60))
    """Null until the person has set a password of their own."""
    role: Mapped[str] = mapped_column(ForeignKey("roles.name", name="fk_users_role"))
    status: Mapped[UserStatus] = mapped_column(choice(UserStatus))
    status_reason: Mapped[str | None]
    department_id: Mapped[UUID | None] = mapped_column(ForeignKey("departments.id"))
    branch_id: Mapped[UUID | None] = mapped_column(ForeignKey("branches.id"))
    position_id: Mapped[UUID | None] = mapped_column(ForeignKey("positions.id"))
    portfolio_id: Mapped[UUID | None] = mapped_column(ForeignKey("employees.id"))
    line_manager_id: Mapped[UUID | None] = mapped_column(ForeignKey("employees.id"))
    profile_photo_key: Mapped[str | None]
    onboarding_completed: Mapped[bool] = mapped_column(default=False)
    onboarding_completed_at: Mapped[datetime | None]
    last_login_at: Mapped[datetime | None]
    last_activity_at: Mapped[datetime | None]
    login_count: Mapped[int] = mapped_column(default=0)
    failed_login_attempts: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None]

    department: Mapped[Department | None] = relationship(lazy="raise", foreign_keys=[department_id])
    branch: Mapped[Branch | None] = relationship(lazy="raise", foreign_keys=[branch_id])
    position: Mapped[Position | None] = relationship(lazy="raise")
    portfolio: Mapped[Employee | None] = relationship(lazy="raise", foreign_keys=[portfolio_id])
    line_manager: Mapped[Employee | None] = relationship(lazy="raise", foreign_keys=[line_manager_id])

    standing: Mapped[CompanyRole] = relationship(lazy="raise", viewonly=True)

    @validates("phone_number")
    def _index(self, _: str, number: str | None) -> str | None:
        """Keep the blind index up to date."""
        self.phone_index = blind(phone_key(number), of="phone")
        return number

    def indexes(self) -> dict[str, bytes | None]:
        """Its blind index."""
        return {"phone_index": blind(phone_key(self.phone_number), of="phone")}

    @property
    def is_active(self) -> bool:
        """Whether the account can sign in."""
        return self.status is UserStatus.ACTIVE


STANDING = joinedload(User.standing, innerjoin=True).load_only(CompanyRole.web_word, raiseload=True)
"""The load that a card about a user needs: the word by which the web app knows their role."""

WHOLE = [
    STANDING,
    joinedload(User.department),
    joinedload(User.branch),
    joinedload(User.position),
    joinedload(User.portfolio),
    joinedload(User.line_manager),
]
"""The loads an answer about a user needs: everything in one statement."""


class FormerTelephone(Row):
    """A telephone that somebody gave up; for a while it still shows to which loans they are a party."""

    __tablename__ = "former_telephones"
    __table_args__ = (Index("ix_former_telephones_user_id", "user_id"),)

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    phone_number: Mapped[str] = mapped_column(Sealed("former_telephones.phone_number"))
    given_up_at: Mapped[datetime]


class Session(Row):
    """One sign-in on one device; ending it ends its access tokens at once and its refresh tokens with it.

    Sessions stand beside their users because a change to an account ends them in the same transaction.
    """

    __tablename__ = "sessions"
    __table_args__ = (Index("ix_sessions_user_id", "user_id"),)

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    address: Mapped[str | None] = mapped_column(String(64))
    device: Mapped[str | None] = mapped_column(String(300))


class RefreshToken(Row):
    """One link of a session's chain of refresh tokens: stored as its SHA-256, used once."""

    __tablename__ = "refresh_tokens"
    __table_args__ = (Index("ix_refresh_tokens_session_id", "session_id"),)

    session_id: Mapped[UUID] = mapped_column(ForeignKey("sessions.id", ondelete="CASCADE"))
    digest: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class SignInChallenge(Row):
    """A sign-in whose password was right and that waits for the second factor; stored as its secret's SHA-256."""

    __tablename__ = "sign_in_challenges"
    __table_args__ = (Index("ix_sign_in_challenges_user_id", "user_id"),)

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    digest: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class Activation(Row):
    """A code with which a person sets their password, once, until it expires; stored as its SHA-256.

    It is kept here for the same reason: setting a password in another way ends the open codes.
    """

    __tablename__ = "activations"
    __table_args__ = (Index("ix_activations_user_id", "user_id"),)

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    digest: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    created_by: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
