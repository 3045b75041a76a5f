"""A real SMTP server that keeps the letters it is given, and answers as the test says."""

from asyncio import get_running_loop
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from ssl import SSLContext
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass
class PostOffice:
    """`refuses` maps addresses to what is answered instead of taking them; before it takes one, `meanwhile` happens."""

    port: int = 0
    letters: list[EmailMessage] = field(default_factory=list)
    refuses: dict[str, str] = field(default_factory=dict)
    meanwhile: list[Awaitable[None]] = field(default_factory=list)

    async def handle_RCPT(  # noqa: N802 - the library's name
        self, _: SMTP, __: Session, envelope: Envelope, address: str, ___: list[Any]
    ) -> str:
        if address in self.refuses:
            return self.refuses[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _: SMTP, __: Session, envelope: Envelope) -> str:  # noqa: N802 - as above
        while self.meanwhile:
            await self.meanwhile.pop()
        assert isinstance(envelope.content, bytes)
        letter = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(letter, EmailMessage)
        self.letters.append(letter)
        return "250 taken"


@asynccontextmanager
async def open_post_office(
    *, starttls: SSLContext | None = None, tls: SSLContext | None = None
) -> AsyncIterator[PostOffice]:
    """One that speaks in clear, offers to encrypt (`starttls`), or is encrypted from the first word on (`tls`)."""
    office = PostOffice()
    server = await get_running_loop().create_server(
        lambda: SMTP(office, hostname="post.example", enable_SMTPUTF8=True, tls_context=starttls),
        "127.0.0.1",
        0,
        ssl=tls,
    )
    office.port = server.sockets[0].getsockname()[1]
    try:
        yield office
    finally:
        server.close()
