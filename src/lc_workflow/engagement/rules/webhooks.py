"""What other systems are told about an application, and how often that is tried."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

MOST_ATTEMPTS: Final = 10
"""How often a call is tried: over about nine hours."""

LONGEST_REST: Final = timedelta(hours=3)

TOLD: Final[Mapping[str, frozenset[str]]] = {
    "ApplicationDrafted": frozenset(),
    "ApplicationChanged": frozenset({"fields"}),
    "ApplicationRemoved": frozenset(),
    "ApplicationMoved": frozenset({"action", "source", "target", "branch_id"}),
    "DisbursementRequested": frozenset({"request_id", "amount", "currency", "principal", "deducted_fees"}),
    "DisbursementHandedOver": frozenset({"request_id"}),
    "DisbursementConfirmed": frozenset({"request_id"}),
    "DisbursementFailed": frozenset({"request_id"}),
}
"""The facts that are sent, and which fields of each: nothing that names a person, no free text."""


def told_of(kind: str, facts: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a fact that other systems are told."""
    return {name: facts[name] for name in sorted(TOLD[kind]) if name in facts}


def rest_after(attempts: int) -> timedelta | None:
    """How long to wait after so many tries: 15 seconds, a minute, 4 …; None when it is given up."""
    if attempts >= MOST_ATTEMPTS:
        return None
    return min(timedelta(seconds=15 * 4.0 ** (attempts - 1)), LONGEST_REST)
