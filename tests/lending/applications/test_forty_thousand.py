"""Forty thousand applications are listed, filtered and searched through indexes, in two statements."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from msgspec import structs
from sqlalchemy import URL, Connection, NullPool, event, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, create_async_engine

from lc_workflow.insight.figures.queries import Figures
from lc_workflow.insight.figures.schemas import Figure, Period
from lc_workflow.kernel.principal import Principal, Scope
from lc_workflow.lending.applications.access import PERMISSIONS
from lc_workflow.lending.applications.models import CustomerApplication
from lc_workflow.lending.applications.queries import ApplicationQueries, ApplicationSortKey, Loanbook, Wanted
from lc_workflow.lending.customers.queries import CustomerQueries
from lc_workflow.lending.exports.queries import ExportQueries
from lc_workflow.lending.fieldwork.queries import ChangeQueries, Place
from lc_workflow.lending.rules.stages import Action, Stage, Status
from lc_workflow.lending.rules.terms import Priority
from lc_workflow.lending.workflow.service import WorkflowService
from lc_workflow.platform.db.exact_json import read_json, write_json
from lc_workflow.platform.http.long_lists import read_cursor, write_cursor
from lc_workflow.platform.http.paging import Window
from lc_workflow.platform.security.vault import Vault
from tests.conftest import SECRET
from tests.moments import NOON
from tests.statements import sent

HOW_MANY = 40_000
BRANCHES = 40

BRANCH = UUID(int=7)
OFFICER = UUID("00000000-0000-4000-8000-000000000007")

FILL = (
    """
    INSERT INTO branches (id, name, code, is_active, created_at, updated_at)
    SELECT lpad(to_hex(n), 32, '0')::uuid, 'Branch ' || n, 'B' || n, true, now(), now()
    FROM generate_series(0, :branches - 1) AS n
    """,
    """
    INSERT INTO users (id, username, email, first_name, last_name, password_hash, role, status, branch_id,
      onboarding_completed, login_count, failed_login_attempts, created_at, updated_at)
    SELECT ('00000000-0000-4000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'u' || n, 'u' || n || '@x.example', 'A', 'B',
      '', 'officer', 'active', lpad(to_hex(n), 32, '0')::uuid, false, 0, 0, now(), now()
    FROM generate_series(0, :branches - 1) AS n
    """,
    """
    INSERT INTO customers (id, version, full_name_khmer, full_name_latin, branch_id, created_at, updated_at)
    SELECT lpad(to_hex(n), 32, '0')::uuid, 1,
      'សុខ ' || khmer[1 + n / :branches % 10] || ' ' || khmer[1 + n / (:branches * 10) % 10],
      'SOK ' || latin[1 + n / :branches % 10] || ' ' || latin[1 + n / (:branches * 10) % 10],
      lpad(to_hex(n % :branches), 32, '0')::uuid,
      timestamptz '2026-01-01' + n * interval '1 minute', now()
    FROM generate_series(1, :customers) AS n, people
    """,
    """
    INSERT INTO customer_identities (id, customer_id, id_card_type, id_number, identity_index, created_at)
    SELECT gen_random_uuid(), lpad(to_hex(n), 32, '0')::uuid, 'cambodian_identity', :identity, sha256(n::text::bytea),
      now()
    FROM generate_series(1, :customers) AS n
    """,
    """
    INSERT INTO customer_applications (id, user_id, branch_id, customer_id, version, cycle, preparers, editors,
      material_changes, workflow_status, account_id, account_id_validated, portfolio_officer_migrated, id_card_type,
      id_number, id_number_index, full_name_khmer, full_name_latin, phone, phone_index, current_address, currency,
      requested_amount, loan_purposes, existing_loans, priority_level, created_at, updated_at)
    SELECT gen_random_uuid(), ('00000000-0000-4000-8000-' || lpad(to_hex(n % :branches), 12, '0'))::uuid,
      lpad(to_hex(n % :branches), 32, '0')::uuid, lpad(to_hex(1 + n % :customers), 32, '0')::uuid, 1, 1, '{}', '{}', 0,
      (ARRAY['APPROVED', 'APPROVED', 'APPROVED', 'REJECTED', 'PO_CREATED', 'MANAGER_REVIEW'])[1 + n % 6],
      lpad(n::text, 8, '0'), false, false, 'cambodian_identity', :number, sha256(n::text::bytea),
      'សុខ ' || khmer[1 + n / :branches % 10] || ' ' || khmer[1 + n / (:branches * 10) % 10],
      'SOK ' || latin[1 + n / :branches % 10] || ' ' || latin[1 + n / (:branches * 10) % 10],
      :phone, sha256(n::text::bytea), repeat('Phum ', 20), 'USD', n % 10000, '{}', '[]',
      (ARRAY['normal', 'normal', 'normal', 'high', 'low', 'normal', 'urgent'])[1 + n % 7],
      timestamptz '2026-01-01' + n * interval '3 minutes', now()
    FROM generate_series(1, :applications) AS n, people
    """,
    """
    INSERT INTO approval_cases (id, application_id, cycle, matrix_id, khr_per_usd, material_changes, amount, term, path,
      opened_at)
    SELECT gen_random_uuid(), application.id, 1, matrix.id, 4100, 0, requested_amount, 12,
      '{"priority": 1, "basis": "amount", "basis_amount": "1", "base_currency": "USD", "exposure": "0",
        "needs_limit": false, "stages": [{"code": "BM", "role": "manager", "scope": "branch", "quorum": 2}]}', now()
    FROM customer_applications AS application, (SELECT id FROM approval_matrices LIMIT 1) AS matrix
    WHERE workflow_status = 'MANAGER_REVIEW'
    """,
    """
    INSERT INTO application_decisions (id, application_id, case_id, cycle, stage, decision, actor_id, at, snapshot,
      snapshot_sha256)
    SELECT gen_random_uuid(), application_id, id, 1, 'BM', 'approve', '00000000-0000-4000-8000-000000000001', now(),
      '{}', decode(repeat('00', 32), 'hex')
    FROM approval_cases
    """,
    """
    INSERT INTO application_moves (id, application_id, action, source, target, at, cycle)
    SELECT gen_random_uuid(), id, 'submit', 'PO_CREATED', 'USER_COMPLETED', created_at + interval '2 hours', 1
    FROM customer_applications WHERE workflow_status = 'APPROVED' AND requested_amount < 4000
    """,
)
"""A branch has one officer and 1,000 applications, one in a hundred people bears a name; the addresses make the rows
as wide as real ones. Everybody has one number, sealed once; the indexes are as different as real ones."""

CHANGES = """
INSERT INTO application_changes (id, user_id, branch_id, position)
SELECT id, user_id, branch_id, (row_number() OVER (ORDER BY created_at)) / 200 FROM customer_applications
"""
"""What the trigger would have written one by one: 200 transactions, all of them long ended."""

PEOPLE = """
CREATE TEMPORARY TABLE people AS SELECT
  ARRAY['ចាន់ធី','បុប្ផា','ដារ៉ា','សុភា','វិសាល','រតនា','សុវណ្ណ','កល្យាណ','មករា','ពិសិដ្ឋ'] AS khmer,
  ARRAY['CHANTHY','BOPHA','DARA','SOPHEA','VISAL','RATANA','SOVANN','KALYAN','MAKARA','PISETH'] AS latin
"""


@pytest.fixture(scope="module")
def own_database(copy_database: Callable[[], URL]) -> URL:
    return copy_database()


@pytest.fixture(scope="module")
async def full(own_database: URL) -> AsyncIterator[AsyncEngine]:
    """A database with forty thousand applications; their indexes are built once all are there."""
    engine = create_async_engine(
        own_database, poolclass=NullPool, json_serializer=write_json, json_deserializer=read_json
    )
    async with engine.connect() as connection:
        await connection.run_sync(_fill)
    async with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        for table in TABLES:
            await _vacuum(connection, table)
    yield engine
    await engine.dispose()


async def _vacuum(connection: AsyncConnection, table: str) -> None:
    """Tidy a table up, again if whoever looked at the database meanwhile kept its pages from being seen as full."""
    for _ in range(20):
        await connection.execute(text(f"VACUUM ANALYZE {table}"))
        if await connection.scalar(
            text(f"SELECT relallvisible > relpages * 0.9 FROM pg_class WHERE relname = '{table}'")
        ):
            return
        await asyncio.sleep(0.5)


def _fill(connection: Connection) -> None:
    vault = Vault(SECRET)
    sizes = {
        "branches": BRANCHES,
        "customers": HOW_MANY // 5,
        "applications": HOW_MANY,
        "identity": vault.seal("010234567", about="customer_identities.id_number"),
        "number": vault.seal("010234567", about="customer_applications.id_number"),
        "phone": vault.seal("+85512345678", about="customer_applications.phone"),
    }
    indexes = connection.execute(
        text(
            "SELECT indexname, indexdef FROM pg_indexes"
            " WHERE tablename IN ('customer_applications', 'application_names', 'customers', 'application_changes')"
            " AND indexname LIKE 'ix_%'"
        )
    ).all()
    for name, _ in indexes:
        connection.execute(text(f"DROP INDEX {name}"))
    for table in TABLES:  # or it would be looked at while we tidy it up, and be done twice
        connection.execute(text(f"ALTER TABLE {table} SET (autovacuum_enabled = false)"))
    connection.execute(text("SET session_replication_role = replica"))
    connection.execute(text(PEOPLE))
    connection.execute(text("ALTER TABLE customer_applications DISABLE TRIGGER note_change"))
    for statement in (*FILL, CHANGES):
        named = {name: size for name, size in sizes.items() if f":{name}" in statement}
        connection.execute(text(statement), named)
    connection.execute(text("ALTER TABLE customer_applications ENABLE TRIGGER note_change"))
    connection.execute(text("SELECT name_applications_again()"))
    for _, definition in indexes:
        connection.execute(text(definition))
    connection.execute(text("SET session_replication_role = origin"))
    connection.execute(text("SELECT recount_applications()"))
    connection.commit()


def reader(scope: Scope) -> Principal:
    permissions = ("application:read", "application:export", "customer:read", "analytics:read")
    return Principal(
        id=OFFICER, role="officer", session_id=OFFICER, branch_id=BRANCH, grants=dict.fromkeys(permissions, scope)
    )


TABLES = (
    "customer_identities", "customers", "customer_applications", "application_names", "approval_cases",
    "application_decisions", "application_changes",
)  # fmt: skip
"""What is filled, and read through indexes only."""


class Plans:
    """The statements that were sent about applications, and how PostgreSQL would answer each."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self.sent: list[tuple[str, Any]] = []
        self.statements = 0

    def note(self, *arguments: Any) -> None:
        self.statements += arguments[2].startswith("SELECT")
        if "FROM customer" in arguments[2] and not arguments[2].startswith("EXPLAIN"):
            self.sent.append((arguments[2], tuple(arguments[3])))

    async def check(self) -> None:
        """Let no statement read a whole table; those that only fetch by the ids found are not looked at."""
        async with self._engine.connect() as connection:
            for statement, parameters in self.sent:
                plan = (await connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", parameters)).scalar_one()
                whole = sorted(_read_whole(plan if isinstance(plan, list) else json.loads(plan)))
                assert not whole, (whole, statement, json.dumps(plan, default=str))


def _read_whole(plan: Any) -> set[str]:
    """The tables that a plan reads from end to end."""
    if isinstance(plan, list):
        return set().union(*map(_read_whole, plan)) if plan else set()
    if not isinstance(plan, dict):
        return set()
    found = {str(plan["Relation Name"])} if plan.get("Node Type") == "Seq Scan" else set()
    return found.union(*(_read_whole(part) for part in plan.values()), set()) & {*TABLES}


@pytest.fixture
async def plans(full: AsyncEngine) -> AsyncIterator[Plans]:
    plans = Plans(full)
    event.listen(full.sync_engine, "before_cursor_execute", plans.note)
    yield plans
    event.remove(full.sync_engine, "before_cursor_execute", plans.note)


ASKED = {
    "everything": Wanted(),
    "a name in Latin letters": Wanted(search="bopha da"),
    "a name in Khmer": Wanted(search="បុប្ផា ដា"),
    "a telephone": Wanted(search="012 345 678"),
    "an identity number": Wanted(search="010 234 567"),
    "an account": Wanted(search="00039999"),
    "nobody": Wanted(search="nobody at all"),
    "a status": Wanted(status=Status.DRAFT),
    "a stage": Wanted(workflow_status=Stage.MANAGER_REVIEW),
    "an amount": Wanted(amount_min=Decimal(100), amount_max=Decimal(120)),
    "nearly any amount": Wanted(amount_min=Decimal(1)),
    "some days": Wanted(date_from=date(2026, 3, 1), date_to=date(2026, 3, 3)),
    "an officer": Wanted(officer_id=OFFICER),
    "a branch": Wanted(branch_id=BRANCH),
    "the largest": Wanted(sort_by=ApplicationSortKey.REQUESTED_AMOUNT),
    "a priority": Wanted(priority_level=Priority.URGENT),
}


@pytest.mark.parametrize("asked", ASKED.values(), ids=ASKED.keys())
@pytest.mark.parametrize("scope", [Scope.ALL, Scope.BRANCH])
async def test_a_list_takes_two_statements_with_indexes(
    full: AsyncEngine, plans: Plans, scope: Scope, asked: Wanted
) -> None:
    async with AsyncSession(full) as session:
        part = await ApplicationQueries(session).cards(asked, Window(1, 20), principal=reader(scope))
    assert part.total is not None
    assert len(part.rows) == min(part.total, 20)
    sent, plans.sent = len(plans.sent), plans.sent[:2]
    assert sent <= 2
    await plans.check()


@pytest.mark.parametrize("search", ["bopha da", "បុប្ផា ដា", "010234567", "nobody at all"])
@pytest.mark.parametrize("scope", [Scope.ALL, Scope.BRANCH])
async def test_customers_are_found_through_indexes(full: AsyncEngine, plans: Plans, scope: Scope, search: str) -> None:
    async with AsyncSession(full) as session:
        queries = CustomerQueries(session, Loanbook())
        await queries.page(Window(1, 20), search=search, branch_id=None, principal=reader(scope))
    await plans.check()


async def test_a_file_is_read_batch_by_batch_through_an_index(full: AsyncEngine, plans: Plans) -> None:
    async with AsyncSession(full) as session:
        rows = ExportQueries(session).rows(Wanted(), principal=reader(Scope.BRANCH))
        ids = [row[0] async for row in rows]
    assert len(ids) == HOW_MANY // BRANCHES
    await plans.check()


@pytest.mark.parametrize("stage", Stage)
async def test_the_action_list_takes_few_statements_with_indexes(full: AsyncEngine, plans: Plans, stage: Stage) -> None:
    everything = dict.fromkeys(PERMISSIONS, Scope.BRANCH)
    manager = replace(reader(Scope.BRANCH), grants=everything)
    async with AsyncSession(full) as session:
        decided = {Stage.MANAGER_REVIEW, Stage.APPROVED}  # only where a case is open do others have a say
        waiting = select(CustomerApplication.id).where(
            CustomerApplication.workflow_status == (Stage.MANAGER_REVIEW if stage in decided else Stage.REJECTED),
            CustomerApplication.branch_id == BRANCH,
        )
        application_id = (await session.scalars(waiting.limit(1))).one()
        await session.execute(
            update(CustomerApplication).where(CustomerApplication.id == application_id).values(workflow_status=stage)
        )
        plans.sent, plans.statements = [], 0
        _, actions = await WorkflowService(session).standing(application_id, principal=manager, at=NOON)
    assert len(actions) == len(Action)
    assert plans.statements == (4 if stage in decided else 2), [q[:200] for q, _ in plans.sent]
    await plans.check()


async def touched_by(engine: AsyncEngine, statement: str, parameters: Any) -> dict[str, int]:
    """Let PostgreSQL answer a statement through indexes; tells how many rows each kind of node touched, at most."""
    async with engine.connect() as connection:
        asked = await connection.exec_driver_sql(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", parameters)
        told = asked.scalar_one()
    plan = told if isinstance(told, list) else json.loads(told)
    assert not _read_whole(plan), statement
    touched: dict[str, int] = {}
    for node in _nodes(plan):
        rows = int(node["Actual Rows"]) + node.get("Rows Removed by Filter", 0)
        touched[node["Node Type"]] = max(touched.get(node["Node Type"], 0), rows)
    return touched


def _nodes(plan: Any) -> Iterator[dict[str, Any]]:
    for part in plan if isinstance(plan, list) else plan.values():
        if isinstance(part, dict | list):
            yield from _nodes(part)
    if isinstance(plan, dict) and "Node Type" in plan:
        yield plan


@pytest.mark.parametrize("asked", [Wanted(), Wanted(descending=False)])
async def test_a_list_goes_on_at_any_depth_with_what_it_shows(full: AsyncEngine, asked: Wanted) -> None:
    async with AsyncSession(full) as session:
        queries = ApplicationQueries(session)
        deep = await queries.cards(asked, Window(HOW_MANY // 25, 20), principal=reader(Scope.ALL))
        with sent(full) as statements:
            part = await queries.cards(asked, Window(1, 20, deep.next), principal=reader(Scope.ALL))
    assert (len(part.rows), part.total, len(statements)) == (20, None, 1), "nothing is counted"
    touched = await touched_by(full, *statements[0])
    assert "Sort" not in touched
    assert max(touched.values()) < 100


@pytest.mark.parametrize("search", ["bopha", "បុប្ផា"])
async def test_a_branch_looks_through_its_own_names_alone(full: AsyncEngine, search: str) -> None:
    """Nineteen in a hundred people bear the name, in all branches."""
    async with AsyncSession(full) as session:
        with sent(full) as statements:
            asked = ApplicationQueries(session).cards(
                Wanted(search=search), Window(1, 20), principal=reader(Scope.BRANCH)
            )
            part = await asked
    assert (part.total, len(part.rows), len(statements)) == (HOW_MANY // BRANCHES * 19 // 100, 20, 1)
    assert max((await touched_by(full, *statements[0])).values()) <= HOW_MANY // BRANCHES


@pytest.mark.parametrize("scope", [Scope.ALL, Scope.BRANCH, Scope.OWN])
async def test_a_tablet_hears_what_changed_through_an_index(full: AsyncEngine, scope: Scope) -> None:
    async with AsyncSession(full) as session:
        queries = ChangeQueries(session)
        begun = await queries.since(None, principal=reader(scope))
        place = read_cursor(begun.next, Place)
        with sent(full) as statements:
            told = await queries.since(
                write_cursor(structs.replace(place, position=HOW_MANY // 400)), principal=reader(scope)
            )
    assert (len(told.changes), told.more, len(statements)) == (200, True, 2)
    touched = await touched_by(full, *statements[1])
    assert touched.get("Sort", 0) <= 201
    assert max(touched.values()) < (10_000 if scope is Scope.BRANCH else 300)


@pytest.mark.parametrize("figure", Figure)
@pytest.mark.parametrize("scope", [Scope.ALL, Scope.BRANCH])
async def test_a_figure_takes_one_statement_with_an_index(
    full: AsyncEngine, plans: Plans, scope: Scope, figure: Figure
) -> None:
    some_days = Period(date(2026, 3, 1), date(2026, 3, 3))
    async with AsyncSession(full) as session:
        with sent(full) as statements:
            await Figures(session).table(figure, some_days, reader(scope))
    plans.sent = [said for said in statements if "customer_applications" in said[0]]
    assert len(plans.sent) == 1
    assert len([said for said, _ in statements if said.startswith("SELECT")]) <= (
        3 if figure is Figure.CURRENCIES else 1
    )
    await plans.check()
