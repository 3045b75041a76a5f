"""One JSON line per event on standard output, ours and the libraries', without secrets."""

import logging
import re
import sys
from collections.abc import MutableMapping
from functools import lru_cache
from typing import Any, BinaryIO, Final

import msgspec
import structlog
from structlog.typing import EventDict, Processor

HIDDEN: Final = "[hidden]"
SECRET_KEYS: Final = re.compile(
    r"token|password|passwd|secret|authorization|cookie|id_number|api_key|signature", re.IGNORECASE
)
"""Parts of field names whose values never reach the log."""

_SECRET_TEXT: Final = re.compile(
    r"(?P<before>\bbearer\s+|(?:token|password|secret|signature)=)[^\s&\"',;]+|\beyJ[\w-]+\.[\w-]+\.[\w-]*",
    re.IGNORECASE,
)
_ROW: Final = re.compile(
    r"^(?P<margin>[ |]*)DETAIL: (?s:.*?)"
    r"(?=^(?P=margin)(?:\[SQL|HINT: |QUERY: |The above exception|During handling)|^ *\+-|\Z)",
    re.MULTILINE,
)
"""What the database says of a refused row in a traceback: all its values, which may span several lines."""

_QUIET: Final = {
    "granian.access": logging.WARNING,
    "asyncio": logging.WARNING,
    "sqlalchemy.engine": logging.WARNING,
    "urllib3.connectionpool": logging.ERROR,
}
"""Loggers that repeat what the request line or a refusal says, or would show values."""

_encoder: Final = msgspec.json.Encoder(enc_hook=str)


def configure_logging(level: str, form: str, *, stream: BinaryIO | None = None) -> None:
    """Send everything through one pipe; `form` is `json` for machines or `console` for people."""
    least = logging.getLevelNamesMapping()[level]
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.StackInfoRenderer(),
            structlog.processors.format_exc_info,
            redact,
            *(_as_json() if form == "json" else _for_people()),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(least),
        logger_factory=structlog.BytesLoggerFactory(stream or sys.stdout.buffer),
        cache_logger_on_first_use=True,
    )
    _take_over_standard_logging(least)


def redact(_: object, __: str, event: EventDict) -> EventDict:
    """Hide values of secret fields, secrets inside sentences and tracebacks, and what a refused row holds."""
    for key, value in event.items():
        event[key] = _redacted(key, value)
    return event


@lru_cache(maxsize=1_000)
def _is_secret(key: str) -> bool:
    return SECRET_KEYS.search(key) is not None


def _redacted(key: str, value: object) -> object:
    if _is_secret(key):
        return HIDDEN
    if key == "exception" and isinstance(value, str):
        value = _ROW.sub(rf"\g<margin>DETAIL: {HIDDEN}\n", value)
    if isinstance(value, str):
        return _SECRET_TEXT.sub(_hidden, value) if _may_tell(value) else value
    if isinstance(value, dict):
        return {name: _redacted(str(name), inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_redacted("", inner) for inner in value]
    return value


def _may_tell(value: str) -> bool:
    """Look first for a fragment of each secret pattern: a thirtieth of the cost of matching the patterns."""
    lower = value.lower()
    return "=" in lower or "bearer" in lower or "eyj" in lower


def _hidden(found: re.Match[str]) -> str:
    return f"{found['before'] or ''}{HIDDEN}"


def _as_json() -> list[Processor]:
    def encode(_: object, __: str, event: MutableMapping[str, Any]) -> bytes:
        return _encoder.encode(event)

    return [encode]


def _for_people() -> list[Processor]:
    render = structlog.dev.ConsoleRenderer(
        colors=sys.stdout.isatty(), exception_formatter=structlog.dev.plain_traceback
    )

    def encode(_: object, name: str, event: EventDict) -> bytes:
        return str(render(None, name, event)).encode()

    return [encode]


class _Pipe(logging.Handler):
    """Hands the records of libraries to structlog."""

    def emit(self, record: logging.LogRecord) -> None:
        log = structlog.stdlib.get_logger()
        log.log(record.levelno, record.getMessage(), logger=record.name, exc_info=record.exc_info)


def _take_over_standard_logging(least: int) -> None:
    """Replace the handlers that servers and libraries brought; their records go through the pipe."""
    logging.root.handlers = [_Pipe()]
    logging.root.setLevel(least)
    for logger in logging.root.manager.loggerDict.values():
        if isinstance(logger, logging.Logger):
            logger.handlers.clear()
            logger.propagate = True
    for name, quiet in _QUIET.items():
        logging.getLogger(name).setLevel(max(quiet, least))
    logging.captureWarnings(capture=True)
