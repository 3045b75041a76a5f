"""Who may see and change who and what stands behind an application: whoever may do so with the application itself."""

from typing import Final

from lc_workflow.lending.applications import access as applications

READ: Final = applications.READ
UPDATE: Final = applications.UPDATE
