"""However odd a row of the old service is, it stays behind alone or comes without what nobody can read."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import asyncpg
from sqlalchemy import URL, text

from tests.conftest import settings_for
from tests.moving.old_service import AGREEMENT, LAST, LAST_BOOK, fill_old_store, old_id, open_old_service
from tests.moving.test_moving import address, move, session_on
from tests.servers.databases import empty_database_on

ODD = (
    # What PostgreSQL keeps as JSON, and no reader of JSON takes: half a sign, a number beyond all bounds, a well.
    ("draft", """loan_purposes = '["\\ud800"]', collaterals = '[{"estimated_value": 1e999}]'"""),
    ("second", "existing_loans = (repeat('[', 4000) || repeat(']', 4000))::json"),
    ("review", """documents = '[{"object_name": {"of": "another release"}}, {"object_name": ["x"]}, 3, null]'"""),
    # What PostgreSQL calls a day, and Python does not.
    ("submitted", "date_of_birth = '0044-03-15 BC', loan_end_date = '20000-01-01'"),
    ("counter", "created_at = '0044-03-15 BC', updated_at = '-infinity'"),
    ("rejected", "created_at = 'infinity'"),
)


async def spoil(old: URL) -> None:
    connection = await asyncpg.connect(address(old.set(drivername="postgresql")))
    for name, change in ODD:
        await connection.execute(f"UPDATE customer_applications SET {change} WHERE id = $1", old_id(name))
    await connection.execute("UPDATE users SET last_login_at = '20000-01-01' WHERE username = 'dara'")
    await connection.close()


def test_no_row_keeps_the_others_from_coming(server: URL, copy_database: Callable[[], URL], tmp_path: Path) -> None:
    settings, old = settings_for(copy_database(), upload_folder=tmp_path / "papers"), empty_database_on(server)
    asyncio.run(open_old_service(old, LAST, LAST_BOOK))
    asyncio.run(spoil(old))
    fill_old_store(bucket := tmp_path / "bucket")
    _, report = move(settings, old, tmp_path, f"--old-folder={bucket}", "--write")
    refused = report["parts"]["customer_applications"]["refused"]
    assert sorted(refused["it was written in the future"]) == sorted(map(str, (old_id("rejected"), old_id("tomorrow"))))
    assert report["parts"]["customer_applications"]["taken"] == 11

    async def look() -> None:
        async with session_on(settings.database_url) as session:
            seen = await session.scalar(text("SELECT last_login_at FROM users WHERE username = 'dara'"))
            assert seen is None
            oldest = await session.scalar(text("SELECT min(extract(year FROM created_at)) FROM customer_applications"))
            assert oldest == 2025
            born = text("SELECT date_of_birth FROM customer_applications WHERE id = :id")
            assert await session.scalar(born, {"id": old_id("submitted")}) is None

    asyncio.run(look())
    assert AGREEMENT in {file.read_bytes() for file in settings.upload_folder.rglob("*") if file.is_file()}
