"""Reading environment variables one by one; it imports nothing slow."""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from math import inf
from pathlib import Path
from typing import Final, TypeVar
from urllib.parse import urlsplit

T = TypeVar("T")

SHORTEST_SECRET: Final = 32
HIGHEST_PORT: Final = 65_535
MOST_WORKERS: Final = 64
"""More than any machine for this has processors: who asks for more has mistyped, and would fill the memory."""


class BadSetting(Exception):
    """A variable is missing or cannot be used; the sentence names it and never repeats its value."""


class Variables:
    """Reads single variables; each verb but `optional` raises `BadSetting`, which names the one that is wrong."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def optional(self, name: str) -> str | None:
        """Read a value that may be missing; an empty one counts as absent, as hosting panels clear it so."""
        return self._environ.get(name, "").strip() or None

    def required(self, name: str) -> str:
        """Read a value that must be there."""
        if (value := self.optional(name)) is None:
            raise BadSetting(f"{name} is not set; .env.production explains it.")
        return value

    def text(self, name: str, *, default: str) -> str:
        """Read a text."""
        return self.optional(name) or default

    def path(self, name: str) -> Path | None:
        """Read a path."""
        return None if (text := self.optional(name)) is None else Path(text)

    def secret(self, name: str) -> str:
        """Read a key for signing or encryption."""
        if len(value := self.required(name)) < SHORTEST_SECRET:
            raise BadSetting(f"{name} must have at least {SHORTEST_SECRET} characters.")
        return value

    def names(self, name: str) -> tuple[str, ...]:
        """Read a list separated by commas."""
        return tuple(part.strip() for part in (self.optional(name) or "").split(",") if part.strip())

    def keys(self, name: str) -> tuple[str, ...]:
        """Read a list as `names` does; a comma inside a secret is written with a backslash before it."""
        parts = re.split(r"(?<!\\),", self.optional(name) or "")
        return tuple(part.strip().replace("\\,", ",") for part in parts if part.strip())

    def number(self, name: str, *, default: int, least: int, most: int | None = None) -> int:
        """Read a whole number, bounds included."""
        value = self._parsed(name, int, default, "a whole number")
        if value < least or (most is not None and value > most):
            raise BadSetting(f"{name} must be at least {least}" + (f" and at most {most}." if most else "."))
        return value

    def share(self, name: str) -> float:
        """Read a fraction."""
        value = self._parsed(name, float, 1.0, "a number from 0 to 1, like 0.1")
        if not 0 <= value <= 1:
            raise BadSetting(f"{name} must be a number from 0 to 1, like 0.1.")
        return value

    def seconds(self, name: str, *, default: float) -> float:
        """Read a duration."""
        form = "a number of seconds, like 10"
        if not 0 < (value := self._parsed(name, float, default, form)) < inf:
            raise BadSetting(f"{name} must be {form}.")
        return value

    def certificates(self, name: str) -> Path | None:
        """Read the path of certificates of authorities."""
        import ssl  # noqa: PLC0415 - few have any

        if (file := self.path(name)) is None:
            return None
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(file)
        except OSError:  # which refusals of its content are as well
            raise BadSetting(f"{name} must name a file with certificates in PEM form.") from None
        return file

    def flag(self, name: str, *, default: bool) -> bool:
        """Read yes or no, in any of the usual words."""
        return self._parsed(name, _flag, default, "true or false")

    def choice(self, name: str, allowed: Collection[str], *, default: str) -> str:
        """Read one of some words, regardless of case."""
        value = self.text(name, default=default).lower()
        for choice in allowed:
            if choice.lower() == value:
                return choice
        raise BadSetting(f"{name} must be one of {', '.join(sorted(allowed))}.")

    def _parsed(self, name: str, parse: Callable[[str], T], default: T, form: str) -> T:
        if (text := self.optional(name)) is None:
            return default
        try:
            return parse(text)
        except (ValueError, KeyError):
            raise BadSetting(f"{name} must be {form}.") from None


@dataclass(frozen=True, slots=True)
class Listening:
    """Where a server listens, and with how many workers."""

    host: str
    port: int
    workers: int

    @classmethod
    def read(cls, variables: Variables) -> "Listening":
        """Read it; the server accepts an address, not a name.

        Raises:
            BadSetting: One of the three cannot be understood.
        """
        try:
            host = str(ip_address(variables.text("HOST", default="0.0.0.0")))  # noqa: S104 - a container's addresses
        except ValueError:
            raise BadSetting("HOST must be an address like 0.0.0.0 or 127.0.0.1, not a name.") from None
        return cls(
            host,
            variables.number("PORT", default=8000, least=1, most=HIGHEST_PORT),
            variables.number("WEB_CONCURRENCY", default=1, least=1, most=MOST_WORKERS),
        )


def _flag(text: str) -> bool:
    return {"true": True, "1": True, "yes": True, "on": True, "false": False, "0": False, "no": False, "off": False}[
        text.lower()
    ]


def fits(url: str) -> bool:
    """Whether the port of an address is one, and its host is not left out."""
    try:
        return urlsplit(url).port != 0 and bool(urlsplit(url).hostname)
    except ValueError:
        return False
