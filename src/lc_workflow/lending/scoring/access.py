"""Who may do what with scores and scorecards."""

from typing import Final

from lc_workflow.lending.applications.access import APPROVE, PROCESS, READ, UPDATE, visible_to

__all__ = ["PUBLISH", "READ", "READ_CARDS", "SCORE", "visible_to"]

SCORE: Final = (UPDATE, PROCESS, APPROVE)
READ_CARDS: Final = "scorecard:read"
PUBLISH: Final = "scorecard:publish"
