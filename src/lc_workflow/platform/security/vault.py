"""Secrets at rest: sealed with AES-GCM under the newest key, opened with any key still known."""

import hmac
import os
from collections.abc import Sequence
from hashlib import sha256
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from lc_workflow.platform.config import Settings

KEY_ID: Final = 4
NONCE: Final = 12


class CannotOpen(Exception):
    """What is sealed was made with a key that is not known here, or was changed."""


class Vault:
    """Seals and opens short texts; what a text is about is bound to it, so that it opens nowhere else.

    A sealed text is the id of its key, a nonce, and the cipher text with its tag.
    """

    def __init__(self, key: str, *, previous: Sequence[str] = ()) -> None:
        """Seal with `key`; what `previous` keys have sealed is opened."""
        self._ciphers = {_key_id(each): AESGCM(_derived(each)) for each in (*previous, key)}
        self._current = _key_id(key)

    def seal(self, text: str, *, about: str) -> bytes:
        """Make a text unreadable without a key."""
        nonce = os.urandom(NONCE)
        return self._current + nonce + self._ciphers[self._current].encrypt(nonce, text.encode(), about.encode())

    def open(self, sealed: bytes, *, about: str) -> str:
        """Read a sealed text.

        Raises:
            CannotOpen: No known key has sealed it, it is about something else, or it was changed.
        """
        cipher = self._ciphers.get(sealed[:KEY_ID])
        if cipher is None:
            raise CannotOpen("This was sealed with a key that is not known here.")
        nonce, text = sealed[KEY_ID : KEY_ID + NONCE], sealed[KEY_ID + NONCE :]
        try:
            return cipher.decrypt(nonce, text, about.encode()).decode()
        except (InvalidTag, ValueError) as fault:
            raise CannotOpen("This was changed, or is about something else.") from fault

    def is_current(self, sealed: bytes) -> bool:
        """Whether the newest key has sealed it; what an older one sealed is to be sealed anew."""
        return hmac.compare_digest(sealed[:KEY_ID], self._current)


def vault_of(settings: Settings) -> Vault:
    """Open the vault of an installation: with ENCRYPTION_KEYS, or with SECRET_KEY where there are none."""
    newest, *older = settings.encryption_keys or (settings.secret_key, *settings.previous_secret_keys)
    return Vault(newest, previous=older)


def _derived(key: str) -> bytes:
    return HKDF(SHA256(), 32, salt=None, info=b"lc-workflow vault").derive(key.encode())


def _key_id(key: str) -> bytes:
    """Name a key without telling it."""
    return sha256(b"lc-workflow vault key id:" + key.encode()).digest()[:KEY_ID]
