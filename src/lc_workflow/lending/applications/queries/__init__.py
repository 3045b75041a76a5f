"""Reading applications: in lists, and one as a whole."""

from lc_workflow.lending.applications.queries.lists import ApplicationQueries, Loanbook
from lc_workflow.lending.applications.queries.wanted import ApplicationSortKey, Wanted, conditions

__all__ = ["ApplicationQueries", "ApplicationSortKey", "Loanbook", "Wanted", "conditions"]
