"""How answers are made smaller on their way."""

from typing import Final

from litestar.config.compression import CompressionConfig

SMALLEST: Final = 1_000
"""Bytes below which compressing costs more than it saves."""
UNCOMPRESSED: Final = "uncompressed"
"""The `opt` key of routes whose answers are compressed already or read in parts: photos, PDFs, downloads."""


def compression() -> CompressionConfig:
    """Brotli where the client takes it, gzip otherwise, at levels that favour speed."""
    return CompressionConfig(
        backend="brotli",
        minimum_size=SMALLEST,
        brotli_quality=4,
        gzip_compress_level=4,
        exclude_opt_key=UNCOMPRESSED,
    )
