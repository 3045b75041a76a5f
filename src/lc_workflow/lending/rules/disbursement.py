"""Paying a loan out is a hand-off: what must hold before it, and what a confirmation must say (lending.md §8)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from lc_workflow.kernel.errors import DomainError, FieldError, Forbidden, Invalid
from lc_workflow.lending.rules.quoting import Fee, FeesExhaustPrincipal, kept_back


class DisbursementStatus(StrEnum):
    """Where a request to pay out stands: asked for, known to the payment system, paid, or not."""

    REQUESTED = "requested"
    HANDED_OVER = "handed_over"
    CONFIRMED = "confirmed"
    FAILED = "failed"


UNDER_WAY = frozenset({DisbursementStatus.REQUESTED, DisbursementStatus.HANDED_OVER})
"""The money may move at any moment."""


class DisbursementUnderWay(Invalid):
    """The loan is being paid out, so its approval can neither be undone nor expire."""


class DisbursementOver(Invalid):
    """The request was confirmed or has failed already."""


class SodRequester(Forbidden):
    """Whoever asked for the money does not say whether it was paid, once it was handed over."""


class NobodyConfirms(Invalid):
    """The only one who may confirm the payment is the one who asks for it."""


class AmountMismatch(Invalid):
    """The amount paid is not the amount asked for."""


class PaidInFuture(Invalid):
    """A payment cannot be confirmed before its day."""


class PaidBeforeRequest(Invalid):
    """Nothing was paid out before anybody asked for it."""


class TermsMissing(Invalid):
    """Without an approved amount and an account nothing can be paid out."""


@dataclass(frozen=True, slots=True)
class Payment:
    """What is paid of a loan, in its currency: the approved `principal` less the `deducted_fees`."""

    principal: Decimal
    deducted_fees: Decimal

    @property
    def amount(self) -> Decimal:
        """What the borrower is paid."""
        return self.principal - self.deducted_fees


def payment_of(principal: Decimal, fees: Iterable[Fee]) -> Payment:
    """Calculate the payment; fees added to the loan or paid separately change nothing.

    Raises:
        FeesExhaustPrincipal: The fees that are kept back leave nothing to be paid.
    """
    payment = Payment(principal, kept_back(fees))
    if payment.amount <= 0:
        raise FeesExhaustPrincipal("The fees that are kept back leave nothing of the loan to be paid out.")
    return payment


class Fate(StrEnum):
    """What was known of an order when it was marked as failed: the payer took it, refused it, or nothing."""

    TAKEN = "taken"
    REFUSED = "refused"
    UNSEEN = "unseen"


def key_of_order(*, application_id: UUID, request_id: UUID, failed: Sequence[tuple[UUID, Fate]]) -> UUID:
    """Choose the key of a new order: a payer that has an order of its key pays nothing.

    `failed` are the keys and fates of the application's failed orders. An order that may have arrived unnoticed is
    repeated under its key, until the payer says that it took it; a refusal may then only mean that the payer has that
    key. A new key is used only after an order is known to have failed.
    """
    taken = {key for key, fate in failed if fate is Fate.TAKEN}
    unseen = next((key for key, fate in failed if fate is Fate.UNSEEN and key not in taken), None)
    return unseen or (request_id if failed else application_id)


def objections_to_failing(
    *, status: DisbursementStatus, requester: UUID, person: UUID, was_handed_over: bool
) -> Iterator[DomainError]:
    """What keeps a person from marking a payment as failed, after which it can be ordered anew."""
    if status not in UNDER_WAY:
        yield DisbursementOver(f"This request is {status} already.")
    if was_handed_over and requester == person:
        yield SodRequester(
            "You asked for this payment, and it was handed over; someone else has to say that it failed."
        )


def objections_to_confirming(
    *,
    status: DisbursementStatus,
    requester: UUID,
    confirmer: UUID,
    asked: Payment,
    currency: str,
    paid: tuple[Decimal, str],
    paid_on: date,
    requested_on: date,
    today: date,
) -> Iterator[DomainError]:
    """What is wrong with a confirmation; it must be exactly what was `asked` for in `currency`."""
    if status not in UNDER_WAY:
        yield DisbursementOver(f"This request is {status} already.")
    if requester == confirmer:
        yield SodRequester("You asked for this payment; someone else has to confirm it.")
    if (asked.amount, currency) != paid:
        less = f": {asked.principal} without the fees of {asked.deducted_fees}" if asked.deducted_fees else ""
        due = f"{asked.amount} {currency}"
        yield AmountMismatch(
            f"{paid[0]} {paid[1]} were paid, and {due} were to be{less}; look at the payment again.",
            errors=(FieldError("amount", f"must be {due}"),),
        )
    if paid_on > today:
        yield PaidInFuture("The day of the payment lies in the future.", errors=(FieldError("paid_on", "is to come"),))
    if paid_on < requested_on:
        yield PaidBeforeRequest(
            f"The payment was asked for on {requested_on}; look at its day again.",
            errors=(FieldError("paid_on", f"must not lie before {requested_on}"),),
        )
