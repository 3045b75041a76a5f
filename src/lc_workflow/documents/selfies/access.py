"""Who may do what with selfies: whoever sees the application sees them."""

from typing import Final

from sqlalchemy import ColumnElement, false

from lc_workflow.documents.ports import ApplicationAccess
from lc_workflow.documents.selfies.models import Selfie
from lc_workflow.kernel.principal import Principal

READ: Final = "selfie:read"
CREATE: Final = "selfie:create"
VALIDATE: Final = "selfie:validate"
DELETE: Final = "selfie:delete"


def visible_to(principal: Principal, access: ApplicationAccess) -> ColumnElement[bool]:
    """Narrow a query to the selfies of applications this person sees."""
    if not principal.may(READ):
        return false()
    (application_id,) = access.readable(principal).selected_columns
    return access.readable(principal).where(application_id == Selfie.application_id).exists()
