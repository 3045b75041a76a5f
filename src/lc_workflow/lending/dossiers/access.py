"""Who may read an application as a whole, as a dossier."""

from typing import Final

from sqlalchemy import ColumnElement, exists

from lc_workflow.kernel.principal import Principal
from lc_workflow.lending.applications.access import reached, visible_to
from lc_workflow.lending.applications.models import CustomerApplication
from lc_workflow.lending.dossiers.models import DossierPrint
from lc_workflow.platform.security.personal import READ as READ_NUMBERS

READ: Final = "dossier:read"


def readable_by(principal: Principal) -> ColumnElement[bool]:
    """Narrow a query to the applications this person sees and may take a dossier of."""
    return visible_to(principal) & reached(principal, READ)


def printed_for(principal: Principal) -> ColumnElement[bool]:
    """Narrow a query to the printed dossiers this person may have: none with numbers they may not read."""
    of_it = CustomerApplication.id == DossierPrint.application_id
    may_read_numbers = exists().where(of_it, reached(principal, READ_NUMBERS))
    return exists().where(of_it, readable_by(principal)) & (~DossierPrint.whole | may_read_numbers)
