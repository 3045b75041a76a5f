"""JSON columns, whose numbers keep their digits."""

from decimal import Decimal
from typing import Final

import msgspec

_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")

read_json: Final = msgspec.json.Decoder(float_hook=Decimal).decode
"""Read a JSON column; its numbers keep their digits, as everywhere else."""


def write_json(value: object) -> str:
    """Write a JSON column, decimals as numbers."""
    return _ENCODER.encode(value).decode()
