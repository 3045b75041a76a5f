"""What decisions are based on, how it is recorded, and what was decided so far."""

from lc_workflow.lending.approvals.queries.seen import Judged, WhatIsSeen, figure_of, stages_of, telephones_of
from lc_workflow.lending.approvals.queries.snapshots import fingerprint
from lc_workflow.lending.approvals.queries.statements import (
    CARD_PHONE,
    FORMER_PHONES,
    HOLD_CUSTOMERS,
    KNOWN_PHONES,
    OWN_PHONE,
    PHONES,
    RECUSED,
    TELEPHONES_OF,
    WAITING_BEHIND_PHONE,
    WAITING_BESIDE,
    WAITING_OF,
)

__all__ = [
    "CARD_PHONE",
    "FORMER_PHONES",
    "HOLD_CUSTOMERS",
    "KNOWN_PHONES",
    "OWN_PHONE",
    "PHONES",
    "RECUSED",
    "TELEPHONES_OF",
    "WAITING_BEHIND_PHONE",
    "WAITING_BESIDE",
    "WAITING_OF",
    "Judged",
    "WhatIsSeen",
    "figure_of",
    "fingerprint",
    "stages_of",
    "telephones_of",
]
