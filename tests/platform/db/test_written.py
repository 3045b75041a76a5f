"""Statements that are sent on the driver give what SQLAlchemy gives, and never on a connection that was given back."""

import pkgutil
import re
from collections.abc import AsyncIterator
from decimal import Decimal
from importlib import import_module
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from sqlalchemy import (
    URL,
    ColumnElement,
    String,
    Uuid,
    any_,
    bindparam,
    column,
    delete,
    func,
    insert,
    literal,
    literal_column,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from structlog.contextvars import bound_contextvars, merge_contextvars
from structlog.testing import capture_logs

import lc_workflow
from lc_workflow.identity.users.models import User
from lc_workflow.lending.applications.models import CustomerApplication
from lc_workflow.lending.rules.stages import Stage
from lc_workflow.platform.db.config import alchemy_config
from lc_workflow.platform.db.reading import DOUBTED, begins_to_write, only_reads
from lc_workflow.platform.db.written import Written
from lc_workflow.platform.security.reads import PersonalRead
from lc_workflow.system.settings.models import Setting
from tests.conftest import settings_for
from tests.identity.factories import a_user
from tests.lending.factories import an_application
from tests.moments import NOON

ROW = CustomerApplication
WHOLE = select(
    ROW.id, ROW.workflow_status, ROW.requested_amount, ROW.phone, ROW.loan_purposes, ROW.existing_loans
).where(ROW.id == any_(bindparam("ids", type_=ARRAY(Uuid))), ROW.workflow_status == Stage.PO_CREATED)
NAME = Written(select(literal("Sok").label("name"), bindparam("one", type_=Uuid).label("one")))
"""A statement that needs no rows."""
NOTE = Written(insert(PersonalRead))
NOTED = {
    "reader_id": UUID(int=7),
    "subject": "application",
    "subject_id": None,
    "how_many": 1,
    "at": NOON,
} | dict.fromkeys(("session_id", "address", "request_id"))


@pytest.fixture
async def reading(house_database: URL) -> AsyncIterator[AsyncSession]:
    """A session of its own that only reads, as a request has it."""
    alchemy = alchemy_config(settings_for(house_database, slow_statement_ms=20))
    async with alchemy.get_session() as session:
        only_reads(session)
        yield session
    await alchemy.get_engine().dispose()


async def test_rows_are_what_sqlalchemy_gives(session: AsyncSession) -> None:
    session.add(officer := a_user())
    await session.flush()
    session.add(
        drafted := an_application(
            user_id=officer.id,
            requested_amount=Decimal("1500.50"),
            phone="+85512345678",
            existing_loans=[{"left": 0.1}],
        )
    )
    await session.flush()
    wanted = {"ids": [drafted.id]}
    (ours,) = await Written(WHOLE).rows(session, **wanted)
    theirs = (await (await session.connection()).execute(WHOLE, wanted)).one()
    assert (tuple(ours), [*map(type, ours)]) == (tuple(theirs), [*map(type, theirs)])
    assert (ours.workflow_status, ours.phone) == (Stage.PO_CREATED, "+85512345678")


async def test_rows_are_written_changed_and_taken_away_as_well(session: AsyncSession) -> None:
    names = {"names": [f"w{uuid4().hex[:8]}" for _ in range(2)]}
    table = Setting.metadata.tables[Setting.__tablename__]
    each = func.unnest(bindparam("names", type_=ARRAY(String))).table_valued(column("key", String)).render_derived()
    columns: dict[str, ColumnElement[Any]] = {
        "id": func.gen_random_uuid(),
        "key": each.c.key,
        "value": literal({"one": Decimal("0.10")}, JSONB),
    }
    columns |= {"category": literal("x"), "is_public": literal(value=False)}
    columns |= {"created_at": literal(NOON), "updated_at": literal(NOON)}
    write = insert(table).from_select([*columns], select(*columns.values()), include_defaults=False)
    mine = table.c.key == any_(bindparam("names", type_=ARRAY(String)))
    new = await Written(write.returning(table.c.key, table.c.value)).rows(session, **names)
    assert [(row.key, row.value) for row in new] == [(name, {"one": Decimal("0.10")}) for name in names["names"]]
    changed = Written(update(table).where(mine).values(category=bindparam("to")).returning(table.c.category))
    assert [row.category for row in await changed.rows(session, **names, to="y")] == ["y", "y"]
    assert await Written(delete(table).where(mine)).rows(session, **names) == []
    assert await Written(select(table.c.id).where(mine)).rows(session, **names) == []


async def test_a_value_is_brought_each_time(reading: AsyncSession) -> None:
    one, other = uuid4(), uuid4()
    assert [(await NAME.one(reading, one=each)).one for each in (one, other)] == [one, other]
    assert await NAME.value(reading, one=one) == "Sok"
    with pytest.raises(KeyError):
        await NAME.one(reading)


async def test_what_is_compared_with_any_number_of_values_is_no_written_statement(reading: AsyncSession) -> None:
    with pytest.raises(TypeError):
        await Written(select(User.id).where(User.id.in_([uuid4()]))).rows(reading)


async def test_who_only_reads_holds_one_connection_whichever_way_it_asks(reading: AsyncSession) -> None:
    written, plain = Written(select(literal_column("pg_backend_pid()"))), text("SELECT pg_backend_pid()")
    asked = [await written.value(reading), await reading.scalar(plain), await written.value(reading)]
    await reading.rollback()
    only_reads(reading)
    asked += [await reading.scalar(plain), await written.value(reading)]
    assert {*asked} == {asked[0]}
    now = Written(select(literal_column("now()")))
    assert await now.value(reading) != await now.value(reading)  # not within a transaction


async def test_a_session_that_gave_its_connection_back_asks_on_another(reading: AsyncSession) -> None:
    engine = reading.bind
    assert isinstance(engine, AsyncEngine)
    await NAME.one(reading, one=uuid4())
    await reading.commit()
    async with engine.connect() as somebody, somebody.begin():  # takes the connection that is free now
        theirs = await somebody.scalar(text("SELECT pg_backend_pid()"))
        ours = Written(select(literal_column("pg_backend_pid()")))
        assert await ours.value(reading) != theirs
    await begins_to_write(reading)
    assert (await NAME.one(reading, one=UUID(int=1), other=2)).one == UUID(int=1)  # through SQLAlchemy, which begins


async def test_what_is_written_belongs_to_the_transaction(reading: AsyncSession) -> None:
    await begins_to_write(reading)
    for one in (uuid4(), uuid4()):  # the first goes through SQLAlchemy, which begins, the second on the driver
        await NOTE.rows(reading, id=one, **NOTED)
    await reading.rollback()
    assert not (await reading.scalars(select(PersonalRead.id))).all()


async def test_what_is_written_belongs_to_the_savepoint(reading: AsyncSession) -> None:
    await begins_to_write(reading)
    before, after = {uuid4(), uuid4()}, uuid4()
    for one in before:
        await NOTE.rows(reading, id=one, **NOTED)
    async with reading.begin_nested() as savepoint:
        await NOTE.rows(reading, id=uuid4(), **NOTED)
        await savepoint.rollback()
    await NOTE.rows(reading, id=after, **NOTED)
    assert {*await reading.scalars(select(PersonalRead.id))} == before | {after}
    await reading.rollback()


async def test_what_the_driver_refuses_is_raised_and_the_connection_is_doubted(reading: AsyncSession) -> None:
    connection = await reading.connection()
    assert connection.sync_connection is not None
    with pytest.raises(asyncpg.DivisionByZeroError):
        await Written(select(literal_column("1 / 0"))).rows(reading)
    assert connection.sync_connection.info[DOUBTED]
    assert isinstance((await NAME.one(reading, one=uuid4())).one, UUID)


async def test_one_that_takes_long_is_logged_without_its_values(reading: AsyncSession) -> None:
    with capture_logs([merge_contextvars]) as logged, bound_contextvars(request_id="asked-at-the-counter"):
        await Written(select(literal_column("pg_sleep(0.05)"), bindparam("one", type_=Uuid))).rows(
            reading, one=UUID("00000000-0000-4000-8000-345678345678")
        )
        await reading.execute(text("SET statement_timeout = 50"))
        with pytest.raises(asyncpg.QueryCanceledError):
            await Written(select(literal_column("pg_sleep(9)"))).rows(reading)
    line, given_up = (line for line in logged if "pg_sleep" in line.get("statement", ""))
    assert given_up["failed"] == "QueryCanceledError"
    assert (line["request_id"], "345678345678" in str(line)) == ("asked-at-the-counter", False)


def test_no_statement_reads_each_row_of_one_table_with_each_of_another() -> None:
    names = [module.name for module in pkgutil.walk_packages(lc_workflow.__path__, "lc_workflow.")]
    modules = [import_module(name) for name in names if name.rpartition(".")[2] not in {"asgi", "__main__"}]
    written = {
        f"{module.__name__}.{name}": value.text
        for module in modules
        for name, value in vars(module).items()
        if isinstance(value, Written)
    }
    assert written
    beside = re.compile(r"\bFROM \w+(?: AS \w+)?, \w+")
    assert {name: found[0] for name, text in written.items() if (found := beside.search(text))} == {}
