"""Fills databases with loanbooks of any size: INSERT … SELECT in the server, indexes built when the rows are there."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import bcrypt
from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, text

from bench.installation import PASSWORD
from bench.run import migrate
from lc_workflow.platform.config import database_url
from lc_workflow.platform.embedded import postgres
from lc_workflow.platform.security.vault import Vault
from tests.lending.applications.test_forty_thousand import FILL, PEOPLE

SECRET = secrets.token_urlsafe(48)
"""What this run's servers sign and seal with, and what the numbers in the books are sealed with."""

OFFICER = "u8"
OFFICER_ID = UUID("00000000-0000-4000-8000-000000000008")
BRANCH = UUID(int=8)
OF_A_BRANCH = 2_500
"""Applications of one branch: an institution that grows opens branches. The small books have ten all the same."""

USERS = 500
FILES = 2
"""Papers of one application."""

FURTHER = (
    """
    INSERT INTO users (id, username, email, first_name, last_name, password_hash, role, status, branch_id,
      onboarding_completed, login_count, failed_login_attempts, created_at, updated_at)
    SELECT ('00000000-0000-4000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'u' || n, 'u' || n || '@x.example', 'A', 'B',
      '', CASE WHEN n < 2 * :branches THEN 'manager' ELSE 'officer' END, 'active',
      lpad(to_hex(n % :branches), 32, '0')::uuid, false, 0, 0, now(), now()
    FROM generate_series(:branches, :users - 1) AS n
    """,
    """
    INSERT INTO files (id, key, original_filename, display_name, file_size, mime_type, sha256, document_type,
      uploaded_by, application_id, created_at)
    SELECT gen_random_uuid(), 'bench/' || a.id || '/' || n, 'scan.jpg', 'Scan', 200000 + n, 'image/jpeg', '',
      (ARRAY['borrower_id_card', 'borrower_photo'])[n], a.user_id, a.id, a.created_at
    FROM customer_applications AS a, generate_series(1, :files) AS n
    """,
    """
    INSERT INTO tasks (id, application_id, branch_id, stage, cycle, opened_at, excluded, due_at, used_seconds)
    SELECT gen_random_uuid(), id, branch_id, workflow_status, 1, created_at, '{}', now() + interval '3 days', 0
    FROM customer_applications WHERE workflow_status IN ('PO_CREATED', 'MANAGER_REVIEW')
    """,
    """
    INSERT INTO approval_cases (id, application_id, cycle, matrix_id, khr_per_usd, material_changes, amount, term, path,
      opened_at)
    SELECT gen_random_uuid(), application.id, 1, opened.matrix_id, opened.khr_per_usd, 0, requested_amount, 12,
      opened.path, created_at
    FROM customer_applications AS application, (SELECT * FROM approval_cases LIMIT 1) AS opened
    WHERE workflow_status = 'APPROVED'
    """,
)


@dataclass(frozen=True)
class Book:
    """One filled database: its address, how many applications it has, and one of the measured branch."""

    url: str
    size: int
    one: str


@dataclass(frozen=True)
class Shelf:
    """A running PostgreSQL with its books; `pid` is the server's and `log` what it writes."""

    books: list[Book]
    pid: int
    log: Path


@contextmanager
def filled(folder: Path, sizes: list[int]) -> Iterator[Shelf]:
    """Run PostgreSQL with a loanbook of each size; the schema is migrated once and copied."""
    with postgres(folder / "postgres", durable=False) as server:
        house = database_url(server.url)
        migrate(server.url)
        books = [_book(house, size) for size in sizes]
        with engine_of(house.set(database="template1")).connect() as connection:
            place = Path(connection.scalar(text("SHOW data_directory")) or "")
        yield Shelf(books, int((place / "postmaster.pid").read_text().split()[0]), place.parent / "log")


def engine_of(url: URL) -> Engine:
    """An engine whose statements stand by themselves, on a connection of its own."""
    return create_engine(url.set(drivername="postgresql+psycopg"), poolclass=NullPool, isolation_level="AUTOCOMMIT")


def _book(house: URL, size: int) -> Book:
    name = f"book_{size}"
    with engine_of(house.set(database="template1")).connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {house.database}"))
    url = house.set(database=name)
    with engine_of(url).connect() as connection:
        with connection.begin():
            _fill(connection, size)
        connection.execute(text("VACUUM (ANALYZE, PARALLEL 0)"))
        one = connection.scalar(
            text("SELECT id FROM customer_applications WHERE branch_id = :branch ORDER BY id LIMIT 1"),
            {"branch": BRANCH},
        )
    plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
    return Book(plain, size, str(one))


def _fill(connection: Connection, size: int) -> None:
    """Write the rows without their indexes and without asking after every foreign key: they are right by making."""
    connection.execute(text("SET session_replication_role = replica"))
    indexes = connection.execute(
        text(
            "SELECT indexname, indexdef FROM pg_indexes WHERE indexname LIKE 'ix_%'"
            " AND tablename IN ('customer_applications', 'application_names', 'customers', 'customer_identities',"
            " 'files', 'tasks')"
        )
    ).all()
    for name, _ in indexes:
        connection.execute(text(f"DROP INDEX {name}"))
    vault = Vault(SECRET)
    numbers: dict[str, object] = {
        "branches": max(10, size // OF_A_BRANCH),
        "customers": size // 4,
        "applications": size,
        "users": USERS,
        "files": FILES,
        "identity": vault.seal("010234567", about="customer_identities.id_number"),
        "number": vault.seal("010234567", about="customer_applications.id_number"),
        "phone": vault.seal("+85512345678", about="customer_applications.phone"),
    }
    connection.execute(text(PEOPLE))
    for statement in (*FILL, *FURTHER):
        named = {name: number for name, number in numbers.items() if f":{name}" in statement}
        connection.execute(text(statement), named)
    digest = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()
    connection.execute(text("UPDATE users SET password_hash = :digest"), {"digest": digest})
    connection.execute(text("SELECT name_applications_again()"))
    for _, definition in indexes:
        connection.execute(text(definition))
    connection.execute(text("SET session_replication_role = origin"))
    connection.execute(text("SELECT recount_applications()"))
