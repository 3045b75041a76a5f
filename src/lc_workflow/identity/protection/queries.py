"""What threatened the installation lately, from the journal and the refused decisions."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import CompoundSelect, Row, case, false, func, literal, select, true, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.identity.protection.models import RefusedDecision
from lc_workflow.identity.protection.schemas import Alert, Severity
from lc_workflow.identity.users.models import User
from lc_workflow.platform.http.paging import Window, read_page
from lc_workflow.platform.journal.models import JournalEntry

TOLD: Final[Mapping[str, tuple[Severity, str, str]]] = {
    "RefreshTokenReused": (
        Severity.HIGH,
        "A used token came back",
        "Somebody used a refresh token a second time, as a thief would. The session was ended.",
    ),
    "AccountLocked": (Severity.MEDIUM, "Account locked", "Five wrong passwords in a row locked the account."),
    "SecondFactorFailed": (
        Severity.HIGH,
        "Wrong second factor",
        "The password was right and the code was not: somebody else may know the password.",
    ),
    "RecoveryCodeUsed": (
        Severity.MEDIUM,
        "Recovery code used",
        "Somebody showed a recovery code in place of their telephone: ask them whether it was they.",
    ),
    "SecondFactorReset": (
        Severity.MEDIUM,
        "Second factor taken away",
        "An administrator reset somebody's second factor.",
    ),
    "AdministratorRecovered": (
        Severity.HIGH,
        "Administrator let in from the server",
        "Whoever has the server gave an administrator a new password and took the second factor away.",
    ),
    "UnlockRequested": (Severity.LOW, "Unlocking asked for", "Somebody asked to let a locked-out colleague in."),
    "PasswordReset": (Severity.LOW, "Password reset", "An administrator gave somebody a new password."),
    "RoleChanged": (Severity.LOW, "Role changed", "Somebody got another role."),
    "RegisterExported": (Severity.LOW, "Accounts exported", "Somebody took a list of accounts away."),
    "AddressBlocked": (Severity.LOW, "Address blocked", "An address was shut out."),
    "AddressUnblocked": (Severity.LOW, "Address let in", "An address is no longer shut out."),
    "DecisionRefused": (
        Severity.MEDIUM,
        "Decision refused",
        "Somebody tried to decide a loan, to waive a paper of it, or to have a hand in its payment, and was refused:",
    ),
}
"""The facts that are alerts, their severity and their words."""

REFUSED: Final = "DecisionRefused"
"""The one kind of alert with a table of its own."""


class Alarms:
    """Reads the alerts."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def page(
        self, window: Window, *, days: int, severity: Severity | None, at: datetime
    ) -> tuple[list[Alert], int]:
        """List the alerts of the last days, the latest first, and how many there are."""
        kinds = [kind for kind, told in TOLD.items() if severity in {None, told[0]}]
        found = _facts(kinds, since=at - timedelta(days=days)).subquery()
        listed = (
            select(found, User.username)
            .outerjoin(User, User.id == found.c.user_id)
            .order_by(found.c.at.desc(), found.c.number.desc(), found.c.id)
        )
        rows, total = await read_page(self._session, listed, window)
        return [_alert(row) for row in rows], total


def _facts(kinds: Collection[str], *, since: datetime) -> CompoundSelect[Any]:
    """Combine the journal's facts and the refused decisions into one list."""
    entry, refused = JournalEntry, RefusedDecision
    told = select(
        entry.id,
        entry.number,
        entry.kind,
        entry.at,
        case((entry.subject == "user", entry.subject_id)).label("user_id"),
        entry.actor_id,
        entry.application_id,
        entry.address,
        entry.session_id,
        entry.request_id,
        entry.facts,
    ).where(entry.kind.in_(kinds), entry.at > since)
    others = select(
        refused.id,
        literal(0),
        literal(REFUSED),
        refused.at,
        refused.person_id,
        refused.person_id,
        refused.application_id,
        refused.address,
        refused.session_id,
        refused.request_id,
        func.jsonb_build_object("code", refused.code),
    ).where(refused.at > since, true() if REFUSED in kinds else false())
    return union_all(told, others)


def _alert(row: Row[Any]) -> Alert:
    severity, title, description = TOLD[row.kind]
    details: dict[str, Any] = row.facts
    if more := details.get("network") or details.get("code"):
        description = f"{description} {more}"
    return Alert(
        id=row.id,
        type=row.kind,
        severity=severity,
        title=title,
        description=description,
        at=row.at,
        user_id=row.user_id,
        username=row.username,
        actor_id=row.actor_id,
        address=row.address,
        session_id=details.get("session_id") or row.session_id,
        request_id=row.request_id,
        application_id=row.application_id,
    )
