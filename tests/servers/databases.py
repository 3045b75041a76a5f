"""Empty databases on the tests' own server."""

import asyncio
from uuid import uuid4

import asyncpg
from sqlalchemy import URL


def empty_database_on(server: URL) -> URL:
    """Create a database that nothing was migrated into."""
    name = f"empty_{uuid4().hex[:8]}"

    async def create() -> None:
        address = server.set(drivername="postgresql").render_as_string(hide_password=False)
        connection = await asyncpg.connect(address)
        await connection.execute(f"CREATE DATABASE {name}")
        await connection.close()

    asyncio.run(create())
    return server.set(database=name)
