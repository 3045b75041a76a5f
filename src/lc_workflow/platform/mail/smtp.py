"""Letters over SMTP, several on one connection."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from email.errors import MessageError
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from typing import Final

import aiosmtplib

from lc_workflow.platform.config import MailServer

SECONDS: Final = 20.0
"""How long the server may take for each answer."""

PERMANENT: Final = range(500, 600)
"""Reply codes that will not change on another try (RFC 5321, 4.2.1)."""


class MailFailed(Exception):
    """The server cannot be reached, or does not accept letters now; trying later may help."""


class MailPutOff(MailFailed):
    """This letter cannot be sent now; the next one may."""


class MailRefused(Exception):
    """The server will never accept this letter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A letter as text and as HTML; `key` stays the same when it is sent again, so that readers see it once.

    `at` becomes its date: RFC 5322 wants one, and not every server adds it.
    """

    key: str
    at: datetime
    to: str
    subject: str
    text: str
    html: str


class Post:
    """An open connection to the server."""

    def __init__(self, client: aiosmtplib.SMTP, sender: str) -> None:
        self._client = client
        self._sender = sender

    async def send(self, letter: Letter) -> None:
        """Give one letter to the server.

        Raises:
            MailRefused: It is not a letter this server takes; the next one may be.
            MailPutOff: It is none this server takes now, for a full mailbox or the like; the next one may be.
            MailFailed: The server takes none now.
        """
        try:
            message = _written(letter, self._sender)
        except Exception as cause:  # Python's own library stumbles over odd addresses in many ways, each time
            raise MailRefused(type(cause).__name__) from cause
        try:
            await self._client.send_message(message)
        except (MessageError, ValueError, UnicodeError, aiosmtplib.SMTPNotSupported) as cause:
            raise MailRefused(type(cause).__name__) from cause
        except aiosmtplib.SMTPRecipientsRefused as cause:
            if all(refused.code in PERMANENT for refused in cause.recipients):
                raise MailRefused("The server does not know the address.") from cause
            raise MailPutOff("The server does not take the address now.") from cause
        except aiosmtplib.SMTPResponseException as cause:
            if isinstance(cause, aiosmtplib.SMTPDataError):
                refusal = MailRefused if cause.code in PERMANENT else MailPutOff
                raise refusal(f"The server answered {cause.code}.") from cause
            raise MailFailed(f"The server answered {cause.code}.") from cause
        except (aiosmtplib.SMTPException, OSError) as cause:
            raise MailFailed(type(cause).__name__) from cause
        except Exception as cause:  # of the library, about this letter: the next ones must not wait for it
            raise MailPutOff(type(cause).__name__) from cause


@asynccontextmanager
async def connected(server: MailServer) -> AsyncIterator[Post]:
    """Sign in at the server, and say goodbye when the block ends.

    Raises:
        MailFailed: It cannot be reached, does not speak TLS as the settings want, or does not know us.
    """
    client = aiosmtplib.SMTP(
        hostname=server.host,
        port=server.port,
        username=server.username,
        password=server.password,
        use_tls=server.security == "tls",
        start_tls=server.security == "starttls",
        timeout=SECONDS,
    )
    try:
        await client.connect()
    except (aiosmtplib.SMTPException, OSError) as cause:
        client.close()
        raise MailFailed(f"The mail server cannot be used ({type(cause).__name__}).") from cause
    try:
        yield Post(client, server.sender)
    finally:
        try:
            await client.quit()
        except (aiosmtplib.SMTPException, OSError):
            client.close()


def _written(letter: Letter, sender: str) -> EmailMessage:
    message = EmailMessage()
    message["From"] = sender
    message["To"] = letter.to
    message["Date"] = format_datetime(letter.at)
    message["Subject"] = " ".join(letter.subject.split())
    message["Message-ID"] = f"<{letter.key}@{parseaddr(sender)[1].rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.text)
    message.add_alternative(letter.html, subtype="html")
    return message
