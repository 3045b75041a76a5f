"""The content of our signed links, and their signature."""

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import TypeVar

import msgspec

from lc_workflow.kernel.errors import Forbidden

T = TypeVar("T", bound=msgspec.Struct)


class LinkBroken(Forbidden):
    """The link was not made here, or was changed on the way."""


class LinkExpired(Forbidden):
    """The link has expired."""


def key_for(purpose: str, *, secret: str) -> bytes:
    """Derive a key for signing links of one purpose only, so that they are no use for another."""
    return hmac.digest(secret.encode(), f"lc-workflow: {purpose}".encode(), hashlib.sha256)


def signed(promise: msgspec.Struct, key: bytes) -> str:
    """Sign the content of a link."""
    carried = _text(msgspec.json.encode(promise))
    return f"{carried}.{_signature(carried, key)}"


def opened(token: str, key: bytes, kind: type[T]) -> T:
    """Read the content of a link.

    Raises:
        LinkBroken: The signature is not ours.
    """
    carried, _, signature = token.partition(".")
    if not hmac.compare_digest(signature.encode(errors="replace"), _signature(carried, key).encode()):
        raise LinkBroken("This link was not made here; open the file again to get a new one.")
    return msgspec.json.decode(urlsafe_b64decode(carried + "=="), type=kind)


def _signature(carried: str, key: bytes) -> str:
    return _text(hmac.digest(key, carried.encode(errors="replace"), hashlib.sha256))


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode().rstrip("=")
