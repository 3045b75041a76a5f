"""Who may do what with assessments: whoever works on the application."""

from typing import Final

from lc_workflow.lending.applications.access import APPROVE, PROCESS, READ, UPDATE, visible_to

__all__ = ["ASSESS", "READ", "READ_POLICY", "SET_POLICY", "UPDATE", "visible_to"]

ASSESS: Final = (UPDATE, PROCESS, APPROVE)
READ_POLICY: Final = "policy:read"
SET_POLICY: Final = "policy:update"
