"""Revisions go up and down on a database that holds an institution, and agree with the models."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable
from importlib.resources import files
from typing import TypeVar
from uuid import UUID, uuid4

import psycopg
import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import URL, Connection, NullPool, func, inspect, select, text
from sqlalchemy.ext.asyncio import create_async_engine

from lc_workflow.app import METADATA
from lc_workflow.lending.applications.models import CustomerApplication
from lc_workflow.platform.config import Settings
from lc_workflow.platform.jobs import PREFIX
from tests.conftest import ROOT, SECRET
from tests.moments import PATIENCE
from tests.servers.databases import empty_database_on

T = TypeVar("T")

OURS = {
    "alembic_version",
    *METADATA.tables,
    *(PREFIX + name for name in ("jobs", "events", "workers", "periodic_defers")),
}


def alembic_for(database: URL) -> Config:
    config = Config(toml_file=ROOT / "pyproject.toml")
    config.attributes["database_url"] = database
    config.attributes["environ"] = {"SECRET_KEY": SECRET}
    return config


def ask(database: URL, question: Callable[[Connection], T]) -> T:
    """Ask a synchronous question on a connection of its own."""

    async def run() -> T:
        async with create_async_engine(database, poolclass=NullPool).connect() as connection:
            return await connection.run_sync(question)

    return asyncio.run(run())


def tables(database: URL) -> set[str]:
    return set(ask(database, lambda connection: inspect(connection).get_table_names()))


def things_of_the_library(database: URL) -> int:
    """How many tables, types and functions of procrastinate's there are."""
    count = text(
        "SELECT (SELECT count(*) FROM pg_type WHERE typname LIKE :name)"
        " + (SELECT count(*) FROM pg_proc WHERE proname LIKE :name)"
    )
    found = ask(database, lambda connection: connection.scalar(count, {"name": f"{PREFIX}%"}))
    return int(found)


def test_a_seeded_database_goes_down_and_up_again(copy_planted: Settings) -> None:
    database = copy_planted.database_url
    alembic = alembic_for(database)
    counted = select(func.count()).select_from(CustomerApplication)
    assert ask(database, lambda connection: connection.scalar(counted)) == 60
    command.downgrade(alembic, "base")
    assert tables(database) == {"alembic_version"}
    assert things_of_the_library(database) == 0
    command.upgrade(alembic, "head")
    assert tables(database) == OURS
    command.check(alembic)


def test_applications_that_were_there_before_are_found_by_name(copy_planted: Settings) -> None:
    """The revision names them as the trigger does, and so does whoever writes rows without triggers."""
    alembic, database = alembic_for(copy_planted.database_url), copy_planted.database_url
    kept = text("SELECT id, branch_id, owner_id, created_at, words FROM application_names ORDER BY id")
    by_trigger = ask(database, lambda connection: connection.execute(kept).all())
    assert len(by_trigger) == 60
    command.downgrade(alembic, "0130_trace_jobs")
    command.upgrade(alembic, "head")
    assert ask(database, lambda connection: connection.execute(kept).all()) == by_trigger
    again = text("SELECT name_applications_again()")
    assert (
        ask(database, lambda connection: (connection.execute(again), connection.execute(kept).all())[1]) == by_trigger
    )


def test_folders_that_were_there_before_are_called_as_they_look(
    copy_planted: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    alembic, database = alembic_for(copy_planted.database_url), copy_planted.database_url
    names = "Land\u200b  Papers ", "Two", " Two", "Two\u2060"  # the last ones in another place
    places = None, None, None, "parent"
    command.downgrade(alembic, "0350_date_judgements")

    async def write_down() -> list[UUID]:
        ids = [uuid4() for _ in names]
        engine = create_async_engine(database, poolclass=NullPool)
        async with engine.begin() as connection:
            for id_, name, place in zip(ids, names, places, strict=True):
                parent = ids[0] if place else None
                await connection.execute(
                    text(
                        "INSERT INTO folders (id, name, parent_id, created_at, updated_at)"
                        " VALUES (:id, :name, :parent, now(), now())"
                    ),
                    {"id": id_, "name": name, "parent": parent},
                )
            await connection.execute(
                text("UPDATE document_types SET folder = 'Land\u2009Documents ' WHERE code = 'land_title'")
            )
        return ids

    ids = asyncio.run(write_down())
    with caplog.at_level("WARNING"):
        command.upgrade(alembic, "head")
    rows = ask(database, lambda on: on.execute(text("SELECT id, name FROM folders")).all())
    found: dict[UUID, str] = dict(rows)
    assert [found[id_] for id_ in ids] == ["Land Papers", "Two", " Two", "Two"]
    assert [str(id_) in caplog.text for id_ in ids] == [False, False, True, False]
    kind = text("SELECT folder FROM document_types WHERE code = 'land_title'")
    assert ask(database, lambda connection: connection.scalar(kind)) == "Land Documents"


def test_what_led_to_a_merged_customer_leads_to_who_they_are_now(copy_planted: Settings) -> None:
    """A draft that found somebody while they were merged stayed with the row that was gone."""
    alembic, database = alembic_for(copy_planted.database_url), copy_planted.database_url
    command.downgrade(alembic, "0470_count_from_moves")
    gone = "(SELECT id FROM customers WHERE merged_into IS NOT NULL)"
    merging = (
        "WITH taker AS (SELECT customer_id FROM customer_applications WHERE account_id IS NOT NULL ORDER BY id LIMIT 1)"
        " UPDATE customers SET merged_into = taker.customer_id FROM taker WHERE id <> taker.customer_id AND"
        " (id IN (SELECT customer_id FROM application_parties ORDER BY id LIMIT 3) OR id IN"
        " (SELECT customer_id FROM customer_accounts ORDER BY id DESC LIMIT 3))"
    )
    tables = (
        "customer_applications",
        "application_parties",
        "customer_accounts",
        "customer_identities",
        "customer_phones",
    )

    async def merge() -> None:
        engine = create_async_engine(database, poolclass=NullPool)
        async with engine.begin() as connection:
            await connection.execute(text(merging))
            await connection.execute(
                text(f"UPDATE customer_phones SET phone_index = 'one' WHERE customer_id IN {gone}")
            )
        await engine.dispose()

    def left(connection: Connection) -> list[int]:
        counts = (f"SELECT count(*) FROM {table} WHERE customer_id IN {gone}" for table in tables)
        return [connection.scalar(text(count)) or 0 for count in counts]

    asyncio.run(merge())
    assert all(ask(database, left))
    command.upgrade(alembic, "head")
    assert ask(database, left) == [0] * len(tables)


def test_models_and_revisions_agree(template: URL) -> None:
    command.check(alembic_for(template))


def test_the_job_library_has_the_tables_it_knows() -> None:
    """When this fails after an upgrade, its own SQL between the versions becomes a revision of ours."""
    kept = ROOT / "db" / "migrations" / "procrastinate_3_10.sql"
    assert kept.read_text("utf-8") == (files("procrastinate.sql") / "schema.sql").read_text("utf-8")


def test_there_is_one_head() -> None:
    script = ScriptDirectory.from_config(alembic_for(URL.create("postgresql+asyncpg")))
    assert len(script.get_heads()) == 1


def test_instances_that_start_at_once_migrate_once(server: URL) -> None:
    database = empty_database_on(server)
    environ = os.environ | {"DATABASE_URL": database.render_as_string(hide_password=False)}
    instances = [
        subprocess.Popen([sys.executable, "-m", "alembic", "upgrade", "head"], env=environ, cwd=ROOT) for _ in range(2)
    ]
    assert [instance.wait(PATIENCE) for instance in instances] == [0, 0]
    assert tables(database) == OURS


def test_a_revision_that_somebody_keeps_waiting_gives_up_in_a_sentence(copy_database: Callable[[], URL]) -> None:
    database = copy_database()
    alembic = alembic_for(database)
    alembic.attributes["lock_timeout"] = "100ms"
    with psycopg.connect(database.set(drivername="postgresql").render_as_string(hide_password=False)) as busy:
        busy.execute("LOCK TABLE alembic_version IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(CommandError, match=r"^Somebody .* again\.$"):
            command.upgrade(alembic, "head")
    command.upgrade(alembic, "head")


@pytest.mark.parametrize(
    ("refuses", "words"),
    [
        (
            "ALTER TABLE alembic_version ADD who text DEFAULT 'DARA', ADD CONSTRAINT stays CHECK (who = '') NOT VALID",
            r'violates check constraint "stays" \(CheckViolationError\)\.$',
        ),
        (
            "CREATE INDEX ix_customer_applications_ever_approved_at ON customers (id)",
            r"_count_from_moves\.py, line \d+: relation .* already exists \(DuplicateTableError\)\.$",
        ),
        (
            """
            CREATE FUNCTION misread() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN PERFORM 'SOK DARA'::text::int; RETURN NEW; END $$;
            CREATE TRIGGER misread BEFORE UPDATE ON alembic_version FOR EACH ROW EXECUTE FUNCTION misread()
            """,
            r"taken back\. A value that does not fit \(InvalidTextRepresentationError\)\.$",
        ),
    ],
    ids=["a row that breaks a rule", "a statement of a revision", "a value that cannot be read"],
)
def test_a_revision_that_the_database_refuses_ends_in_a_sentence_without_anybodys_row(
    copy_database: Callable[[], URL], refuses: str, words: str
) -> None:
    """The log of a deployment is read by people who may see no customer; the traceback had the row in it."""
    database = copy_database()
    with psycopg.connect(database.set(drivername="postgresql").render_as_string(hide_password=False)) as connection:
        connection.execute(refuses)
    with pytest.raises(CommandError, match=words) as refused:
        command.downgrade(alembic_for(database), "0460_close_accounts_up")
    assert "DARA" not in str(refused.value)
