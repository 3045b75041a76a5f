"""Requests, statements, commands and jobs as OpenTelemetry spans, sent to a collector in the background.

A span says what kind of work was done and how long it took. It never contains a value: statements have placeholders, a
Redis command only its name, a request only its route, a failure only its kind.
"""

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from importlib.metadata import version
from threading import Thread
from typing import Any, Final

import structlog
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from opentelemetry.context import Context, attach, detach
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ALWAYS_ON, Sampler, SamplingResult
from opentelemetry.trace import (
    Link,
    Span,
    SpanKind,
    StatusCode,
    TraceState,
    format_trace_id,
    get_current_span,
    set_span_in_context,
)
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from opentelemetry.util.types import Attributes
from redis.asyncio import Redis
from sqlalchemy import event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.ext.asyncio import AsyncEngine
from structlog.contextvars import bound_contextvars

from lc_workflow.platform.watching.metrics import METHODS
from lc_workflow.platform.watching.slow import LONGEST
from lc_workflow.platform.watching.tracing import TRACEPARENT, Tracing

ENDING_SECONDS: Final = 2.0
"""How long the end may wait for a collector that does not answer; what it has not taken by then is lost."""

_HEADER: Final = "traceparent"
_FAILED: Final = 500
_PROPAGATOR: Final = TraceContextTextMapPropagator()

_log = structlog.stdlib.get_logger()


class Spans(Tracing):
    """Follows requests and jobs, and tells `endpoint` (OTLP over HTTP) what was seen.

    The rest is said by the standard's variables, which the SDK reads: OTEL_TRACES_SAMPLER and its ARG,
    OTEL_EXPORTER_OTLP_HEADERS, OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES, OTEL_BSP_….
    """

    on = True

    def __init__(self, endpoint: str) -> None:
        for name in [name for name, value in os.environ.items() if name.startswith("OTEL_") and not value.strip()]:
            del os.environ[name]  # as absent as any other of ours; the SDK would look for a number in it
        ours = Resource.create({"service.name": "lc-workflow", "service.version": version("lc-workflow")})
        self._provider = TracerProvider(resource=ours.merge(OTELResourceDetector().detect()), shutdown_on_exit=False)
        self._provider.sampler = _AsAsked(self._provider.sampler)
        self._provider.add_span_processor(BatchSpanProcessor(_Teller(OTLPSpanExporter(endpoint))))
        self._tracer = self._provider.get_tracer("lc_workflow")

    def around(self, app: ASGIApp) -> ASGIApp:
        """Trace each request through the app, as a part of the caller's trace if it names one."""

        async def followed(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == ScopeType.WEBSOCKET:  # one lasts for hours
                await app(scope, receive, send)
                return
            method = scope["method"] if scope["method"] in METHODS else "_OTHER"
            sent = next((value for name, value in scope["headers"] if name == _HEADER.encode()), b"")
            span = self._tracer.start_span(
                method,
                context=_PROPAGATOR.extract({_HEADER: sent.decode("latin-1")}, Context()),
                kind=SpanKind.SERVER,
                attributes={"http.request.method": method},
                record_exception=False,
            )
            status = 0

            async def note(message: Message) -> None:
                nonlocal status
                if message["type"] == "http.response.start":
                    status = message["status"]
                await send(message)

            try:
                with _within(span):
                    await app(scope, receive, note)
            finally:
                _note_answer(span, scope, method, status)
                span.end()

        return followed

    def watch_database(self, engine: AsyncEngine) -> None:
        """Record the statements of what is traced, with placeholders for their values."""

        @event.listens_for(engine.sync_engine, "before_cursor_execute")
        def begin(*sent: Any) -> None:
            if get_current_span().is_recording():
                verb, text = _verb_and_text(sent[2])
                sent[4].span = self._tracer.start_span(
                    verb,
                    kind=SpanKind.CLIENT,
                    attributes={"db.system.name": "postgresql", "db.operation.name": verb, "db.query.text": text},
                    record_exception=False,
                )

        @event.listens_for(engine.sync_engine, "after_cursor_execute")
        def end(*sent: Any) -> None:
            if span := getattr(sent[4], "span", None):
                span.end()

        @event.listens_for(engine.sync_engine, "handle_error")
        def fail(context: ExceptionContext) -> None:
            if span := getattr(context.execution_context, "span", None):
                _note_failure(span, getattr(context.original_exception, "sqlstate", None) or context.original_exception)
                span.end()

    def watch_redis(self, redis: Redis) -> None:
        """Record the names of commands of what is traced, without keys and values."""
        redis.execute_command = self._noted(redis.execute_command)  # type: ignore[method-assign, assignment]
        begin = redis.pipeline

        def pipeline(*arguments: Any, **options: Any) -> Any:
            line = begin(*arguments, **options)
            execute = line.execute
            line.execute = self._noted(lambda _, **how: execute(**how), "PIPELINE")  # type: ignore[method-assign, assignment]
            return line

        redis.pipeline = pipeline  # type: ignore[method-assign]

    def _noted(self, send: Callable[..., Awaitable[Any]], name: str | None = None) -> Callable[..., Awaitable[Any]]:
        async def noted(*arguments: Any, **options: Any) -> Any:
            if not get_current_span().is_recording():
                return await send(*arguments, **options)
            command = name or str(arguments[0])
            span = self._tracer.start_span(
                command,
                kind=SpanKind.CLIENT,
                attributes={"db.system.name": "redis", "db.operation.name": command},
                record_exception=False,
            )
            try:
                return await send(*arguments, **options)
            except Exception as failure:
                _note_failure(span, failure)
                raise
            finally:
                span.end()

        return noted

    @contextmanager
    def following(self, name: str, *, asked_by: str | None = None, **about: str | int | None) -> Iterator[None]:
        """Trace work that no request waits for: a trace of its own, with a link to where it was asked for."""
        asker = get_current_span(_PROPAGATOR.extract({_HEADER: asked_by or ""}, Context())).get_span_context()
        span = self._tracer.start_span(
            name,
            context=Context(),
            kind=SpanKind.CONSUMER,
            attributes={f"lc.{key}": value for key, value in about.items() if value is not None},
            links=[Link(asker)] if asker.is_valid else [],
            record_exception=False,
        )
        try:
            with _within(span):
                yield
        except Exception as failure:
            _note_failure(span, failure)
            raise
        finally:
            span.end()

    async def end(self) -> None:
        """Send what has been recorded; do not wait long for a collector that does not answer."""
        ending = Thread(target=self._provider.shutdown, daemon=True)
        ending.start()
        await asyncio.to_thread(ending.join, ENDING_SECONDS)


class _AsAsked(Sampler):
    """Work is traced exactly when what asked for it was; anything else as OTEL_TRACES_SAMPLER says."""

    def __init__(self, otherwise: Sampler) -> None:
        self._otherwise = otherwise

    def should_sample(  # noqa: PLR0917 - the library's
        self,
        parent_context: Context | None,
        trace_id: int,
        name: str,
        kind: SpanKind | None = None,
        attributes: Attributes = None,
        links: Sequence[Link] | None = None,
        trace_state: TraceState | None = None,
    ) -> SamplingResult:
        sampler = self._otherwise
        if links:
            sampler = ALWAYS_ON if links[0].context.trace_flags.sampled else ALWAYS_OFF
        return sampler.should_sample(parent_context, trace_id, name, kind, attributes, links, trace_state)

    def get_description(self) -> str:
        return f"AsAsked({self._otherwise.get_description()})"


class _Teller(SpanExporter):
    """Sends spans to the collector, and logs once per outage that it does not answer."""

    def __init__(self, exporter: SpanExporter) -> None:
        self._exporter = exporter
        self._failing = False
        for name in ("opentelemetry.exporter", "opentelemetry.sdk._shared_internal"):  # they say it with every try
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        result = self._exporter.export(spans)
        failed = result is not SpanExportResult.SUCCESS
        if failed and not self._failing:
            _log.warning("the collector takes no traces; they are lost until it does", spans=len(spans))
        self._failing = failed
        return result

    def shutdown(self) -> None:
        self._exporter.shutdown()


@contextmanager
def _within(span: Span) -> Iterator[None]:
    """Make the running code part of the span: its statements, what it asks for, and its log lines."""
    context, sent = set_span_in_context(span), dict[str, str]()
    _PROPAGATOR.inject(sent, context)
    here, before = attach(context), TRACEPARENT.set(sent.get(_HEADER))
    try:
        with bound_contextvars(trace_id=format_trace_id(span.get_span_context().trace_id)):
            yield
    finally:
        TRACEPARENT.reset(before)
        detach(here)


def _note_answer(span: Span, scope: Scope, method: str, status: int) -> None:
    """Name the request by its route; an unknown path may contain anything, so it is not sent."""
    if not span.is_recording():
        return
    route = scope.get("path_template")
    span.update_name(f"{method} {route}" if route else method)
    request_id = scope.get("state", {}).get("request_id")
    told = {"http.route": route, "http.response.status_code": status, "lc.request_id": request_id}
    span.set_attributes({name: value for name, value in told.items() if value})
    if not status or status >= _FAILED:
        _note_failure(span, str(status) if status else "no answer")


def _note_failure(span: Span, cause: BaseException | str) -> None:
    """Record the kind of failure; its message may contain anything."""
    span.set_attribute("error.type", cause if isinstance(cause, str) else type(cause).__name__)
    span.set_status(StatusCode.ERROR)


@lru_cache(maxsize=1_000)
def _verb_and_text(statement: str) -> tuple[str, str]:
    words = statement.split()
    return (words[0].upper() if words else "", " ".join(words)[:LONGEST])
