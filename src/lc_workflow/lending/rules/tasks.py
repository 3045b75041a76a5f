"""What work each stage needs, by whom, and by when (lending.md §7)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from fractions import Fraction
from types import MappingProxyType
from typing import Final, Protocol

from lc_workflow.lending.rules.stages import APPROVE, PROCESS, UPDATE, Stage

REQUEST_DISBURSEMENT: Final = "disbursement:request"

AUTO_ASSIGN: Final = "auto_assign_tasks"
"""The setting that gives new work to the person with the least to do; otherwise it waits in a queue."""

AT_RISK: Final = Fraction(4, 5)
"""The part of its time after which work is at risk."""


class Urgency(StrEnum):
    """How close work is to its deadline."""

    OK = "ok"
    AT_RISK = "at_risk"
    BREACHED = "breached"


@dataclass(frozen=True, slots=True)
class Work:
    """What a stage waits for: the permission it needs, and whether preparers and parties may do it.

    `minutes` is the working time it should take unless the institution says otherwise; None is work without a deadline:
    while an application is with its drafter for correction, no clock runs.
    """

    permission: str
    minutes: int | None
    for_preparers: bool = True
    for_parties: bool = True


WORK: Final[Mapping[Stage, Work]] = MappingProxyType(
    {
        Stage.RETURNED: Work(UPDATE, None),
        Stage.USER_COMPLETED: Work(PROCESS, 240),
        Stage.TELLER_PROCESSING: Work(PROCESS, 480),
        Stage.MANAGER_REVIEW: Work(APPROVE, 960, for_preparers=False, for_parties=False),
        Stage.APPROVED: Work(REQUEST_DISBURSEMENT, 2_400, for_parties=False),
    }
)
"""The stages with work; a draft is nobody's task, and what has ended is none any more."""

TIMED: Final = tuple(stage for stage, work in WORK.items() if work.minutes is not None)
"""The stages that have a deadline."""

HIGHER_UP: Final = frozenset({Stage.MANAGER_REVIEW, Stage.APPROVED})
"""The stages whose breach is reported above the branch; others are reported to the branch's manager."""


class Calendar(Protocol):
    """Adds working time to a moment, by the branch's hours."""

    def after(self, moment: datetime, working: timedelta) -> datetime:
        """The moment at which so much working time has passed."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """From when on work is at risk, and when it is late."""

    at_risk_at: datetime
    due_at: datetime

    def urgency(self, at: datetime) -> Urgency:
        """How close the work is to its deadline at a moment."""
        if at >= self.due_at:
            return Urgency.BREACHED
        return Urgency.AT_RISK if at >= self.at_risk_at else Urgency.OK


def deadline(opened_at: datetime, *, minutes: int, used: timedelta, calendar: Calendar) -> Deadline:
    """Calculate the deadline of work that begins now; `used` is what the stage took before in the same cycle.

    A return pauses the clock: when the application comes back to a stage, the earlier time counts.
    """
    whole = timedelta(minutes=minutes)
    risky = timedelta(minutes=minutes) * AT_RISK.numerator / AT_RISK.denominator
    return Deadline(
        at_risk_at=calendar.after(opened_at, max(risky - used, timedelta(0))),
        due_at=calendar.after(opened_at, max(whole - used, timedelta(0))),
    )
