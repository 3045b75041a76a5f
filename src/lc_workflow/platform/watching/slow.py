"""Statements that take long are logged, with the request that sent them and without a value they carried."""

from time import perf_counter
from typing import Any, Final

import structlog
from sqlalchemy import Engine, event

LONGEST: Final = 2_000
"""Signs of a statement that are logged."""

_log = structlog.stdlib.get_logger()


def log_slow_statements(engine: Engine, *, most_ms: int) -> None:
    """Log each statement that takes more than `most_ms` milliseconds, the way to the database included.

    The request's id stands in the line, as in every line that is logged while it is answered. Values do not: the text
    has places for them, and people's data is in them.
    """

    @event.listens_for(engine, "before_cursor_execute")
    def begin(*sent: Any) -> None:  # noqa: ANN401 - connection, cursor, text, values, context, many
        sent[4].began = perf_counter()

    @event.listens_for(engine, "after_cursor_execute")
    def end(*sent: Any) -> None:  # noqa: ANN401 - as above
        took = (perf_counter() - sent[4].began) * 1000
        if took > most_ms:
            _log.warning("a statement took long", ms=round(took), statement=" ".join(sent[2].split())[:LONGEST])
