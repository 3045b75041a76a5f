"""What every way of handing over a payment can do, whichever system is behind it."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol
from uuid import UUID


class HandOverFailed(Exception):
    """The other side did not say that it has the order; it may have it all the same."""


class OrderRefused(HandOverFailed):
    """The other side said that it does not take the order as it is, and so has not got it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentOrder:
    """A loan to pay out: `external_id` is the application's, and is paid once.

    `order_key` is the order's: whoever has one of this key pays nothing. An order that is known to have failed, and is
    asked for again, has another, so that it is not taken for the one that failed.
    `amount` is what is paid. It is the `principal`, what is lent, without the `deducted_fees`, which are kept back.
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
        """Give the order away; answers the other side's own reference, where it has one.

        Raises:
            HandOverFailed: It is not known to have arrived; try again.
            OrderRefused: It has arrived, and is not taken; try again, as what was wrong may be set right.
        """
