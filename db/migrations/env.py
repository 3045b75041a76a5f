"""How revisions reach the database: its URL from the environment, one migrator at a time, bounded waits."""

import asyncio
import os

from alembic import context
from sqlalchemy import Connection, pool, text
from sqlalchemy.ext.asyncio import create_async_engine

from lc_workflow.app import METADATA
from lc_workflow.identity.roles.service import plant_system_roles
from lc_workflow.platform.config import database_url
from lc_workflow.platform.jobs import PREFIX

MIGRATION_LOCK = 0x1C_0B
"""The advisory lock that lets two instances start at once: the second waits and finds the work done."""


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


async def connect_and_run() -> None:
    """Open a connection outside any pool, take the lock, and migrate."""
    url = context.config.attributes.get("database_url") or database_url(os.environ["DATABASE_URL"])
    engine = create_async_engine(url, poolclass=pool.NullPool)
    async with engine.connect() as connection:
        await connection.execute(text("SET lock_timeout = '120s'"))
        await connection.execute(text(f"SELECT pg_advisory_lock({MIGRATION_LOCK})"))
        # A revision that cannot get its locks soon must fail rather than queue behind a long query and block everyone.
        await connection.execute(text("SET lock_timeout = '5s'"))
        await connection.execute(text("SET statement_timeout = '10min'"))
        await connection.commit()
        await connection.run_sync(run)
    await engine.dispose()


if context.is_offline_mode():
    context.configure(dialect_name="postgresql", target_metadata=METADATA, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()
else:
    asyncio.run(connect_and_run())
