"""Requests to pay out, as requests and answers."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, ClassVar
from uuid import UUID

from msgspec import Meta, Struct

from lc_workflow.kernel.money import Currency
from lc_workflow.lending.rules.disbursement import DisbursementStatus
from lc_workflow.platform.http.fields import VISIBLE
from lc_workflow.platform.http.shapes import Amount, Name, check_amounts


class DisbursementAnswer(Struct, frozen=True):
    """A request to pay a loan out; `closed_by` confirmed it or said that it failed.

    `amount` is what the borrower is given: the `principal` that was approved without the `deducted_fees`.
    """

    id: UUID
    application_id: UUID
    cycle: int
    status: DisbursementStatus
    amount: Decimal
    principal: Decimal
    deducted_fees: Decimal
    currency: Currency
    account_id: str
    requested_by: UUID
    requested_at: datetime
    attempts: int
    last_error: str | None
    connector: str | None
    handed_over_at: datetime | None
    external_reference: str | None
    closed_by: UUID | None
    closed_at: datetime | None
    paid_on: date | None
    reference: str | None
    failure_reason: str | None


class Confirmation(Struct, frozen=True, kw_only=True):
    """What was paid: it must be the `amount` that was asked for."""

    EXAMPLE: ClassVar[dict[str, object]] = {
        "amount": 1500,
        "currency": "USD",
        "paid_on": "2026-12-01",
        "reference": "CB-2026-00417",
    }

    amount: Amount
    currency: Currency
    paid_on: date
    reference: Name

    def __post_init__(self) -> None:
        """Refuse amounts that no column holds."""
        check_amounts(self, "amount")


class Failure(Struct, frozen=True):
    """Why a loan was not paid out."""

    EXAMPLE: ClassVar[dict[str, object]] = {"reason": "The account is closed"}

    reason: Annotated[str, Meta(min_length=1, max_length=4_000, pattern=VISIBLE)]
