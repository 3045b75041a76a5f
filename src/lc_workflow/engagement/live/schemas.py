"""What goes over the live socket besides notifications."""

from typing import Annotated

from msgspec import Meta, Struct


class Ping(Struct, frozen=True, tag="ping"):
    """The client shows that it is there."""


class SubscribePattern(Struct, frozen=True, tag="subscribe_pattern"):
    """The client wants to hear what is sent to a pattern."""

    pattern: Annotated[str, Meta(max_length=200)]


class Pong(Struct, frozen=True, tag="pong"):
    """The answer to a ping."""


class Subscribed(Struct, frozen=True, tag="subscribed"):
    """From now on the client hears a pattern."""

    pattern: str


class Refused(Struct, frozen=True, tag="error"):
    """Why a client's message was refused."""

    code: str
    detail: str
