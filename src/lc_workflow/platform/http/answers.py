"""How an answer becomes JSON: decimals as exact numbers, moments as ISO 8601 with their offset."""

from typing import Final, Generic, TypeVar

import msgspec
from litestar import Response
from litestar.response.base import MEDIA_TYPE_APPLICATION_JSON_PATTERN
from litestar.serialization import default_serializer
from litestar.types import Serializer

T = TypeVar("T")

ENCODER: Final = msgspec.json.Encoder(decimal_format="number", enc_hook=default_serializer)


class Answer(Response[T], Generic[T]):
    """The app's default response.

    Litestar's own turns a `Decimal` into a float; the web app gets the digits that are stored.
    """

    def render(self, content: object, media_type: str, enc_hook: Serializer = default_serializer) -> bytes:
        """Write `content` for its media type; bytes are taken as they are."""
        if not isinstance(content, bytes) and MEDIA_TYPE_APPLICATION_JSON_PATTERN.match(media_type):
            return ENCODER.encode(content)
        return super().render(content, media_type, enc_hook)
