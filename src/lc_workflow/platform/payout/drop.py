"""Orders as CSV files that the other side fetches from the object store: one file for each order."""

import re
from io import BytesIO
from typing import Final
from uuid import UUID

from lc_workflow.kernel.errors import Unavailable
from lc_workflow.platform.http.csv import MEDIA_TYPE, Verbatim, written
from lc_workflow.platform.payout.base import HandOverFailed, PaymentOrder
from lc_workflow.platform.storage.base import ObjectStore

HEADER: Final = (
    "external_id", "account_id", "beneficiary", "amount", "currency", "principal", "deducted_fees", "order_key",
)  # fmt: skip
"""What is paid is the amount: the principal without the fees that are kept back."""

_NUMBER: Final = re.compile(r"[+-]?[0-9][0-9 -]*")
"""An account that is a number, such as a telephone's: no spreadsheet runs it, and each digit matters."""


class CsvDrop:
    """Leaves orders in the store under `disbursements/`, one for each loan: a second one replaces the first."""

    name = "csv"

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    async def hand_over(self, order: PaymentOrder) -> str:
        """Leave the order; return its key in the store."""
        account_id = Verbatim(order.account_id) if _NUMBER.fullmatch(order.account_id) else order.account_id
        amounts = (order.amount, order.currency, order.principal, order.deducted_fees)
        row = (order.external_id, account_id, order.beneficiary, *amounts, order.order_key)
        content = b"".join([piece async for piece in written(HEADER, [row])])
        key = _key(order.external_id)
        try:
            await self._store.put(key, BytesIO(content), size=len(content), content_type=MEDIA_TYPE)
        except Unavailable as silent:
            raise HandOverFailed("The object store cannot be reached.") from silent
        return key

    async def call_off(self, external_id: UUID) -> None:
        """Remove an order that was not fetched yet.

        Raises:
            Unavailable: The store cannot be reached.
        """
        await self._store.remove(_key(external_id))


def _key(external_id: UUID) -> str:
    return f"disbursements/{external_id}.csv"
