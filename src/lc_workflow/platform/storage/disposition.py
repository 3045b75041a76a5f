"""The header that says under which name a browser saves what it gets."""

import re
import unicodedata
from typing import Final
from urllib.parse import quote

ATTRIBUTE_CHARACTERS: Final = "!#$&+-.^_`|~"
"""The characters RFC 8187 allows besides letters and digits."""


def content_disposition(filename: str, *, inline: bool = False) -> str:
    """Write the Content-Disposition header (RFC 6266) for a file name in any script.

    Old clients read the ASCII form, all others the encoded one. Nothing in the name can end the header or begin
    another: control characters and slashes are gone, quotes and the rest outside ASCII do not appear raw.
    """
    name = "".join("_" if unicodedata.category(each) in {"Cc", "Cs"} or each in "/\\" else each for each in filename)
    ascii_name = re.sub(r"[^A-Za-z0-9 ._()-]+", "_", name)
    kind = "inline" if inline else "attachment"
    return f"{kind}; filename=\"{ascii_name}\"; filename*=UTF-8''{quote(name, safe=ATTRIBUTE_CHARACTERS)}"
