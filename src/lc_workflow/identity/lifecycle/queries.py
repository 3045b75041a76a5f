"""The timeline of an account."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.identity.events import (
    AboutUser,
    AccountActivated,
    AccountInvited,
    AccountLocked,
    AccountOpened,
    AccountStatusMoved,
    AccountUnlocked,
    AdministratorRecovered,
    OffboardingCancelled,
    OffboardingCompleted,
    OffboardingInitiated,
    OffboardingMoved,
    OnboardingCompleted,
    OnboardingRestarted,
    PasswordChanged,
    PasswordReset,
)
from lc_workflow.identity.lifecycle.schemas import TimelineEntry
from lc_workflow.identity.users.models import User
from lc_workflow.platform.journal.models import JournalEntry

LONGEST_TIMELINE: Final = 50

Kind = Literal["onboarding", "access", "security"]

_FACTS: Final[tuple[tuple[type[AboutUser], str, str, Kind], ...]] = (
    (AccountOpened, "Account opened", "The account was made.", "onboarding"),
    (AccountInvited, "Invited", "An activation code was given out.", "onboarding"),
    (AccountActivated, "Password set", "The person set their own password.", "onboarding"),
    (OnboardingCompleted, "Onboarding completed", "The person works like everybody else.", "onboarding"),
    (OnboardingRestarted, "Onboarding restarted", "The person goes through it again.", "onboarding"),
    (AccountStatusMoved, "Status changed", "The account got another status.", "access"),
    (OffboardingInitiated, "Leaving", "It was said that the person leaves.", "access"),
    (OffboardingMoved, "Leaves on another day", "The last working day was moved.", "access"),
    (OffboardingCancelled, "Stays", "It was said that the person stays.", "access"),
    (OffboardingCompleted, "Left", "The person has left.", "access"),
    (AccountLocked, "Locked", "Too many wrong passwords.", "security"),
    (AdministratorRecovered, "Let in from the server", "Whoever has the server gave a new password.", "security"),
    (AccountUnlocked, "Unlocked", "An administrator took the lock away.", "security"),
    (PasswordChanged, "Password changed", "The person changed their password.", "security"),
    (PasswordReset, "Password reset", "An administrator gave a new password.", "security"),
)
"""The facts on a person's timeline, and their words."""

_TOLD: Final = {kind.__name__: (title, description, type_) for kind, title, description, type_ in _FACTS}


async def timeline_of(session: AsyncSession, user_id: UUID) -> list[TimelineEntry]:
    """List what happened to an account, the latest first."""
    rows = await session.execute(
        select(JournalEntry.kind, JournalEntry.at, JournalEntry.facts)
        .where(
            JournalEntry.subject == User.__tablename__.removesuffix("s"),
            JournalEntry.subject_id == user_id,
            JournalEntry.kind.in_(_TOLD),
        )
        .order_by(JournalEntry.number.desc())
        .limit(LONGEST_TIMELINE)
    )
    return [_told(kind, at, facts) for kind, at, facts in rows]


def _told(kind: str, at: datetime, facts: Mapping[str, Any]) -> TimelineEntry:
    title, description, type_ = _TOLD[kind]
    if kind == AccountStatusMoved.__name__:
        description = f"The account went from {facts['source']} to {facts['target']}."
    return TimelineEntry(kind, title, description, at, type_)
