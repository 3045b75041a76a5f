"""Queues over thirty thousand applications: two indexed statements a page."""

import re
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from lc_workflow.identity.rules.roles import STANDINGS, Role
from lc_workflow.kernel.principal import Principal
from lc_workflow.lending.rules.tasks import WORK
from lc_workflow.lending.tasks.access import Doing, doers
from lc_workflow.lending.tasks.schemas import Queue
from lc_workflow.lending.tasks.service import TaskService
from lc_workflow.platform.db.written import Written
from lc_workflow.platform.http.paging import Window
from tests.identity.factories import a_user
from tests.moments import NOON
from tests.statements import sent

APPLICATIONS = 30_000
BRANCHES = 50
PEOPLE = 200

PLANT = (
    """
    INSERT INTO branches (id, name, code, is_active, created_at, updated_at)
    SELECT md5('branch' || n)::uuid, 'Branch ' || n, 'B' || n, true, now(), now()
    FROM generate_series(0, :branches - 1) n
    """,
    """
    INSERT INTO customer_applications (id, user_id, branch_id, version, cycle, preparers, editors, material_changes,
      workflow_status, currency, account_id_validated, portfolio_officer_migrated, existing_loans, loan_purposes,
      priority_level, created_at, updated_at)
    SELECT md5('application' || n)::uuid, :officer, md5('branch' || n % :branches)::uuid, 1, 1, '{}', '{}', 0,
      'USER_COMPLETED', 'USD', false, false, '[]', '{}', 'normal', now(), now()
    FROM generate_series(1, :applications) n
    """,
    """
    INSERT INTO tasks (id, application_id, branch_id, stage, cycle, opened_at, owner_id, excluded, at_risk_at, due_at,
      closed_at, used_seconds)
    SELECT gen_random_uuid(), md5('application' || n)::uuid, md5('branch' || n % :branches)::uuid,
      CASE WHEN n % 3 = 0 THEN 'MANAGER_REVIEW' ELSE 'USER_COMPLETED' END, 1, CAST(:noon AS timestamptz),
      CASE WHEN n % 4 = 0 THEN CAST(:officer AS uuid) END, '{}',
      CAST(:noon AS timestamptz) + (n % 1000 - 20) * interval '1 hour',
      CAST(:noon AS timestamptz) + (n % 1000 - 10) * interval '1 hour',
      CASE WHEN n % 5 > 0 THEN CAST(:noon AS timestamptz) END, 0
    FROM generate_series(1, :applications) n
    """,
)


@pytest.fixture
async def busy(session: AsyncSession) -> UUID:
    """An institution with much to do; answers one of its branches."""
    session.add(officer := a_user(role=Role.OFFICER))
    await session.flush()
    given = {"branches": BRANCHES, "applications": APPLICATIONS, "officer": officer.id, "noon": NOON}
    await session.execute(text("SET LOCAL session_replication_role = replica"))  # no look at each foreign key
    for statement in PLANT:
        names = {name: value for name, value in given.items() if f":{name}" in statement}
        await session.execute(text(statement), names)
    await session.execute(text("SET LOCAL session_replication_role = origin"))
    for table in ("tasks", "customer_applications", "branches", "users"):
        await session.execute(text(f"ANALYZE {table}"))
    branch_id: UUID = (await session.execute(text("SELECT id FROM branches LIMIT 1"))).scalar_one()
    return branch_id


def person(role: Role, branch_id: UUID, officer: UUID | None = None) -> Principal:
    who = UUID(int=1)
    return Principal(id=who, role=role, session_id=who, branch_id=branch_id, grants=STANDINGS[role].grants)


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", ()):
        yield from nodes(below)


@pytest.mark.timeout(300)
async def test_a_queue_takes_two_indexed_statements(engine: AsyncEngine, session: AsyncSession, busy: UUID) -> None:
    connection = await session.connection()
    for role in (Role.OFFICER, Role.TELLER, Role.MANAGER, Role.ADMIN):
        for queue in Queue:
            with sent(engine) as said:
                found, total = await TaskService(session).page(
                    queue, Window(1, 20), stage=None, principal=person(role, busy), at=NOON
                )
            assert len(said) == 2, (role, queue)
            assert (total > 0) == bool(found)
            for statement, parameters in said:
                explained = await connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", parameters)
                plan = explained.scalar_one()[0]["Plan"]
                read = [
                    node["Relation Name"]
                    for node in nodes(plan)
                    if node["Node Type"] == "Seq Scan" and node["Relation Name"] in {"tasks", "customer_applications"}
                ]
                assert read == [], (role, queue, statement, plan)


async def test_who_may_do_a_task_is_gathered_once_and_not_for_each_person(
    engine: AsyncEngine, session: AsyncSession
) -> None:
    connection = await session.connection()
    for stage in WORK:
        doing = Doing(UUID(int=1), stage, UUID(int=2), (), seat_role=None)
        with sent(engine) as said:
            await Written(doers(doing.kind)).rows(session, **doing.brought(at=NOON))
        [(statement, parameters)] = said
        explained = await connection.exec_driver_sql(f"EXPLAIN {statement}", tuple(parameters))
        plan = "\n".join(explained.scalars())
        assert "hashed SubPlan" in plan
        assert re.findall(r"(?<!hashed )SubPlan \d+\)", plan) == [], plan
