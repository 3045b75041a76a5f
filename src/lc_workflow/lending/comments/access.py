"""Who may read comments, and who may write them: whoever sees the application, and whoever works on it."""

from typing import Final

from lc_workflow.lending.applications import access as applications

READ: Final = applications.READ
WRITE: Final = (applications.UPDATE, applications.PROCESS, applications.APPROVE)
