"""What has threatened the house lately, as the journal tells it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.identity.protection.schemas import Alert, Severity
from lc_workflow.identity.users.models import User
from lc_workflow.platform.http.paging import Window
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
    "SecondFactorReset": (
        Severity.MEDIUM,
        "Second factor taken away",
        "An administrator reset somebody's second factor.",
    ),
    "UnlockRequested": (Severity.LOW, "Unlocking asked for", "Somebody asked to let a locked-out colleague in."),
    "PasswordReset": (Severity.LOW, "Password reset", "An administrator gave somebody a new password."),
    "RoleChanged": (Severity.LOW, "Role changed", "Somebody got another role."),
    "RegisterExported": (Severity.LOW, "Accounts exported", "Somebody took a list of accounts away."),
    "AddressBlocked": (Severity.LOW, "Address blocked", "An address was shut out."),
    "AddressUnblocked": (Severity.LOW, "Address let in", "An address is no longer shut out."),
}
"""Which facts are alerts, how soon to look, and how they are told."""


class Alarms:
    """Reads the alerts."""

    def __init__(self, session: AsyncSession) -> None:
        """Read on the request's session."""
        self._session = session

    async def page(
        self, window: Window, *, days: int, severity: Severity | None, at: datetime
    ) -> tuple[list[Alert], int]:
        """List the alerts of the last days, the latest first, and how many there are."""
        kinds = [kind for kind, told in TOLD.items() if severity in {None, told[0]}]
        where = (JournalEntry.kind.in_(kinds), JournalEntry.at > at - timedelta(days=days))
        total = await self._session.scalar(select(func.count()).select_from(JournalEntry).where(*where))
        rows = await self._session.execute(
            select(JournalEntry, User.username)
            .outerjoin(User, (JournalEntry.subject == "user") & (User.id == JournalEntry.subject_id))
            .where(*where)
            .order_by(JournalEntry.number.desc())
            .limit(window.size)
            .offset(window.offset)
        )
        return [_alert(entry, username) for entry, username in rows], total or 0


def _alert(entry: JournalEntry, username: str | None) -> Alert:
    severity, title, description = TOLD[entry.kind]
    details: dict[str, Any] = entry.facts
    if network := details.get("network"):
        description = f"{description} {network}"
    return Alert(
        id=entry.id,
        type=entry.kind,
        severity=severity,
        title=title,
        description=description,
        at=entry.at,
        user_id=entry.subject_id if entry.subject == "user" else None,
        username=username,
        actor_id=entry.actor_id,
        address=entry.address,
        session_id=details.get("session_id") or entry.session_id,
        request_id=entry.request_id,
    )
