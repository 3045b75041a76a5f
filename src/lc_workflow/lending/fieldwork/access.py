"""Who may send which operation: whoever may do the same with a request of its own."""

from collections.abc import Mapping
from typing import Final

from lc_workflow.lending.applications.access import CREATE, PROCESS, UPDATE
from lc_workflow.lending.comments import access as comments
from lc_workflow.lending.fieldwork.schemas import Kind
from lc_workflow.lending.parties import access as parties
from lc_workflow.platform.security.guards import Permitted, requires

NEEDED: Final[Mapping[Kind, Permitted]] = {
    Kind.CREATE: requires(CREATE),
    Kind.UPDATE: requires(UPDATE, PROCESS),
    Kind.SUBMIT: requires(UPDATE),
    Kind.COMMENT: requires(*comments.WRITE),
    Kind.PARTY: requires(parties.UPDATE),
    Kind.COLLATERAL: requires(parties.UPDATE),
}
"""The guards of the single addresses."""

SEND: Final = tuple(sorted({permission for guard in NEEDED.values() for permission in guard.permissions}))
"""Whoever may send anything at all holds one of these."""
