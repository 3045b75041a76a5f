"""Which part of a file a client asks for: RFC 9110, section 14."""

import re
from typing import Final

NO_SUCH_PART: Final = (-1, -1)
"""The file has no such part."""

_ONE_RANGE: Final = re.compile(r"\s*bytes\s*=\s*(\d{0,18})\s*-\s*(\d{0,18})\s*", re.IGNORECASE)


def part_asked_for(header: str | None, size: int) -> tuple[int, int] | None:
    """Say where the part begins and ends that a `Range` header asks for, of a file of `size` bytes.

    None stands for all of it: also for what cannot be understood, and for several parts at once, as the RFC allows.
    """
    found = _ONE_RANGE.fullmatch(header or "")
    if not found or not any(found.groups()):
        return None
    first, last = found.groups()
    if not first:
        start, end = max(size - int(last), 0), size
    else:
        start, end = int(first), min(int(last) + 1, size) if last else size
        if last and int(last) < start:
            return None
    return (start, end) if start < end else NO_SUCH_PART
