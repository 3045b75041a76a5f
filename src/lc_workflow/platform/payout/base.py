"""What every way of handing over a payment can do, whichever system is behind it."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol
from uuid import UUID


class HandOverFailed(Exception):
    """The other side did not say that it has the order; it may have it all the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentOrder:
    """A loan to pay out: `external_id` is the application's, which no other payment ever has.

    `amount` is what is paid. It is the `principal`, what is lent, without the `deducted_fees`, which are kept back.
    """

    external_id: UUID
    request_id: UUID
    account_id: str
    beneficiary: str
    amount: Decimal
    principal: Decimal
    deducted_fees: Decimal
    currency: str


class Connector(Protocol):
    """Hands orders over; handing one over again must not pay twice, which is what `external_id` is for."""

    name: str

    async def hand_over(self, order: PaymentOrder) -> str | None:
        """Give the order away; answers the other side's own reference, where it has one.

        Raises:
            HandOverFailed: It is not known to have arrived; try again.
        """
