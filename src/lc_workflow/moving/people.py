"""The accounts of the old service."""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import select

from lc_workflow.identity.rules.roles import Role
from lc_workflow.identity.rules.statuses import UserStatus
from lc_workflow.identity.users.models import User
from lc_workflow.moving.company import placed
from lc_workflow.moving.events import AccountMovedIn
from lc_workflow.moving.old import Row as OldRow
from lc_workflow.moving.reading import BCRYPT, ROLES, STATUSES, among, moment, name, text
from lc_workflow.moving.report import Part, Unfit
from lc_workflow.moving.taking import Taking
from lc_workflow.organization.rules.codes import is_code
from lc_workflow.platform.journal.models import JournalEntry

UNKNOWN_ROLE: Final = "nobody knows its role; it may look, and do nothing (viewer)"
UNKNOWN_STATUS: Final = "nobody knows its status; it cannot sign in (inactive)"
NO_PASSWORD: Final = "its password is no bcrypt hash; it waits for a new one (pending)"  # noqa: S105 - a sentence
TAKEN_NAME: Final = "its user name or e-mail is another account's; it is kept under a name of its own, archived"
NO_BRANCH: Final = "it has no branch, so it sees no branch's applications"
ODD_CODE: Final = "its employee id is not four digits that are its own, and is left out"

LONGEST_USERNAME: Final = 50
LONGEST_EMAIL: Final = 254


async def take_accounts(taking: Taking) -> None:
    """Take the accounts with their passwords; one whose name is taken comes under another name, archived.

    It is not refused, because applications refer to it.
    """
    names: set[str] = set()
    codes: set[str] = set()
    for username, email, code in await taking.session.execute(select(User.username, User.email, User.employee_id)):
        names |= {username, email}
        codes |= {code} if code else set()
    async for row, part in taking.unseen("users", taking.users, User):
        try:
            user = _account(row, part, taking, names, codes)
        except Unfit as why:
            part.refuse(str(why), row["id"])
            continue
        fact = AccountMovedIn(
            actor_id=None,
            at=taking.at,
            user_id=user.id,
            old_role=str(row["role"]),
            old_status=str(row["status"]),
        )
        if await taking.put(part, row["id"], user, known=taking.users):
            names |= {user.username, user.email}
            codes |= {user.employee_id} if user.employee_id else set()
            taking.session.add(JournalEntry.of(fact))


def _account(row: OldRow, part: Part, taking: Taking, names: set[str], codes: set[str]) -> User:
    dated = taking.dated(row)
    role, status = among(row["role"], ROLES), among(row["status"], STATUSES)
    if role is None:
        part.mend(UNKNOWN_ROLE, row["id"])
    if status is None:
        part.mend(UNKNOWN_STATUS, row["id"])
    standing = UserStatus.ARCHIVED if row.get("is_deleted") else status or UserStatus.INACTIVE
    digest = row.get("password_hash")
    if digest is None or not BCRYPT.fullmatch(digest):
        digest = None
        standing = UserStatus.PENDING if standing is UserStatus.ACTIVE else standing
        part.mend(NO_PASSWORD, row["id"])
    username, email = (text(row["username"]) or "").lower(), (text(row["email"]) or "").lower()
    fits = username and email and len(username) <= LONGEST_USERNAME and len(email) <= LONGEST_EMAIL
    if not fits or {username, email} & names:
        username, email = f"moved-{row['id'].hex}", f"{row['id'].hex}@moved.invalid"
        standing = UserStatus.ARCHIVED
        part.mend(TAKEN_NAME, row["id"])
    code = text(row.get("employee_id"))
    if code is not None and (not is_code(code) or code in codes):
        code = None
        part.mend(ODD_CODE, row["id"])
    where: dict[str, Any] = placed(taking, row, part)
    if where["branch_id"] is None and role is not Role.ADMIN and standing is UserStatus.ACTIVE:
        part.mend(NO_BRANCH, row["id"])
    return User(
        id=row["id"],
        username=username,
        email=email,
        first_name=name(row["first_name"]) or username,
        last_name=name(row["last_name"]) or "",
        phone_number=text(row.get("phone_number")),
        employee_id=code,
        password_hash=digest,
        role=role or Role.VIEWER,
        status=standing,
        status_reason=text(row.get("status_reason")),
        onboarding_completed=bool(row.get("onboarding_completed")),
        onboarding_completed_at=moment(row.get("onboarding_completed_at")),
        last_login_at=_before(taking.at, row.get("last_login_at")),
        last_activity_at=_before(taking.at, row.get("last_activity_at")),
        login_count=max(0, row.get("login_count") or 0),
        **where,
        **dated,
    )


def _before(at: datetime, written: datetime | None) -> datetime | None:
    """A moment in the past; nobody was here in the future."""
    found = moment(written)
    return found if found is not None and found <= at else None
