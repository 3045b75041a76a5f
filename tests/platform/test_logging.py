"""The log tells what happened and keeps secrets."""

import io
import json
import logging
import re
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog
from sqlalchemy import URL, NullPool, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import create_async_engine

from lc_workflow.platform.logging import configure_logging

Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def stream() -> Iterator[io.BytesIO]:
    handlers, level = logging.root.handlers, logging.root.level
    yield io.BytesIO()
    logging.captureWarnings(capture=False)
    logging.root.handlers, logging.root.level = handlers, level
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


@pytest.fixture
def lines(stream: io.BytesIO) -> Lines:
    configure_logging("INFO", "json", stream=stream)
    return lambda: [json.loads(line) for line in stream.getvalue().splitlines()]


def fail() -> None:
    raise RuntimeError("broken")


def test_a_fact_is_one_json_line(lines: Lines) -> None:
    with structlog.contextvars.bound_contextvars(request_id="r1"):
        structlog.get_logger().info("application moved", application="a1", amount=5)
    (line,) = lines()
    assert line.pop("timestamp").endswith("Z")
    assert line == {"event": "application moved", "level": "info", "request_id": "r1", "application": "a1", "amount": 5}


def test_libraries_speak_through_the_same_pipe(lines: Lines) -> None:
    logging.getLogger("sqlalchemy.pool").warning("connection %s lost", 7)
    (line,) = lines()
    assert (line["event"], line["level"], line["logger"]) == ("connection 7 lost", "warning", "sqlalchemy.pool")


def test_the_level_decides_for_all(lines: Lines) -> None:
    structlog.get_logger().debug("unheard")
    logging.getLogger("litestar").debug("unheard")
    logging.getLogger("granian.access").info("GET /files?token=secret")
    assert lines() == []


def test_secrets_are_hidden_wherever_they_stand(lines: Lines) -> None:
    log = structlog.get_logger()
    log.info("sign in", password="hush", access_token="hush", Authorization="hush", id_number="hush", user="sok")
    log.info("nested", body={"new_password": "hush", "name": "sok", "list": [{"secret_key": "hush"}]})
    log.info("Authorization: Bearer hush-hush went to /ws?token=hush&x=1")
    logging.getLogger("httpx").warning("eyJhbGciOi.eyJzdWIiOi.hushsignature was sent")
    log.error("unforeseen error", exc_info=RuntimeError("GET /ws?token=hush broke off"))
    assert "hush" not in json.dumps(lines())
    assert lines()[0]["user"] == "sok"
    assert lines()[1]["body"]["name"] == "sok"


def test_an_exception_stands_in_its_line_without_the_values_of_variables(lines: Lines) -> None:
    password = "hush"  # what a traceback must not show
    try:
        fail()
    except RuntimeError:
        structlog.get_logger().exception("unforeseen error")
        logging.getLogger("granian").exception("also here")
    ours, theirs = lines()
    assert "RuntimeError: broken" in ours["exception"]
    assert "RuntimeError: broken" in theirs["exception"]
    assert password not in json.dumps([ours, theirs])


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO customer (name) VALUES (:name)",
        "INSERT INTO customer (code) VALUES (:name), (:name)",
    ],
)
async def test_what_a_row_holds_that_the_database_refuses_stays_out_of_tracebacks(
    statement: str, server: URL, lines: Lines
) -> None:
    """PostgreSQL says it in a line of its own, which both libraries put into their exceptions."""
    told = {"name": "SOK\n\nCHANTHY"}
    engine = create_async_engine(server, poolclass=NullPool, hide_parameters=True)
    async with engine.connect() as connection:
        await connection.execute(text("CREATE TEMP TABLE customer (code text PRIMARY KEY, name text)"))
        try:
            await connection.execute(text(statement), told)
        except IntegrityError:
            structlog.get_logger().exception("a listener failed")
            logging.getLogger("granian").exception("also here")
    await engine.dispose()
    assert len(lines()) == 2
    for line in lines():
        assert not re.search("SOK|CHANTHY", line["exception"])
        assert "constraint" in line["exception"]
        assert "[SQL: INSERT INTO customer" in line["exception"]
        assert "IntegrityError" in line["exception"]


def test_handlers_of_servers_are_replaced(stream: io.BytesIO) -> None:
    server = logging.getLogger("_granian")
    server.addHandler(logging.StreamHandler(io.StringIO()))
    server.propagate = False
    configure_logging("INFO", "json", stream=stream)
    server.warning("started")
    assert json.loads(stream.getvalue())["event"] == "started"


def test_warnings_are_logged(lines: Lines) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(capture=True)
        warnings.warn("old thing", stacklevel=1)
    assert "old thing" in lines()[0]["event"]


def test_people_get_it_readable(stream: io.BytesIO) -> None:
    configure_logging("DEBUG", "console", stream=stream)
    try:
        fail()
    except RuntimeError:
        structlog.get_logger().exception("unforeseen error", user="sok")
    text = stream.getvalue().decode()
    assert "unforeseen error" in text
    assert "user=sok" in text.replace("\x1b[0m", "").replace("\x1b[36m", "").replace("\x1b[35m", "")
    assert "RuntimeError: broken" in text


def test_what_json_cannot_say_is_written_as_text(lines: Lines) -> None:
    structlog.get_logger().info("odd", thing=object, number=2**80, amount=1.5)
    assert lines()[0]["thing"] == "<class 'object'>"
