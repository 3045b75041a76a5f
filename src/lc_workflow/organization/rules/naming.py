"""The codes of branches and departments that are opened without one, as forms do that ask for a name alone."""

import re
from collections.abc import Iterator
from itertools import count
from typing import Final

MOST_WORDS: Final = 4
LETTERS: Final = 3
"""How much of a name its code has: the initials of so many words, or so many letters of a single one."""


def codes_for(name: str, *, otherwise: str) -> Iterator[str]:
    """Suggest codes for a name without end, the shortest first: `PPC`, `PPC2`; `otherwise` where no letter is Latin."""
    words = re.findall("[A-Za-z0-9]+", name)
    code = (words[0][:LETTERS] if len(words) == 1 else "".join(word[0] for word in words[:MOST_WORDS])).upper()
    code = code or otherwise
    yield code
    yield from (f"{code}{number}" for number in count(2))
