"""How revisions reach the database: its URL from the environment, one migrator at a time, bounded waits."""

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path
from traceback import walk_tb

from alembic import context
from alembic.util import CommandError
from sqlalchemy import URL, Connection, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from lc_workflow.app import METADATA
from lc_workflow.identity.roles.service import plant_system_roles
from lc_workflow.platform.config import database_url
from lc_workflow.platform.db.locks import Lock
from lc_workflow.platform.db.reaching import engine_for_once, reach_database
from lc_workflow.platform.jobs import PREFIX
from lc_workflow.platform.variables import BadSetting

LOCK_NOT_AVAILABLE = "55P03"
VALUE_IN_WORDS = "22"
"""Refusals of values, which repeat them in their first sentence already."""
WAITED = (
    "Somebody holds what the next revision changes: another migration, or a statement that runs long. That revision is"
    " taken back; look in pg_stat_activity who it is, and run the command again."
)


def is_ours(name: str | None, kind: str, _: object) -> bool:
    """Leave the tables of the job library alone: no model describes them."""
    return kind != "table" or name is None or not name.startswith(PREFIX)


def run(connection: Connection) -> None:
    """Run the revisions on an open connection."""
    context.configure(
        connection=connection,
        target_metadata=METADATA,
        version_table_name="alembic_version",
        compare_type=True,
        include_name=is_ours,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()
    # Roles and rights come with the release and not with a revision: a new permission needs no migration.
    if context.get_head_revision() in context.get_context().get_current_heads():
        plant_system_roles(connection)
        connection.commit()


def url_of(environ: Mapping[str, str]) -> URL:
    """Read where the database is; alembic shows a refusal of its own as a sentence, and any other as a traceback."""
    if not (given := environ.get("DATABASE_URL", "").strip()):
        raise CommandError("DATABASE_URL is not set; .env.production explains it.")
    try:
        return database_url(given)
    except BadSetting as wrong:
        raise CommandError(str(wrong)) from wrong


async def connect_and_run() -> None:
    """Open a connection outside any pool, take the lock, and migrate."""
    engine = engine_for_once(context.config.attributes.get("database_url") or url_of(os.environ))
    try:
        await reach_database(engine)
    except BadSetting as silent:
        raise CommandError(str(silent)) from silent
    try:
        async with engine.connect() as connection:
            await take_turn(connection)
            await connection.run_sync(run)
    except DBAPIError as refused:
        raise CommandError(told_of(refused)) from refused
    await engine.dispose()


def told_of(refused: DBAPIError) -> str:
    """Say what the database refused, and where it was asked; whose rows it names thereby stays between the two."""
    said = refused.driver_exception
    state = getattr(said, "sqlstate", None) or ""
    if state == LOCK_NOT_AVAILABLE:
        return WAITED
    asked = [
        f"{Path(frame.f_code.co_filename).name}, line {line}: "
        for frame, line in walk_tb(refused.__traceback__)
        if Path(frame.f_code.co_filename).parent.name == "versions"
    ]
    words = f"{said.args[0]} ({type(said).__name__})" if said.args else type(said).__name__
    if state.startswith(VALUE_IN_WORDS):
        words = f"A value that does not fit ({type(said).__name__})"
    return f"The database refused a revision, which is taken back. {''.join(asked[-1:])}{words}."


async def take_turn(connection: AsyncConnection) -> None:
    """Take the lock of those who migrate, and bound all waits from then on."""
    await connection.execute(text("SET lock_timeout = '120s'"))
    await connection.execute(text(f"SELECT pg_advisory_lock({Lock.MIGRATE.value})"))
    # A revision that cannot get its locks soon must fail rather than queue behind a long query and block everyone.
    patience = context.config.attributes.get("lock_timeout", "5s")
    await connection.execute(text("SELECT set_config('lock_timeout', :patience, false)"), {"patience": patience})
    await connection.execute(text("SET statement_timeout = '10min'"))
    await connection.commit()


if context.is_offline_mode():
    context.configure(dialect_name="postgresql", target_metadata=METADATA, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()
else:
    asyncio.run(connect_and_run())
