"""What people hear when the database refuses or is gone."""

from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import URL, NullPool, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from lc_workflow.kernel.errors import DomainError, Invalid, Unavailable
from lc_workflow.platform.http.database import (
    Contradiction,
    Duplicate,
    NoSuchReference,
    OutOfRange,
    StillInUse,
    database_refusal,
)


class CodeTaken(Invalid):
    """A named refusal behind a constraint."""


NAMED = {"uq_named": lambda: CodeTaken("This code is taken.")}

TABLES = """
CREATE TEMP TABLE branch (
    id integer PRIMARY KEY, code text UNIQUE NOT NULL, named text CONSTRAINT uq_named UNIQUE, small smallint,
    amount numeric(15, 2), size integer CONSTRAINT ck_branch_size CHECK (size > 0), day date,
    later integer CONSTRAINT fk_later REFERENCES branch DEFERRABLE INITIALLY DEFERRED
);
CREATE TEMP TABLE employee (id integer, branch_id integer REFERENCES branch);
CREATE UNIQUE INDEX uq_lower ON branch (lower(code));
INSERT INTO branch (id, code, named) VALUES (1, 'PP', 'PP');
INSERT INTO employee VALUES (1, 1);
"""


@pytest.fixture(scope="module")
async def engine(server: URL) -> AsyncIterator[AsyncEngine]:
    engine = create_async_engine(server, poolclass=NullPool)
    yield engine
    await engine.dispose()


@pytest.fixture
async def connection(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    async with engine.connect() as connection:
        for statement in TABLES.split(";\n")[:-1]:
            await connection.execute(text(statement))
        yield connection
        await connection.rollback()


async def refusal_of(connection: AsyncConnection, statement: str, **values: Any) -> DomainError:
    with pytest.raises(DBAPIError) as raised:
        await connection.execute(text(statement), values)
    refusal = database_refusal(raised.value, NAMED)
    assert refusal is not None, raised.value
    return refusal


@pytest.mark.parametrize(
    ("statement", "kind", "detail"),
    [
        ("INSERT INTO branch (id, code) VALUES (1, 'X')", Duplicate, "id: already exists."),
        ("INSERT INTO branch (id, code) VALUES (2, 'PP')", Duplicate, "code: already exists."),
        ("INSERT INTO branch (id, code) VALUES (2, 'pp')", Duplicate, "There is one like this already."),
        ("INSERT INTO branch (id, code, named) VALUES (2, 'X', 'PP')", CodeTaken, "This code is taken."),
        ("INSERT INTO branch (id) VALUES (2)", Contradiction, "code: is needed."),
        (
            "INSERT INTO branch (id, code, size) VALUES (2, 'X', 0)",
            Contradiction,
            "The values contradict each other or the rules.",
        ),
        ("INSERT INTO employee VALUES (2, 9)", NoSuchReference, "branch_id: does not exist."),
        ("DELETE FROM branch", StillInUse, "Others still refer to this, so it cannot be removed."),
    ],
)
async def test_a_broken_constraint_is_named_and_the_value_is_not(
    connection: AsyncConnection, statement: str, kind: type[Invalid], detail: str
) -> None:
    refusal = await refusal_of(connection, statement)
    assert (type(refusal), refusal.detail) == (kind, detail)


async def test_a_constraint_that_waits_for_the_commit_is_named_too(connection: AsyncConnection) -> None:
    await connection.execute(text("INSERT INTO branch (id, code, later) VALUES (2, 'X', 99)"))
    with pytest.raises(DBAPIError) as raised:
        await connection.commit()
    assert isinstance(database_refusal(raised.value, {}), NoSuchReference)
    named = database_refusal(raised.value, {"fk_later": lambda: CodeTaken("named")})
    assert isinstance(named, CodeTaken)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("small", 40_000),
        ("small", 10**30),
        ("small", -(10**12)),
        ("amount", Decimal("1e20")),
        ("amount", Decimal("1e99999")),
        ("amount", Decimal("Infinity")),
        ("code", "a\0b"),
        ("code", "\ud800"),
        ("day", "no date"),
    ],
)
async def test_a_value_that_cannot_be_stored_is_the_persons_to_correct(
    connection: AsyncConnection, column: str, value: object
) -> None:
    refusal = await refusal_of(connection, f"UPDATE branch SET {column} = :value", value=value)
    assert type(refusal) is OutOfRange


async def test_a_number_that_is_too_large_for_a_sum_is_refused(connection: AsyncConnection) -> None:
    assert type(await refusal_of(connection, "SELECT 1 / 0")) is OutOfRange


async def test_who_waits_too_long_for_a_lock_may_try_again(engine: AsyncEngine) -> None:
    async with engine.begin() as first, engine.connect() as second:
        await first.execute(text("SELECT pg_advisory_xact_lock(7)"))
        await second.execute(text("SET lock_timeout = '50ms'"))
        refusal = await refusal_of(second, "SELECT pg_advisory_xact_lock(7)")
    assert isinstance(refusal, Unavailable)
    assert refusal.detail


async def test_a_statement_that_takes_too_long_is_a_part_that_does_not_answer(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        await connection.execute(text("SET statement_timeout = '50ms'"))
        assert isinstance(await refusal_of(connection, "SELECT pg_sleep(5)"), Unavailable)


async def test_a_connection_that_is_cut_is_a_part_that_does_not_answer(engine: AsyncEngine) -> None:
    async with engine.connect() as victim, engine.connect() as killer:
        process = (await victim.execute(text("SELECT pg_backend_pid()"))).scalar_one()
        await killer.execute(text("SELECT pg_terminate_backend(:process)"), {"process": process})
        assert isinstance(await refusal_of(victim, "SELECT 1"), Unavailable)


@pytest.mark.parametrize(
    "change",
    [{"port": 1}, {"host": "no-such-host.invalid"}, {"database": "no_such_database"}, {"password": "wrong"}],
)
async def test_a_database_that_cannot_be_reached_is_a_part_that_does_not_answer(
    server: URL, change: dict[str, Any]
) -> None:
    engine = create_async_engine(server.set(**change), poolclass=NullPool)
    with pytest.raises(Exception) as raised:  # noqa: PT011 - whatever the driver raises is the question
        async with engine.connect():
            pass
    assert isinstance(database_refusal(raised.value, {}), Unavailable), repr(raised.value)
    await engine.dispose()


async def test_a_mistake_of_ours_stays_one(connection: AsyncConnection) -> None:
    with pytest.raises(DBAPIError) as raised:
        await connection.execute(text("SELECT true + true"))
    assert database_refusal(raised.value, {}) is None
