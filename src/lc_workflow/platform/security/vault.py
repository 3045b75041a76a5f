"""Secrets at rest: sealed with AES-GCM under the newest key, opened with any known one, found by blind indexes."""

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
        self._ciphers = {_key_id(each): AESGCM(_derived(each, b"lc-workflow vault")) for each in (*previous, key)}
        # Dictionaries keep the first of equal keys, so that a key that stands twice in the ring counts once.
        self._blind = {each: _derived(each, b"lc-workflow blind index") for each in (key, *previous)}
        self._current = _key_id(key)

    @property
    def current(self) -> bytes:
        """The id of the newest key, with which what it seals begins."""
        return self._current

    def seal(self, text: str, *, about: str) -> bytes:
        """Make a text unreadable without a key."""
        return self.seal_bytes(text.encode(), about=about)

    def seal_bytes(self, content: bytes, *, about: str) -> bytes:
        """Make anything unreadable without a key."""
        nonce = os.urandom(NONCE)
        return self._current + nonce + self._ciphers[self._current].encrypt(nonce, content, about.encode())

    def open(self, sealed: bytes, *, about: str) -> str:
        """Read a sealed text.

        Raises:
            CannotOpen: No known key has sealed it, it is about something else, or it was changed.
        """
        return self.open_bytes(sealed, about=about).decode()

    def open_bytes(self, sealed: bytes, *, about: str) -> bytes:
        """Read what is sealed.

        Raises:
            CannotOpen: No known key has sealed it, it is about something else, or it was changed.
        """
        cipher = self._ciphers.get(sealed[:KEY_ID])
        if cipher is None:
            raise CannotOpen(
                "The key that sealed this is not among ENCRYPTION_KEYS, nor what stands for them where that is empty."
            )
        nonce, text = sealed[KEY_ID : KEY_ID + NONCE], sealed[KEY_ID + NONCE :]
        try:
            return cipher.decrypt(nonce, text, about.encode())
        except (InvalidTag, ValueError) as fault:
            raise CannotOpen("This was changed, or is about something else.") from fault

    def is_current(self, sealed: bytes) -> bool:
        """Whether the newest key has sealed it; what an older one sealed is to be sealed anew."""
        return hmac.compare_digest(sealed[:KEY_ID], self._current)

    def indexes(self, text: str, *, of: str) -> list[bytes]:
        """Name a text without telling it, once for each key that is known, the newest first.

        `of` says what kind of thing it names, so that no two kinds are compared. Whoever does not know the keys cannot
        try all numbers there are.
        """
        return [hmac.digest(key, f"{of}:{text}".encode(), "sha256") for key in self._blind.values()]

    def index(self, text: str, *, of: str) -> bytes:
        """Name a text by the newest key, which is what is written down."""
        return self.indexes(text, of=of)[0]


def vault_of(settings: Settings) -> Vault:
    """Open the vault of an installation: with ENCRYPTION_KEYS, or with SECRET_KEY where there are none."""
    newest, *older = settings.encryption_keys or (settings.secret_key, *settings.previous_secret_keys)
    return Vault(newest, previous=older)


class NoKeys(Exception):
    """Something sealed is read or written in a process that was given no keys."""


class _Ring:
    """The vault of this process: columns are sealed where no request and no settings can be passed along."""

    vault: Vault | None = None


def use(vault: Vault) -> Vault:
    """Seal and open the columns of this process with this vault."""
    _Ring.vault = vault
    return vault


def in_use() -> Vault:
    """The vault that the columns of this process are sealed with.

    Raises:
        NoKeys: Nobody has said which.
    """
    if _Ring.vault is None:
        raise NoKeys("This process has no keys: set ENCRYPTION_KEYS, or SECRET_KEY, which stands for them.")
    return _Ring.vault


def _derived(key: str, purpose: bytes) -> bytes:
    return HKDF(SHA256(), 32, salt=None, info=purpose).derive(key.encode())


def _key_id(key: str) -> bytes:
    """Name a key without telling it."""
    return sha256(b"lc-workflow vault key id:" + key.encode()).digest()[:KEY_ID]
