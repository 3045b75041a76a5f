"""Slow statements are logged, with the request that sent them and without their values."""

from time import perf_counter
from typing import Any, Final

import structlog
from sqlalchemy import Engine, event
from sqlalchemy.engine import ExceptionContext

LONGEST: Final = 2_000
"""Characters of a statement that are logged."""

_log = structlog.stdlib.get_logger()


def log_slow_statements(engine: Engine, *, most_ms: int) -> None:
    """Log each statement that takes more than `most_ms` milliseconds, network included.

    The request's id is in the line, as in every line logged for the request. Values are not: the text has placeholders
    for them, because they contain people's data.
    """

    @event.listens_for(engine, "before_cursor_execute")
    def begin(*sent: Any) -> None:
        sent[4].began = perf_counter()

    def tell(began: float, statement: str, failure: str | None = None) -> None:
        took = (perf_counter() - began) * 1000
        if took > most_ms:
            shown = " ".join(statement.split())[:LONGEST]
            failed = {} if failure is None else {"failed": failure}
            _log.warning("a statement took long", ms=round(took), statement=shown, **failed)

    @event.listens_for(engine, "after_cursor_execute")
    def end(*sent: Any) -> None:
        tell(sent[4].began, sent[2])

    @event.listens_for(engine, "handle_error")
    def fail(failed: ExceptionContext) -> None:
        """What was given up waited longest of all."""
        began = getattr(failed.execution_context, "began", None)
        if began is not None and failed.statement is not None:
            tell(began, failed.statement, type(failed.original_exception).__name__)
