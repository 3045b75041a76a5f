"""Who may ask for a loan to be paid out, and who may confirm it."""

from typing import Final

from lc_workflow.lending.applications import access as applications
from lc_workflow.lending.rules.tasks import REQUEST_DISBURSEMENT

READ: Final = applications.READ
REQUEST: Final = REQUEST_DISBURSEMENT
CONFIRM: Final = "disbursement:confirm"
