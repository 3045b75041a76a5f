"""Another system that is called: a real little HTTP server that checks what it is told and answers as the test says."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID


@dataclass
class Listener:
    """`moods` are the statuses of the next answers; after them it is always 200."""

    port: int = 0
    moods: list[int] = field(default_factory=list)
    calls: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook?of=branch"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
        body = await reader.readexactly(int(headers["content-length"]))
        self.headers.append(headers | {"line": head[0]})
        self.bodies.append(body)
        self.calls.append(json.loads(body))
        status = self.moods.pop(0) if self.moods else 200
        writer.write(f"HTTP/1.1 {status} So\r\nContent-Length: 0\r\nLocation: /\r\nConnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()


@asynccontextmanager
async def listening(encrypted: ssl.SSLContext | None = None) -> AsyncIterator[Listener]:
    listener = Listener()
    server = await asyncio.start_server(listener.serve, "127.0.0.1", 0, ssl=encrypted)
    listener.port = server.sockets[0].getsockname()[1]
    async with server:
        yield listener


def certified(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """What `localhost` serves HTTPS with, and the file of the authority that vouches for it."""
    now = datetime.now(UTC)
    key, owner = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())

    def named(name: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])

    def certificate(name: str, public: ec.EllipticCurvePublicKey, *, is_authority: bool) -> bytes:
        return (
            x509.CertificateBuilder()
            .subject_name(named(name))
            .issuer_name(named("An authority of this test"))
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
            # Python 3.13, on which the image runs, trusts no chain without these.
            .add_extension(_usage(signs_certificates=is_authority), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
            .sign(key, hashes.SHA256())
            .public_bytes(Encoding.PEM)
        )

    authority, chain = folder / "authority.pem", folder / "localhost.pem"
    authority.write_bytes(certificate("An authority of this test", key.public_key(), is_authority=True))
    chain.write_bytes(
        owner.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        + certificate("localhost", owner.public_key(), is_authority=False)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain)
    return context, authority


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
