"""How answers are made smaller on their way."""

import re
from typing import Final

from litestar.config.compression import CompressionConfig
from litestar.datastructures import MutableScopeHeaders
from litestar.middleware.compression import CompressionMiddleware
from litestar.types import Receive, Scope, Send

SMALLEST: Final = 1_000
"""Bytes below which compressing costs more than it saves."""
UNCOMPRESSED: Final = "uncompressed"
"""The `opt` key of routes whose answers are compressed already or read in parts: photos, PDFs, downloads."""

_REFUSED: Final = re.compile(r"[^,]*;\s*q=0(\.0*)?\s*(,|$)", re.IGNORECASE)
"""A coding with weight zero, which the client thereby refuses (RFC 9110, 12.5.3)."""


class AsTaken(CompressionMiddleware):
    """Compresses only as the client accepts; Litestar's own middleware looks only whether a coding is named."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Drop the codings that the client names in order to refuse them."""
        if any(name == b"accept-encoding" and b"q=0" in value.lower() for name, value in scope["headers"]):
            headers = MutableScopeHeaders(scope)
            headers["accept-encoding"] = _REFUSED.sub("", headers["accept-encoding"])
        await super().__call__(scope, receive, send)


def compression() -> CompressionConfig:
    """Brotli where the client takes it, gzip otherwise, at levels that favour speed."""
    return CompressionConfig(
        backend="brotli",
        minimum_size=SMALLEST,
        brotli_quality=4,
        gzip_compress_level=4,
        exclude_opt_key=UNCOMPRESSED,
        middleware_class=AsTaken,
    )
