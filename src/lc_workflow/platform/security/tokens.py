"""Access tokens: signed and read here, with one algorithm and a key that can be rotated."""

import hmac
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from typing import Final
from uuid import UUID, uuid4

import jwt

from lc_workflow.kernel.errors import Unauthenticated

AUDIENCE: Final = "lc-workflow"
KIND: Final = "access"
LEEWAY: Final = timedelta(seconds=5)
"""How far the clocks of two of our machines may differ."""

MOST_READ: Final = 5_000
"""How many verified tokens are remembered, so that their signature is not checked again."""

CLAIMS: Final = ("sub", "sid", "aud", "typ", "iat", "exp")


class TokenMissing(Unauthenticated):
    """The request carries no access token."""


class TokenInvalid(Unauthenticated):
    """The token is not one of ours."""


class TokenExpired(Unauthenticated):
    """The token was ours and has ended."""


class SessionEnded(Unauthenticated):
    """The token is ours, but its session was ended or its account is no longer active."""


@dataclass(frozen=True, slots=True)
class Claims:
    """Whose token it is, the session it belongs to, and when it ends."""

    subject: UUID
    session_id: UUID
    expires_at: datetime


class Tokens:
    """Issues access tokens with the newest key and reads those signed with any key still known."""

    def __init__(self, secret: str, *, previous: tuple[str, ...] = (), algorithm: str, lifetime: timedelta) -> None:
        self._keys = {_key_id(key): key for key in (secret, *previous)}
        self._current = _key_id(secret)
        self._algorithm = algorithm
        self._verified = lru_cache(maxsize=MOST_READ)(self._verify)
        self.lifetime = lifetime

    def issue(self, subject: UUID, session_id: UUID, *, at: datetime) -> str:
        """Sign a token for a person's session; it ends `lifetime` after `at`."""
        claims = {
            "sub": str(subject),
            "sid": str(session_id),
            "aud": AUDIENCE,
            "typ": KIND,
            "iat": int(at.timestamp()),
            "exp": int((at + self.lifetime).timestamp()),
            "jti": str(uuid4()),
        }
        return jwt.encode(claims, self._keys[self._current], algorithm=self._algorithm, headers={"kid": self._current})

    def csrf_of(self, session_id: UUID) -> str:
        """What a page must send along with the cookies of a session, so that no other site's page can use them."""
        return self._csrf(self._keys[self._current], session_id)

    def is_csrf_of(self, session_id: UUID, sent: str) -> bool:
        """Whether what was sent along belongs to the session; one made with an older key does as well."""
        return any(
            hmac.compare_digest(self._csrf(key, session_id).encode(), sent.encode()) for key in self._keys.values()
        )

    @staticmethod
    def _csrf(key: str, session_id: UUID) -> str:
        return hmac.new(key.encode(), b"lc-workflow csrf:" + session_id.bytes, sha256).hexdigest()

    def read(self, token: str, *, at: datetime) -> Claims:
        """Verify a token and answer what it claims.

        Raises:
            TokenInvalid: It was not signed by us, or was made for something else.
            TokenExpired: It has ended.
        """
        try:
            found, issued = self._verified(token)
        except (jwt.PyJWTError, KeyError, ValueError, TypeError, AttributeError, OverflowError, OSError):
            raise TokenInvalid("The access token is not valid; sign in again.") from None
        if issued > at + LEEWAY:
            raise TokenInvalid("The access token is not valid; sign in again.")
        if found.expires_at <= at:
            raise TokenExpired("The access token has expired; sign in again.")
        return found

    def _verify(self, token: str) -> tuple[Claims, datetime]:
        """Check what never changes about a token: its signature and its claims.

        Whether it has expired, and whether its session is still open, is checked each time. Refusals are not
        remembered.
        """
        key = self._keys[jwt.get_unverified_header(token)["kid"]]
        claims = jwt.decode(
            token,
            key,
            algorithms=[self._algorithm],
            audience=AUDIENCE,
            # The moments are checked against the clock that is passed to `read`.
            options={"require": list(CLAIMS), "verify_exp": False, "verify_iat": False, "verify_nbf": False},
        )
        if claims["typ"] != KIND:
            raise ValueError(claims["typ"])
        issued = datetime.fromtimestamp(claims["iat"], UTC)
        expires = datetime.fromtimestamp(claims["exp"], UTC)
        return Claims(UUID(claims["sub"]), UUID(claims["sid"]), expires), issued


def _key_id(secret: str) -> str:
    """Name a key without revealing it."""
    return sha256(b"lc-workflow key id:" + secret.encode()).hexdigest()[:12]
