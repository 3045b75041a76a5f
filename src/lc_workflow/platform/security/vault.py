"""Encryption at rest: AES-GCM with the newest key, decryption with any known one, search by blind indexes."""

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
    """The ciphertext was made with a key that is not known here, or was changed."""


class Vault:
    """Encrypts and decrypts short texts; what a text is about is bound to it, so it cannot be moved elsewhere.

    A ciphertext is the id of its key, a nonce, and the encrypted text with its tag.
    """

    def __init__(self, key: str, *, previous: Sequence[str] = ()) -> None:
        """Encrypt with `key`; what `previous` keys encrypted can be decrypted."""
        self._ciphers = {_key_id(each): AESGCM(_derived(each, b"lc-workflow vault")) for each in (*previous, key)}
        # A dictionary keeps the first of equal keys, so that a key given twice counts once.
        self._blind = {each: _derived(each, b"lc-workflow blind index") for each in (key, *previous)}
        self._current = _key_id(key)

    @property
    def current(self) -> bytes:
        """The id of the newest key, which begins each new ciphertext."""
        return self._current

    def seal(self, text: str, *, about: str) -> bytes:
        """Encrypt a text."""
        return self.seal_bytes(text.encode(), about=about)

    def seal_bytes(self, content: bytes, *, about: str) -> bytes:
        """Encrypt any bytes."""
        nonce = os.urandom(NONCE)
        return self._current + nonce + self._ciphers[self._current].encrypt(nonce, content, about.encode())

    def open(self, sealed: bytes, *, about: str) -> str:
        """Decrypt a text.

        Raises:
            CannotOpen: No known key has sealed it, it is about something else, or it was changed.
        """
        return self.open_bytes(sealed, about=about).decode()

    def open_bytes(self, sealed: bytes, *, about: str) -> bytes:
        """Decrypt bytes.

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
        """Whether it was encrypted with the newest key; otherwise it should be encrypted anew."""
        return hmac.compare_digest(sealed[:KEY_ID], self._current)

    def indexes(self, text: str, *, of: str) -> list[bytes]:
        """The blind indexes of a text, one for each known key, the newest first.

        `of` says what kind of thing it is, so that no two kinds are compared. Without the keys nobody can try out all
        possible numbers.
        """
        return [hmac.digest(key, f"{of}:{text}".encode(), "sha256") for key in self._blind.values()]

    def index(self, text: str, *, of: str) -> bytes:
        """The blind index of a text under the newest key, which is the one that is stored."""
        return self.indexes(text, of=of)[0]


def vault_of(settings: Settings) -> Vault:
    """The vault of an installation: its keys are ENCRYPTION_KEYS, or SECRET_KEY where there are none."""
    newest, *older = settings.encryption_keys or (settings.secret_key, *settings.previous_secret_keys)
    return Vault(newest, previous=older)


class NoKeys(Exception):
    """Something encrypted is read or written in a process that was given no keys."""


class _Ring:
    """The vault of this process: column types have no request and no settings to take it from."""

    vault: Vault | None = None


def use(vault: Vault) -> Vault:
    """Encrypt and decrypt the columns of this process with this vault."""
    _Ring.vault = vault
    return vault


def in_use() -> Vault:
    """The vault that the columns of this process use.

    Raises:
        NoKeys: Nobody has said which.
    """
    if _Ring.vault is None:
        raise NoKeys("This process has no keys: set ENCRYPTION_KEYS, or SECRET_KEY, which stands for them.")
    return _Ring.vault


def _derived(key: str, purpose: bytes) -> bytes:
    return HKDF(SHA256(), 32, salt=None, info=purpose).derive(key.encode())


def _key_id(key: str) -> bytes:
    """Name a key without revealing it."""
    return sha256(b"lc-workflow vault key id:" + key.encode()).digest()[:KEY_ID]
