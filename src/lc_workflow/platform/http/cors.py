"""Which web pages may call this API, and what they may read of the answers."""

import re
from collections.abc import Iterable
from typing import Final

METHODS: Final = "GET, POST, PUT, PATCH, DELETE"
ALLOWED_HEADERS: Final = (
    "Accept",
    "Accept-Language",
    "Authorization",
    "Content-Type",
    "Idempotency-Key",
    "If-Match",
    "If-None-Match",
    "Range",
    "X-CSRF-Token",
    "X-Request-ID",
    "X-Requested-With",
)
EXPOSED_HEADERS: Final = (
    "Content-Disposition",
    "ETag",
    "Idempotent-Replay",
    "Retry-After",
    "X-RateLimit-Limit",
    "X-RateLimit-Remaining",
    "X-RateLimit-Reset",
    "X-Request-ID",
)
PREFLIGHT_SECONDS: Final = 600
EMBEDDED: Final = {"Cross-Origin-Resource-Policy": "cross-origin"}
"""On what is shown without a token: pages that demand it (COEP) only embed what carries this header."""

Headers = list[tuple[bytes, bytes]]

_SAFE_ORIGIN: Final = re.compile(rb"https?://[\w.:\[\]-]+", re.ASCII)


class Cors:
    """Answers a browser's questions about `origins`; `*` stands for any, and the asking origin is echoed.

    Litestar's own CORS adds nothing to answers from outside its routes, sends `*` together with credentials, which
    browsers refuse, and replaces the `Vary` that compression has set.
    """

    def __init__(self, origins: Iterable[str]) -> None:
        self._origins = frozenset(origin.encode("latin-1") for origin in origins)

    def allows(self, origin: bytes) -> bool:
        """Tell whether pages of this origin may call us."""
        return origin in self._origins or (b"*" in self._origins and bool(_SAFE_ORIGIN.fullmatch(origin)))

    def of_answer(self, origin: bytes | None) -> Headers:
        """Give the headers of an answer, whatever its status."""
        if origin is None or not self.allows(origin):
            return []
        return [
            (b"access-control-allow-origin", origin),
            (b"access-control-allow-credentials", b"true"),
            (b"access-control-expose-headers", ", ".join(EXPOSED_HEADERS).encode()),
        ]

    def of_preflight(self) -> Headers:
        """Give what an answer to a preflight needs besides `of_answer`."""
        return [
            (b"access-control-allow-methods", METHODS.encode()),
            (b"access-control-allow-headers", ", ".join(ALLOWED_HEADERS).encode()),
            (b"access-control-max-age", str(PREFLIGHT_SECONDS).encode()),
        ]
