"""Applications as tests need them; `changes` say what matters to the test."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from lc_workflow.kernel.money import Currency
from lc_workflow.lending.applications.models import CustomerApplication
from lc_workflow.lending.rules.stages import Stage
from lc_workflow.lending.rules.terms import Priority
from tests.moments import NOON


def an_application(user_id: UUID, **changes: Any) -> CustomerApplication:
    """An application that `user_id` drafted at noon."""
    return CustomerApplication(
        **{
            "user_id": user_id,
            "preparers": [user_id],
            "workflow_status": Stage.PO_CREATED,
            "full_name_khmer": "សុខ ចាន់ធី",
            "full_name_latin": "SOK CHANTHY",
            "currency": Currency.USD,
            "requested_amount": Decimal("1500.00"),
            "loan_purposes": [],
            "existing_loans": [],
            "priority_level": Priority.NORMAL,
            "account_id_validated": False,
            "portfolio_officer_migrated": False,
            "po_created_at": NOON,
            "po_created_by": user_id,
            "created_at": NOON,
            "updated_at": NOON,
            **changes,
        }
    )
