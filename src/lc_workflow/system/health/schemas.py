"""What the health addresses answer."""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct


class HealthStatus(StrEnum):
    """How the whole stands: `degraded` means that something optional is down and the work goes on."""

    HEALTHY = "healthy"
    DEGRADED = "degraded"
    UNHEALTHY = "unhealthy"


class Part(StrEnum):
    """How one part stands."""

    HEALTHY = "healthy"
    UNHEALTHY = "unhealthy"
    OUTDATED = "outdated"
    """The database answers, and was taken back to before this release."""
    NOT_CONFIGURED = "not configured"


class Health(Struct, frozen=True):
    """The state of the installation and of each of its parts."""

    status: HealthStatus
    timestamp: datetime
    version: str
    database: Part
    redis: Part
    storage: Part
    scanner: Part


class Word(Struct, frozen=True):
    """One word for an orchestrator."""

    status: str
