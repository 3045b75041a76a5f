"""The verbs of customers as loans bring them: found, or written down."""

from lc_workflow.lending.customers.service.describing import TRAITS, Described, Person, paper_kind, person_with
from lc_workflow.lending.customers.service.knowing import AccountOfAnother, Alone, CustomerService

__all__ = [
    "TRAITS",
    "AccountOfAnother",
    "Alone",
    "CustomerService",
    "Described",
    "Person",
    "paper_kind",
    "person_with",
]
