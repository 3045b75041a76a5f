"""Reading applications: in lists, and one as a whole."""

from lc_workflow.lending.applications.queries.lists import ApplicationQueries, Loanbook, SortKey, Wanted, conditions

__all__ = ["ApplicationQueries", "Loanbook", "SortKey", "Wanted", "conditions"]
