"""What every payment connector can do, whichever system is behind it."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol
from uuid import UUID


class HandOverFailed(Exception):
    """The other side did not confirm that it has the order; it may have it all the same."""


class OrderRefused(HandOverFailed):
    """The other side refused the order, and so does not have it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentOrder:
    """A loan to pay out: `external_id` is the application's id, and is paid once.

    `order_key` identifies the order: a system that already has an order of this key pays nothing. When an order is
    known to have failed and the payment is asked for again, the new order has another key. `amount` is what is paid:
    the `principal`, which is lent, less the `deducted_fees`, which are kept back.
    """

    external_id: UUID
    order_key: UUID
    request_id: UUID
    account_id: str
    beneficiary: str
    amount: Decimal
    principal: Decimal
    deducted_fees: Decimal
    currency: str


class Connector(Protocol):
    """Hands orders over; handing one over again must not pay twice, which is what `order_key` is for."""

    name: str

    async def hand_over(self, order: PaymentOrder) -> str | None:
        """Hand the order over; return the other side's own reference, if it has one.

        Raises:
            HandOverFailed: It is not known to have arrived; try again.
            OrderRefused: It has arrived, and is not taken; try again, as what was wrong may be set right.
        """
