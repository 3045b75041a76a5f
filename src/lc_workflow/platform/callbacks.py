"""Signed calls to other people's systems, which may not lead into our own network."""

import asyncio
import ssl
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from pathlib import Path
from typing import Final

import httpx

from lc_workflow.platform.payout.webhook import signature

SECONDS: Final = 10.0
"""How long the other side may take to answer."""

OPEN: Final = IPv6Network("2000::/3")
"""Prefixes of the public internet's addresses; everything else is private or leads back to IPv4."""
TRANSLATED: Final = IPv6Network("64:ff9b::/96")
"""The prefix under which IPv6-only networks reach IPv4 addresses (RFC 6052)."""


class CallFailed(Exception):
    """The other side is not known to have taken the call; `status` is what it answered, if it did."""

    def __init__(self, detail: str, *, status: int | None = None) -> None:
        super().__init__(detail)
        self.status = status


@cache
def trust(ca: Path | None) -> ssl.SSLContext:
    """Trust the public certificate authorities, and with `ca` also those of a PEM file.

    Reading them takes as long as a few requests, so it is done once and not while requests are answered.
    """
    context = httpx.create_ssl_context()
    if ca is not None:
        context.load_verify_locations(ca)
    return context


async def call(
    url: str,
    body: bytes,
    *,
    key: str,
    secrets: Sequence[str],
    at: datetime,
    private_allowed: bool,
    trusted: ssl.SSLContext,
) -> int:
    """Post a body and return the status, which is always a success.

    `X-Webhook-Signature` holds one signature for each secret, separated by commas: hexadecimal HMAC-SHA256 of the text
    in `X-Webhook-Timestamp` (seconds since 1970), a dot, and the body. `X-Webhook-Id` stays the same when the same fact
    is sent again.

    Raises:
        CallFailed: There was no answer, or not a yes; or the name leads into a private network.
    """
    timestamp = str(int(at.timestamp()))
    try:
        target = httpx.URL(url)
    except httpx.InvalidURL as cause:
        raise CallFailed("The address is none that can be called.") from cause
    # Call the very address that was checked: the name may lead elsewhere a moment later.
    address = await _address(target, private_allowed=private_allowed)
    headers = {
        "Host": target.netloc.decode("ascii"),
        "Content-Type": "application/json",
        "X-Webhook-Id": key,
        "X-Webhook-Timestamp": timestamp,
        "X-Webhook-Signature": ",".join(signature(secret, timestamp, body) for secret in secrets),
    }
    try:
        async with (
            asyncio.timeout(SECONDS),
            httpx.AsyncClient(timeout=SECONDS, trust_env=False, verify=trusted) as client,
        ):
            request = client.build_request(
                "POST",
                target.copy_with(host=address),
                content=body,
                headers=headers,
                extensions={"sni_hostname": target.host},
            )
            answer = await client.send(request, stream=True)  # its body is of no interest, however long it is
            await answer.aclose()
    except (httpx.HTTPError, OSError) as cause:
        raise CallFailed(f"The other side did not answer ({type(cause).__name__}).") from cause
    if not answer.is_success:
        raise CallFailed(f"The other side answered {answer.status_code}.", status=answer.status_code)
    return answer.status_code


def is_private(address: str) -> bool:
    """Whether an address is not on the public internet."""
    parsed = ip_address(address.partition("%")[0])
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped or parsed in TRANSLATED:
            parsed = IPv4Address(parsed.packed[-4:])
        elif parsed not in OPEN or parsed.sixtofour:
            return True
    return not parsed.is_global or parsed.is_multicast


async def _address(target: httpx.URL, *, private_allowed: bool) -> str:
    port = target.port or (443 if target.scheme == "https" else 80)
    try:
        async with asyncio.timeout(SECONDS):
            found = await asyncio.get_running_loop().getaddrinfo(target.host, port, type=1)
    except (OSError, UnicodeError) as cause:
        raise CallFailed("The name of the other side is not known.") from cause
    addresses = [str(sockaddr[0]) for *_, sockaddr in found]
    if not private_allowed and any(is_private(address) for address in addresses):
        raise CallFailed("The address lies in a private network, which this installation does not call.")
    return addresses[0]
