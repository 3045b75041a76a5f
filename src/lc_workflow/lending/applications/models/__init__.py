"""Applications, the employees who look after them, and what is kept beside them, as rows."""

from lc_workflow.lending.applications.models.application import BACKED, FOUND_BY, CustomerApplication
from lc_workflow.lending.applications.models.assignment import WITH_EMPLOYEE, Assignment
from lc_workflow.lending.applications.models.beside import ApplicationName, ApplicationTally

__all__ = [
    "BACKED",
    "FOUND_BY",
    "WITH_EMPLOYEE",
    "ApplicationName",
    "ApplicationTally",
    "Assignment",
    "CustomerApplication",
]
