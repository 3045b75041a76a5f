"""`make verify URL=…` finds what is wrong; that it finds nothing on a good deployment stands in tests/deploy."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from click.testing import CliRunner

from lc_workflow.cli import house
from lc_workflow.platform.verify import CHECKS, Deployment, Finding, verify

PAGES = {
    "/api/v1/health": b'{"status": "degraded", "database": "healthy", "redis": "unhealthy", "version": "0"}',
    "/schema": b'<html><head><script src="https://cdn.example/swagger.js"></script></head></html>',
}


class Careless(BaseHTTPRequestHandler):
    """A server that does everything a deployment must not do."""

    def do_GET(self) -> None:
        self.answer(200, PAGES.get(self.path, b"[]"))

    def do_POST(self) -> None:
        self.answer(200, json.dumps({"access_token": "anybody"}).encode())

    def do_OPTIONS(self) -> None:
        self.answer(204, b"")

    def answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Access-Control-Allow-Origin", "*")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        pass


@pytest.fixture(scope="module")
def careless() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Careless) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("health", "degraded: database healthy, redis unhealthy"),
        ("version", "it serves 0"),
        ("documentation", "cdn.example"),
        ("CORS", "any origin"),
        ("sign-in", "answered with 200"),
        ("without a token", "/api/v1/applications answers 200"),
        ("security headers", "missing: X-Content-Type-Options"),
        ("rate-limit headers", "missing: X-RateLimit-Limit"),
        ("request id", "came back as None"),
    ],
)
def test_a_careless_deployment_fails_each_check_with_a_reason(careless: str, name: str, words: str) -> None:
    findings = {finding.name: finding for finding in verify(Deployment(careless))}
    assert words in findings[name].words
    assert not findings[name].passed


def test_one_line_per_check_and_an_exit_code(careless: str) -> None:
    result = CliRunner().invoke(house, ["verify", careless])
    assert result.exit_code == 1
    assert [line.split(":")[0] for line in result.output.splitlines()] == [f"WRONG {name}" for name in CHECKS]


def test_an_address_where_nobody_answers_is_said() -> None:
    (first, *_) = verify(Deployment("http://127.0.0.1:9"))
    assert first == Finding("health", passed=False, words=first.words)
    assert "nobody answers at 127.0.0.1:9" in first.words
