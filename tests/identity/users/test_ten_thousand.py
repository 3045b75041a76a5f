"""Ten thousand accounts: lists, filters and searches go through indexes, one query for the page and one to count."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy import URL, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from lc_workflow.app import create_app
from lc_workflow.platform.db.config import alchemy_config
from tests.conftest import CHEAP, client_of, settings_for
from tests.identity.factories import PASSWORD, PASSWORD_HASH
from tests.statements import sent

FILL = f"""
INSERT INTO branches (id, name, code, is_active, created_at, updated_at)
SELECT gen_random_uuid(), 'Branch ' || n, 'B' || n, true, now(), now() FROM generate_series(1, 50) AS n;
INSERT INTO departments (id, name, code, is_active, created_at, updated_at)
SELECT gen_random_uuid(), 'Department ' || n, 'D' || n, true, now(), now() FROM generate_series(1, 50) AS n;
INSERT INTO users (id, username, email, first_name, last_name, phone_index, employee_id, password_hash, role, status,
  branch_id, department_id, onboarding_completed, login_count, failed_login_attempts, last_login_at, created_at,
  updated_at)
SELECT gen_random_uuid(), 'person' || n, 'person' || n || '@branch.example',
  (ARRAY['Dara', 'Sokha', 'Chanthy', 'Bopha', 'តារា'])[1 + n % 5], 'Keo' || md5(n::text), sha256(n::text::bytea),
  CASE WHEN n < 10000 THEN lpad(n::text, 4, '0') END, '{PASSWORD_HASH}',
  CASE WHEN n = 1 THEN 'admin' WHEN n % 100 = 0 THEN 'manager' WHEN n % 100 < 5 THEN 'teller' ELSE 'officer' END,
  CASE WHEN n % 200 = 0 THEN 'suspended' ELSE 'active' END,
  (SELECT id FROM branches WHERE code = 'B' || (1 + n % 50)),
  (SELECT id FROM departments WHERE code = 'D' || (1 + n % 50)),
  true, 1, 0, now() - make_interval(mins => n), now() - make_interval(hours => n), now()
FROM generate_series(1, 10000) AS n;
"""


@pytest.fixture(scope="module")
def database(copy_database: Callable[[], URL]) -> URL:
    return copy_database()


@pytest.fixture(scope="module")
async def crowd(database: URL) -> AsyncIterator[tuple[AsyncClient, AsyncEngine, dict[str, str]]]:
    """An installation of ten thousand, and its administrator's headers."""
    settings = settings_for(database)
    owner = create_async_engine(settings.database_url, isolation_level="AUTOCOMMIT")
    async with owner.connect() as connection:
        for statement in FILL.split(";\n"):
            if statement.strip():
                await connection.execute(text(statement.replace(":", r"\:")))
        await connection.execute(text("VACUUM ANALYZE"))
    alchemy = alchemy_config(settings)
    app = create_app(settings, alchemy=alchemy, passwords=CHEAP, in_background=False)
    async with app.lifespan(), client_of(app) as client:
        form = {"username": "person1", "password": PASSWORD}
        token = (await client.post("/api/v1/auth/login", data=form)).json()["access_token"]
        yield client, alchemy.get_engine(), {"Authorization": f"Bearer {token}"}
    await alchemy.get_engine().dispose()
    await owner.dispose()


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        ("", 10_000),
        ("?page=40&size=100", 10_000),
        ("?role=manager", 100),
        ("?status=suspended", 50),
        ("?sort_by=username&sort_order=asc", 10_000),
        ("?last_login_from=2999-01-01", 0),
        ("?search=person4321", 1),
        ("?search=keo9ffbf", None),
        ("?search=4321@branch&search_fields=email", 1),
        ("?search=Dara+Keoc&search_fields=name", None),
        ("?search=012+345+678&search_fields=phone_number", None),
        ("?role=teller&status=active&search=person99", None),
    ],
)
async def test_a_list_goes_through_an_index(
    crowd: tuple[AsyncClient, AsyncEngine, dict[str, str]], query: str, rows: int | None
) -> None:
    client, engine, headers = crowd
    with sent(engine) as asked:
        answer = await client.get(f"/api/v1/users{query}", headers=headers)
    statements = [one for one in asked if "FROM users" in one[0] and "sessions" not in one[0]]
    assert answer.status_code == 200, answer.text
    if rows is not None:
        assert answer.json()["total"] == rows
    assert len(statements) == (2 if answer.json()["next"] else 1), statements  # what one page shows is not counted
    for statement, parameters in statements:
        if statement.strip().endswith("WHERE true"):  # to count everybody, everybody has to be counted
            continue
        plan = await plan_of(engine, statement, parameters)
        assert "Seq Scan on users" not in plan, f"{statement}\n{plan}"


async def test_a_name_is_found_in_both_orders(crowd: tuple[AsyncClient, AsyncEngine, dict[str, str]]) -> None:
    client, _, headers = crowd
    found = (await client.get("/api/v1/users?search=person5", headers=headers)).json()["items"][0]
    for name in (f"{found['first_name']} {found['last_name']}", f"{found['last_name']} {found['first_name']}"):
        answer = await client.get("/api/v1/users", params={"search": name.upper()}, headers=headers)
        assert [item["id"] for item in answer.json()["items"]] == [found["id"]]


async def plan_of(engine: AsyncEngine, statement: str, parameters: Any) -> str:
    async with engine.connect() as connection:
        rows = await connection.exec_driver_sql(f"EXPLAIN {statement}", parameters)
        return "\n".join(row[0] for row in rows)
