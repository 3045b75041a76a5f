"""What a collector is told of a request, of its statements and commands, and of the job it asked for."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Condition, Thread
from time import monotonic
from typing import Any, cast

import pytest
from httpx import ASGITransport, AsyncClient
from litestar.types import Receive, Scope, Send
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status
from sqlalchemy import URL, NullPool, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine
from structlog.contextvars import merge_contextvars
from structlog.testing import capture_logs

from lc_workflow.demo import CUSTOMER, LOAN
from lc_workflow.platform.watching.spans import Spans
from lc_workflow.samples import photo
from tests.conftest import SECRET, open_house, settings_for
from tests.identity.factories import PASSWORD
from tests.journey.town import settle, sign_in
from tests.moments import PATIENCE

SOON = 8.0
"""Seconds; whoever waited for the collector as long as the library does by itself would take ten."""
CALLER = "0af7651916cd43dd8448eb211c80319c"
THEIR_SPAN = "b7ad6b7169203331"
NAMES = ("SEANG CHANTHOU", "sophea_fails", "012 000 777", "019 000 777", "មេម៉ាយ", "officer@branch.example")


class Collector(ThreadingHTTPServer):
    """Takes what OTLP's exporters send over HTTP, and decodes it."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Takes)
        self.bytes = b""
        self.spans: list[Span] = []
        self.resources: list[dict[str, str]] = []
        self.more = Condition()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1/traces"

    def take(self, body: bytes) -> None:
        request = ExportTraceServiceRequest.FromString(body)
        with self.more:
            self.bytes += body
            for told in request.resource_spans:
                self.resources.append({one.key: one.value.string_value for one in told.resource.attributes})
                self.spans += [span for scope in told.scope_spans for span in scope.spans]
            self.more.notify_all()

    async def heard(self, name: str) -> Span:
        """Wait for a span of this name."""

        def wait() -> Span:
            with self.more:
                assert self.more.wait_for(lambda: any(span.name == name for span in self.spans), PATIENCE), name
                return next(span for span in self.spans if span.name == name)

        return await asyncio.to_thread(wait)

    def below(self, span: Span) -> list[Span]:
        """What happened in a span."""
        return [one for one in self.spans if one.parent_span_id == span.span_id and one.trace_id == span.trace_id]


class _Takes(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        assert isinstance(self.server, Collector)
        assert self.path == "/v1/traces"
        self.server.take(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        pass


def told(span: Span) -> dict[str, Any]:
    return {one.key: one.value.string_value or one.value.int_value for one in span.attributes}


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    with Collector() as collector:
        Thread(target=collector.serve_forever, daemon=True).start()
        yield collector
        collector.shutdown()


@pytest.fixture(scope="module")
def database(copy_database: Callable[[], URL]) -> URL:
    database = copy_database()
    asyncio.run(settle(database))
    return database


@pytest.fixture(scope="module")
async def followed(
    collector: Collector, database: URL, redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[AsyncClient]:
    """A house that tells the collector, soon; with limits, so that each request asks Redis."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OTEL_BSP_SCHEDULE_DELAY", "50")
        patch.setenv("OTEL_SERVICE_NAME", "loans")
        settings = settings_for(
            database,
            redis_url=redis_url,
            traces_url=collector.url,
            rate_limit_enabled=True,
            rate_limit_requests=1_000,
            upload_folder=tmp_path_factory.mktemp("uploads"),
        )
        async with open_house(settings) as client:
            yield client


async def test_a_request_is_one_trace_with_its_statements_and_commands_and_the_job_it_asked_for_links_to_it(
    followed: AsyncClient, collector: Collector
) -> None:
    headers = {**await sign_in(followed, "officer"), "traceparent": f"00-{CALLER}-{THEIR_SPAN}-01"}
    drafted = await followed.post("/api/v1/applications", json={**CUSTOMER, **LOAN}, headers=headers)
    assert drafted.status_code == 201, drafted.text
    with capture_logs(processors=[merge_contextvars]) as lines:
        uploaded = await followed.post(
            "/api/v1/files/upload",
            data={"application_id": drafted.json()["id"], "document_type": "borrower_id_card"},
            files={"file": ("card.jpg", photo("Identity card", "SEANG CHANTHOU"), "image/jpeg")},
            headers={**headers, "x-request-id": "the-upload"},
        )
        assert uploaded.status_code == 201, uploaded.text
        job = await collector.heard("job make_previews")
    request = await collector.heard("POST /api/v1/files/upload")
    assert (request.trace_id.hex(), request.parent_span_id.hex()) == (CALLER, THEIR_SPAN)
    assert request.kind == Span.SPAN_KIND_SERVER
    assert told(request) == {
        "http.request.method": "POST",
        "http.route": "/api/v1/files/upload",
        "http.response.status_code": 201,
        "lc.request_id": "the-upload",
    }
    below = collector.below(request)
    assert {told(span)["db.system.name"] for span in below} == {"postgresql", "redis"}
    assert {span.name for span in below} >= {"SELECT", "INSERT", "EVALSHA"}
    (insert,) = (span for span in below if told(span).get("db.query.text", "").startswith("INSERT INTO files"))
    assert "$1" in told(insert)["db.query.text"]

    assert job.trace_id != request.trace_id
    assert [(link.trace_id, link.span_id) for link in job.links] == [(request.trace_id, request.span_id)]
    assert "SELECT" in {span.name for span in collector.below(job)}

    (line,) = (line for line in lines if line["event"] == "request")
    assert line["trace_id"] == CALLER
    (done,) = (line for line in lines if line["event"] == "a job is done" and line["job"] == "make_previews")
    assert done["trace_id"] == job.trace_id.hex()
    assert "loans" in {resource["service.name"] for resource in collector.resources}


async def test_nothing_that_a_request_carries_reaches_the_collector(
    followed: AsyncClient, collector: Collector
) -> None:
    headers = {**await sign_in(followed, "officer"), "user-agent": "sophea_fails"}
    body = {**CUSTOMER, **LOAN, "full_name_latin": "SEANG CHANTHOU", "village": "មេម៉ាយ"}
    drafted = await followed.post("/api/v1/applications", json=body, headers=headers)
    assert drafted.status_code == 201, drafted.text
    here = f"/api/v1/applications/{drafted.json()['id']}"
    for path in (here, "/api/v1/applications?search=SEANG%20CHANTHOU", "/api/v1/sophea_fails?token=sophea_fails"):
        await followed.get(path, headers=headers)
    refused = await followed.post("/api/v1/auth/login", json={"username": "sophea_fails", "password": PASSWORD})
    assert refused.status_code == 401
    taken = {"username": "officer", "email": "officer@branch.example", "first_name": "SEANG", "last_name": "CHANTHOU"}
    await followed.post("/api/v1/users", json=taken, headers=await sign_in(followed, "admin"))
    await collector.heard("GET")  # of a path that no route knows not even the path is told
    await collector.heard("GET /api/v1/applications/{application_id}")
    await collector.heard("POST /api/v1/users")
    assert b"INSERT INTO customer_applications" in collector.bytes
    secrets = (*NAMES, drafted.json()["id"], PASSWORD, headers["Authorization"].removeprefix("Bearer "), SECRET)
    assert [secret for secret in secrets if secret.encode() in collector.bytes] == []


async def test_a_failure_says_its_kind_and_not_its_sentence(collector: Collector, database: URL) -> None:
    async def broken(scope: Scope, receive: Receive, send: Send) -> None:
        raise ValueError(NAMES[0])

    spans = Spans(collector.url)
    spans.watch_database(engine := create_async_engine(database, poolclass=NullPool))
    with pytest.raises(DBAPIError), spans.following("job that fails"):
        async with engine.connect() as connection:
            await connection.execute(text("SELECT CAST(:name AS int)"), {"name": NAMES[0]})
    with pytest.raises(ValueError, match=NAMES[0]):
        await AsyncClient(transport=ASGITransport(cast("Any", spans.around(broken)))).options("http://test/")
    await spans.end()
    job, request = await collector.heard("job that fails"), await collector.heard("OPTIONS")
    (statement,) = collector.below(job)
    failures = [(span.status.code, told(span)["error.type"]) for span in (statement, job, request)]
    failed = Status.STATUS_CODE_ERROR
    assert failures == [(failed, "22000"), (failed, "DBAPIError"), (failed, "no answer")]
    assert NAMES[0].encode() not in collector.bytes


async def test_a_collector_that_is_away_neither_fails_nor_slows_a_request(database: URL, tmp_path: Path) -> None:
    settings = settings_for(database, traces_url="http://127.0.0.1:9/v1/traces", upload_folder=tmp_path)
    with pytest.MonkeyPatch.context() as patch, capture_logs() as lines:
        patch.setenv("OTEL_BSP_SCHEDULE_DELAY", "50")
        patch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "0.5")
        async with open_house(settings, in_background=False) as client:
            headers = await sign_in(client, "officer")
            for _ in range(5):
                began = monotonic()
                answer = await client.get("/api/v1/auth/me", headers=headers)
                assert answer.status_code == 200
                assert monotonic() - began < SOON
            began = monotonic()
        assert monotonic() - began < SOON
    assert [line["event"] for line in lines].count("the collector takes no traces; they are lost until it does") == 1


def test_an_empty_variable_of_the_standard_counts_as_absent(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("OTEL_TRACES_SAMPLER", "OTEL_BSP_SCHEDULE_DELAY"):
        monkeypatch.setenv(name, "")
    asyncio.run(Spans("http://127.0.0.1:9/v1/traces").end())
    assert caplog.messages == []
