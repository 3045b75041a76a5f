"""Profile photos as answers."""

from msgspec import Struct


class PhotoAnswer(Struct, frozen=True):
    """Where browsers find the photo without signing in, or null; the web app reads it under both names.

    `sizes` gives its addresses as `large` (512 pixels a side), `medium` (128) and `small` (48).
    """

    profile_image_url: str | None
    primary_url: str | None
    sizes: dict[str, str]
