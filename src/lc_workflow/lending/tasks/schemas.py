"""Tasks as requests and answers."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from msgspec import Struct

from lc_workflow.kernel.money import Currency
from lc_workflow.lending.rules.stages import Stage
from lc_workflow.lending.rules.tasks import Urgency
from lc_workflow.lending.rules.terms import Priority


class Queue(StrEnum):
    """Which tasks are wanted: one's own, those one could take, those one's reach covers, and the late among these."""

    MINE = "mine"
    CLAIMABLE = "claimable"
    TEAM = "team"
    OVERDUE = "overdue"


class Owner(Struct, frozen=True):
    """Who has taken a task."""

    id: UUID
    name: str


class TaskAnswer(Struct, frozen=True):
    """The work on an application at its stage; `urgency` is null while no clock runs."""

    id: UUID
    application_id: UUID
    full_name_khmer: str | None
    full_name_latin: str | None
    requested_amount: Decimal | None
    currency: Currency
    priority_level: Priority
    branch_id: UUID | None
    stage: Stage
    cycle: int
    opened_at: datetime
    owner: Owner | None
    at_risk_at: datetime | None
    due_at: datetime | None
    urgency: Urgency | None


class TaskAssignment(Struct, frozen=True):
    """Who is to do a task; without a name it goes to whoever may do it and has the least to do."""

    EXAMPLE: ClassVar[dict[str, object]] = {"user_id": "7c9e6679-7425-40de-944b-e07fc1f90ae7"}

    user_id: UUID | None = None
