"""What is read about customers: themselves, and who may be the same person."""

from lc_workflow.lending.customers.queries.customers import CustomerQueries
from lc_workflow.lending.customers.queries.sharing import Sharing

__all__ = ["CustomerQueries", "Sharing"]
