"""Password hashing with bcrypt, in a few threads beside the event loop."""

from typing import Final

import anyio.to_thread
import bcrypt
from anyio import CapacityLimiter

LONGEST: Final = 72
"""bcrypt reads no more bytes than this, so a longer password is refused rather than cut."""

NOBODY: Final = "$2b${:02}$" + 53 * "."
"""The form of a hash: no password is known for it, and to check one takes as long as with any other of its cost."""


class Passwords:
    """Hashes and checks passwords; `cost` is bcrypt's work factor (2^cost rounds)."""

    def __init__(self, *, cost: int = 12, threads: int = 2) -> None:
        self._cost = cost
        self._limiter = CapacityLimiter(threads)
        self._nobody = NOBODY.format(cost)

    async def hash(self, password: str) -> str:
        """Hash a password of at most 72 bytes."""
        salt = bcrypt.gensalt(self._cost)
        digest = await anyio.to_thread.run_sync(bcrypt.hashpw, password.encode(), salt, limiter=self._limiter)
        return digest.decode()

    async def matches(self, password: str, digest: str | None) -> bool:
        """Check a password; without a digest (no such account) the same work is done and the answer is no."""
        secret = password.encode()
        same = await anyio.to_thread.run_sync(
            bcrypt.checkpw, secret[:LONGEST], (digest or self._nobody).encode(), limiter=self._limiter
        )
        return same and digest is not None and len(secret) <= LONGEST
