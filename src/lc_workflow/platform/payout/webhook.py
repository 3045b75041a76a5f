"""Orders as signed requests to the other side's address."""

import asyncio
import hashlib
import hmac
from typing import Final

import httpx
import msgspec

from lc_workflow.platform.clock import Clock
from lc_workflow.platform.config import DisbursementWebhook
from lc_workflow.platform.payout.base import HandOverFailed, OrderRefused, PaymentOrder

SECONDS: Final = 10.0
"""How long the other side may take to answer."""

MOST_BYTES: Final = 100_000
"""How much of the other side's answer is read."""

UNDECIDED: Final = frozenset({408, 409, 425, 429})
"""Status codes that say nothing about the order: the other side may be working on it."""

_encoder: Final = msgspec.json.Encoder(decimal_format="string")


class Answer(msgspec.Struct, frozen=True):
    """What the other side may answer."""

    reference: str | None = None


class Webhook:
    """Posts orders as JSON.

    `X-Signature` is the hexadecimal HMAC-SHA256, with the shared secret, of the text in `X-Timestamp` (seconds since
    1970), a dot, and the body. `Idempotency-Key` is the body's `order_key`: a receiver that has that order already
    answers 2xx and pays nothing. `external_id` is the application's: a loan whose payment failed can be ordered anew,
    under another key, and a receiver that has paid an `external_id` never pays it again. What is paid is `amount`: the
    `principal` less the `deducted_fees`.
    """

    name = "webhook"

    def __init__(self, settings: DisbursementWebhook, *, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock

    async def hand_over(self, order: PaymentOrder) -> str | None:
        """Post the order."""
        body = _encoder.encode(order)
        timestamp = str(int(self._clock().timestamp()))
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": str(order.order_key),
            "X-Timestamp": timestamp,
            "X-Signature": signature(self._settings.secret, timestamp, body),
        }
        status, said = None, b""
        try:
            async with (
                asyncio.timeout(SECONDS),
                httpx.AsyncClient(timeout=SECONDS) as client,
                client.stream("POST", self._settings.url, content=body, headers=headers) as answer,
            ):
                status = answer.status_code
                async for piece in answer.aiter_bytes():
                    said += piece
                    if len(said) > MOST_BYTES:
                        break
        except (httpx.HTTPError, OSError) as cause:
            if status is None:
                raise HandOverFailed(f"The payment system did not answer ({type(cause).__name__}).") from cause
        if not httpx.codes.is_success(status):
            is_refused = httpx.codes.is_client_error(status) and status not in UNDECIDED
            failure = OrderRefused if is_refused else HandOverFailed
            raise failure(f"The payment system answered {status}.")
        return _reference(said)


def _reference(said: bytes) -> str | None:
    """Find the other side's reference for the order, in a form that can be stored.

    It has accepted the order whatever it answers, even when its answer breaks off.
    """
    try:
        reference = msgspec.json.decode(said, type=Answer).reference or ""
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    return "".join(filter(str.isprintable, reference))[:200] or None


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """Sign a body and its moment; the receiver does the same and compares."""
    return hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
