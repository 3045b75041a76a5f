"""Reading customers, and finding possible duplicates."""

from lc_workflow.lending.customers.queries.customers import CustomerQueries
from lc_workflow.lending.customers.queries.sharing import Sharing

__all__ = ["CustomerQueries", "Sharing"]
