"""What clients send that no person means, as the bytes that travel."""

from collections.abc import Iterator
from typing import Any, Final

BOUNDARY: Final = "a-boundary"
FORM: Final = f"multipart/form-data; boundary={BOUNDARY}"

VALUES: Final[dict[str, bytes]] = {
    "null": b"null",
    "true": b"true",
    "minus one": b"-1",
    "a fraction": b"0.1",
    "a tiny number": b"1e-400",
    "a huge number": b"1e400",
    "an endless whole number": b"1" + b"0" * 5_000,
    "a whole number beyond 32 bits": b"2147483648",
    "NaN as text": b'"NaN"',
    "a huge number as text": b'"1e999999999"',
    "nothing": b'""',
    "blanks": b'" \\t\\n"',
    "a word": b'"nonsense"',
    "a NUL": b'"a\\u0000b"',
    "half a surrogate pair": b'"\\ud800"',
    "a very long text in Khmer": ('"' + "ក" * 5_000 + '"').encode(),
    "SQL": b'"%_\'); DROP TABLE users; --"',
    "a day that is not": b'"2026-02-30"',
    "the first day": b'"0001-01-01"',
    "the last moment": b'"9999-12-31T23:59:59.999999-12:00"',
    "the id of nothing": b'"00000000-0000-0000-0000-000000000000"',
    "a list of everything": b'[null, 1, "x", [], {}]',
    "an object": b"{}",
    "an object with a NUL in its key": b'{"a\\u0000": 1}',
    "a deep list": b"[" * 60 + b"]" * 60,
}
"""Values of a field, as JSON."""

BODIES: Final[dict[str, bytes]] = {
    "nothing": b"",
    "null": b"null",
    "a number": b"7",
    "a text": b'"text"',
    "a list": b"[]",
    "a list of objects": b"[{}]",
    "an object": b"{}",
    "unknown fields": b'{"nonsense": 1, "id": 2, "__class__": "x", "created_at": 0}',
    "a NUL in a key": b'{"a\\u0000b": 1}',
    "half a surrogate pair in a key": b'{"\\udfff": 1}',
}
"""Whole bodies that are JSON, and not what was asked for."""

UNREADABLE: Final[dict[str, bytes]] = {
    "not a number": b'{"a": NaN}',
    "an endless whole number": b'{"a": 1' + b"0" * 5_000 + b"}",
    "a huge exponent": b'{"a": 1e99999999999999999999}',
    "no JSON": b"username=dara&password=secret",
    "half of it": b'{"name": "Chan',
    "more than it": b"{} {}",
    "invalid UTF-8": b'{"name": "\xff\xfe"}',
    "a surrogate in UTF-8": b'{"name": "\xed\xa0\x80"}',
    "UTF-16": '{"name": "Chanthy"}'.encode("utf-16"),
    "NULs": b"\0" * 100,
    "endless lists": b"[" * 100_000,
    "many keys": b"{" + b",".join(b'"k%d": 1' % number for number in range(5_000)) + b"}",
    "ten megabytes": b'{"name": "' + b"x" * 10_000_000 + b'"}',
}
"""Bodies, sent as JSON, that are none."""

TYPES: Final = (
    "",
    "text/plain",
    "application/xml",
    "application/x-msgpack",
    "application/x-www-form-urlencoded",
    "application/x-www-form-urlencoded; charset=utf-7",
    "multipart/form-data",
    "multipart/form-data; boundary=" + "b" * 5_000,
    FORM,
    "application/json; charset=utf-16",
    "application/json; charset=nonsense",
    "APPLICATION/JSON",
    "application/jsonx",
    "/",
    "\xff",
)
"""What a body may call itself."""

ENCODINGS: Final = ("gzip", "nonsense")
"""How a body may claim to be packed, which ours never are."""

QUERIES: Final[dict[str, str]] = {
    "nothing": "",
    "a word": "nonsense",
    "zero": "0",
    "minus one": "-1",
    "a fraction": "0.5",
    "NaN": "NaN",
    "infinity": "Infinity",
    "a huge number": "1e400",
    "an endless whole number": "1" + "0" * 3_000,
    "beyond 64 bits": "9223372036854775808",
    "a number with blanks": "%20+7%0A",
    "digits in Khmer": "%E1%9F%A1%E1%9F%A2",
    "true": "TRUE",
    "a NUL": "a%00b",
    "invalid UTF-8": "%FF%FE",
    "a surrogate": "%ED%A0%80",
    "half an escape": "%",
    "wildcards": "%25_%5C",
    "SQL": "%27%29%3B+DROP+TABLE+users%3B--",
    "a very long text": "x" * 3_000,
    "the first day": "0001-01-01",
    "the last day": "9999-12-31",
    "a day that is not": "2026-02-30",
    "a moment": "2026-11-24T09:00:00%2B07:00",
    "the id of nothing": "00000000-0000-0000-0000-000000000000",
    "an id in braces": "%7B00000000-0000-0000-0000-000000000000%7D",
    "JSON": "%7B%22a%22%3A%5B1%5D%7D",
    "commas": ",,,",
}
"""Values of a query parameter or of a part of the path, as they stand in the address."""

PARTS: Final[dict[str, str]] = QUERIES | {
    "dots": "%2E%2E",
    "a way up": "..%2F..%2F..%2Fetc%2Fpasswd",
    "a slash": "%2F",
    "a backslash": "..%5C..%5Cboot.ini",
    "a question mark": "%3Fa%3Db",
    "a line break": "a%0D%0ASet-Cookie%3A%20a%3Db",
    "a format": "%7B0.__class__%7D",
}
"""Values of a part of the path."""

IDS: Final = {what: QUERIES[what] for what in ("a word", "the id of nothing", "an id in braces")}
"""Those of them that could be ids."""

HEADERS: Final[dict[str, str]] = {
    "authorization": "Bearer " + "x" * 5_000,
    "if-match": '"99999999999999999999"',
    "accept": "nonsense/\xff",
    "accept-encoding": "nonsense;q=x, gzip;q=1e400",
    "accept-language": "\xff" * 200,
    "origin": "null",
    "x-request-id": "a\xffb" * 100,
    "x-forwarded-for": "nonsense, \xff",
    "x-forwarded-proto": "gopher",
    "forwarded": "for=;;;",
    "host": "\xff\xff",
    "cookie": "=;;=\xff",
    "range": "bytes=9-1,nonsense",
    "if-modified-since": "yesterday",
    "content-length": "-1",
    "expect": "100-continue",
    "upgrade": "websocket",
    "traceparent": "00-00-00-00",
}
"""Headers one would not send."""


def part(name: str, content: bytes, *, more: str = "", headers: str = "") -> bytes:
    """One part of a form."""
    return (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{more}\r\n{headers}\r\n'.encode("latin-1")
        + content
        + b"\r\n"
    )


END: Final = f"--{BOUNDARY}--\r\n".encode()

PICTURE: Final = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x00\x00\x00\x00:~\x9bU"
    b"\x00\x00\x00\nIDATx\x9cc`\x00\x00\x00\x02\x00\x01H\xaf\xa4q\x00\x00\x00\x00IEND\xaeB`\x82"
)
"""One black point, as PNG."""


def broken_forms(file: str, fields: dict[str, Any]) -> Iterator[tuple[str, bytes, str]]:
    """Forms around a file part called `file` and other fields: what is wrong, the body, its type."""
    named = '; filename="id.png"'
    good = part(file, PICTURE, more=named)
    yield "nothing", b"", FORM
    yield "only the end", END, FORM
    yield "no end", good, FORM
    yield "half a part", good[:-30], FORM
    yield "half a header", good[:20], FORM
    yield "no boundary", good + END, "multipart/form-data"
    yield "another boundary", good + END, "multipart/form-data; boundary=other"
    yield "a boundary in Khmer", good + END, "multipart/form-data; boundary=\xe1\x9e\x80"
    yield "JSON", b'{"file": "x"}', "application/json"
    yield "a form without files", f"{file}=x".encode(), "application/x-www-form-urlencoded"
    yield "text instead of a file", part(file, b"text") + END, FORM
    yield "no file", part("other", PICTURE, more=named) + END, FORM
    yield "two files", good + good + END, FORM
    yield "an empty file", part(file, b"", more=named) + END, FORM
    yield "a file of nonsense", part(file, b"\0nonsense" * 99, more=named) + END, FORM
    yield "half a picture", part(file, PICTURE[:40], more=named) + END, FORM
    yield "too large a file", part(file, PICTURE + b"\0" * 10_600_000, more=named) + END, FORM
    yield "no name of a part", b"--a-boundary\r\nContent-Disposition: form-data\r\n\r\nx\r\n" + END, FORM
    yield "no headers of a part", b"--a-boundary\r\n\r\nx\r\n" + END, FORM
    yield "a header without end", b"--a-boundary\r\n" + b"x" * 50_000 + b"\r\n" + END, FORM
    yield "a header that is no text", b"--a-boundary\r\n\xff\xfe: \xff\r\n\r\nx\r\n" + END, FORM
    yield "a name in another encoding", part(file, PICTURE, more="; filename*=nonsense''%FF") + END, FORM
    yield "many parts", b"".join(part(f"p{number}", b"x") for number in range(2_000)) + good + END, FORM
    yield (
        "a part in base64",
        part(file, b"eA==", more=named, headers="Content-Transfer-Encoding: base64\r\n") + END,
        FORM,
    )
    yield "a type in nonsense", part(file, PICTURE, more=named, headers="Content-Type: \xff;;=\r\n") + END, FORM
    yield "a charset in nonsense", good + END, FORM + "; charset=nonsense"
    for name in (
        "",
        ".",
        "..",
        "../../x.png",
        "a\0b.png",
        "x" * 5_000 + ".png",
        "\xff.png",
        "%00.png",
        "a\\..\\b",
        "\x1b",
    ):
        yield f"a file called {name[:20]!r}", part(file, PICTURE, more=f'; filename="{name}"') + END, FORM
    for field in fields:
        for text in (b"", b"nonsense", b"\0", b"\xff", b"x" * 100_000, b"1e400", b"[]", b"{}"):
            yield f"{field}={text[:20]!r}", part(field, text) + good + END, FORM
        yield f"{field} twice", part(field, b"x") * 2 + good + END, FORM
        yield f"{field} as a file", part(field, PICTURE, more=named) + good + END, FORM
