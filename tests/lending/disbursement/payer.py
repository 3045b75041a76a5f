"""A payment system that remembers whom it has paid, and answers as the test says."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from lc_workflow.platform.payout.webhook import SECONDS, signature


@dataclass
class Payer:
    """Pays each external id once, and answers a key as it did before; after a fault of its own it knows of neither.

    `moods` are how it answers the next requests: `ok`, `silent`, `refusing` or `broken`. `says` is what it answers
    then, instead of a reference, `heads` what it says before that, and `meanwhile` what happens while it thinks.
    A strict one refuses another order under a key that it knows. A silent one acts, and has so much time pass with
    `let_pass` that nobody waits for its answer any more.
    """

    secret: str
    port: int = 0
    moods: list[str] = field(default_factory=list)
    says: bytes = b""
    heads: str = ""
    is_strict: bool = False
    meanwhile: Callable[[], Awaitable[Any]] | None = None
    let_pass: Callable[[float], None] | None = None
    calls: list[dict[str, Any]] = field(default_factory=list)
    paid: dict[str, dict[str, Any]] = field(default_factory=dict)
    known: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/orders"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
        body = await reader.readexactly(int(headers["content-length"]))
        mood = self.moods.pop(0) if self.moods else "ok"
        assert headers["x-signature"] == signature(self.secret, headers["x-timestamp"], body)
        order = json.loads(body)
        self.calls.append(order)
        key = headers["idempotency-key"]
        status = "500 Internal Server Error"
        if mood != "broken":
            if key not in self.known and mood != "refusing":
                self.paid.setdefault(order["external_id"], order)
            is_other = any(key == each["order_key"] and order != each for each in self.calls)
            if self.is_strict and key in self.known and is_other:
                mood = "refusing"
                self.known[key] = "422 Key Reused"
            status = self.known.setdefault(key, "422 No Such Account" if mood == "refusing" else "200 OK")
        if self.meanwhile:
            await self.meanwhile()
        if mood == "silent":
            assert self.let_pass
            self.let_pass(SECONDS)
            await reader.read()  # the other side hangs up
        answer = self.says or json.dumps({"reference": f"PAY-{len(self.paid)}"}).encode()
        heads = self.heads or f"Content-Length: {len(answer)}\r\n"
        writer.write(f"HTTP/1.1 {status}\r\n{heads}Connection: close\r\n\r\n".encode())
        writer.write(answer)
        writer.close()


@asynccontextmanager
async def paying(secret: str) -> AsyncIterator[Payer]:
    payer = Payer(secret)
    server = await asyncio.start_server(payer.serve, "127.0.0.1", 0)
    payer.port = server.sockets[0].getsockname()[1]
    async with server:
        yield payer
