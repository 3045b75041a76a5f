"""Sessions that only read need no transaction, those that write have one, and rested connections are asked first."""

import pytest
from sqlalchemy import URL, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine
from structlog.contextvars import bound_contextvars, merge_contextvars
from structlog.testing import capture_logs

from lc_workflow.kernel.errors import Unavailable
from lc_workflow.platform.db.config import LOCK_MS, STATEMENT_MS, alchemy_config
from lc_workflow.platform.db.reaching import CONNECT
from lc_workflow.platform.db.reading import begins_to_write, only_reads
from lc_workflow.platform.http.database import database_refusal
from tests.conftest import settings_for

PID = text("SELECT pg_backend_pid()")
NOW = text("SELECT now()")  # the moment at which the transaction began


async def test_reading_needs_no_transaction_and_writing_is_one(house_database: URL) -> None:
    alchemy = alchemy_config(settings_for(house_database))
    async with alchemy.get_session() as session:
        only_reads(session)
        assert await session.scalar(NOW) != await session.scalar(NOW)
        await begins_to_write(session)
        assert await session.scalar(NOW) == await session.scalar(NOW)
        await session.rollback()
        assert await session.scalar(NOW) == await session.scalar(NOW)
    await alchemy.get_engine().dispose()


async def test_a_connection_that_broke_as_it_rested_is_replaced_before_anybody_needs_it(
    house_database: URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lc_workflow.platform.db.config.SURE_SECONDS", 0.0)
    alchemy, other = alchemy_config(settings_for(house_database)), create_async_engine(house_database)
    async with alchemy.get_engine().connect() as connection:
        first = await connection.scalar(PID)
    async with other.connect() as connection:
        await connection.execute(text(f"SELECT pg_terminate_backend({first}, 5000)"))
    async with alchemy.get_engine().connect() as connection:
        assert await connection.scalar(PID) != first
    await other.dispose()
    await alchemy.get_engine().dispose()


async def test_a_statement_that_takes_long_is_logged_with_its_request_and_without_its_values(
    house_database: URL,
) -> None:
    alchemy = alchemy_config(settings_for(house_database, slow_statement_ms=20))
    with capture_logs([merge_contextvars]) as logged, bound_contextvars(request_id="asked-at-the-counter"):
        async with alchemy.get_session() as session:
            await session.execute(text("SELECT 1"))
            await session.execute(text("SELECT pg_sleep(0.05), :phone"), {"phone": "012 345 678"})
            await session.execute(text("SET statement_timeout = 50"))
            with pytest.raises(DBAPIError):
                await session.execute(text("SELECT pg_sleep(9), :phone"), {"phone": "012 345 678"})
    await alchemy.get_engine().dispose()
    line, given_up = (line for line in logged if "pg_sleep" in line.get("statement", ""))
    assert "345 678" not in str(given_up)
    assert (given_up["ms"] >= 50, "failed" in given_up, "failed" in line) == (True, True, False)
    assert line["statement"].startswith("SELECT pg_sleep(0.05)")
    assert (line["request_id"], line["ms"] >= 50, "345 678" in str(line)) == ("asked-at-the-counter", True, False)


async def test_who_waits_for_several_locks_in_turn_is_not_told_that_the_database_is_silent(
    house_database: URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert isinstance(driver := CONNECT["command_timeout"], int)
    assert LOCK_MS < STATEMENT_MS < driver * 1_000
    monkeypatch.setattr("lc_workflow.platform.db.config.STATEMENT_MS", 50)
    engine = alchemy_config(settings_for(house_database)).get_engine()
    async with engine.begin() as first, engine.connect() as second:
        await first.execute(text("SELECT pg_advisory_xact_lock(7)"))
        with pytest.raises(DBAPIError) as refused:
            await second.execute(text("SELECT pg_advisory_xact_lock(7)"))
    await engine.dispose()
    refusal = database_refusal(refused.value, {})
    assert (type(refusal), "others hold" in str(refusal)) == (Unavailable, True)


async def test_who_waits_for_somebody_elses_lock_is_not_told_that_the_database_is_silent(
    house_database: URL, monkeypatch: pytest.MonkeyPatch
) -> None:
    patience, driver = (
        text("SELECT setting::int FROM pg_settings WHERE name = 'lock_timeout'"),
        CONNECT["command_timeout"],
    )
    assert isinstance(driver, int)
    engine = alchemy_config(settings_for(house_database)).get_engine()
    async with engine.connect() as connection:
        await connection.rollback()
        assert 0 < (await connection.scalar(patience) or 0) < driver * 1_000
    await engine.dispose()
    monkeypatch.setattr("lc_workflow.platform.db.config.LOCK_MS", 50)
    engine = alchemy_config(settings_for(house_database)).get_engine()
    async with engine.begin() as first, engine.connect() as second:
        await first.execute(text("SELECT pg_advisory_xact_lock(7)"))
        with pytest.raises(DBAPIError) as refused:
            await second.execute(text("SELECT pg_advisory_xact_lock(7)"))
    await engine.dispose()
    with capture_logs() as lines:
        refusal = database_refusal(refused.value, {})
    assert (type(refusal), lines) == (Unavailable, [])  # after a commit this may end reading its answer: never a 409
    assert "Somebody else" in str(refusal)
