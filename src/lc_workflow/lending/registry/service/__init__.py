"""The verbs of customers for their own sake."""

from lc_workflow.lending.registry.service.counter import CustomerRegistry
from lc_workflow.lending.registry.service.merging import CustomerMerging

__all__ = ["CustomerMerging", "CustomerRegistry"]
