"""Seal identity numbers, telephones and the secrets of webhooks, find numbers by blind indexes, note who reads them.

The columns that could be read are dropped at once, which the version before this one does not survive: it was never
released.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import sqlalchemy as sa
from alembic import context, op

from lc_workflow.lending.rules.matching import identity_key, number_key
from lc_workflow.platform.config import Settings
from lc_workflow.platform.phones import phone_key
from lc_workflow.platform.security.vault import Vault, vault_of

revision = "0090_seal_numbers"
down_revision = "0100_seat_tasks"
branch_labels = None
depends_on = None

BATCH = 1_000

Key = Callable[[Mapping[str, Any]], str | None]

SEALED = (
    ("customer_applications", "id_number", 100, True),
    ("customer_applications", "phone", 40, True),
    ("application_parties", "id_number", 100, True),
    ("application_parties", "phone", 40, True),
    ("customer_identities", "id_number", 100, False),
    ("customer_phones", "phone", 40, False),
    ("users", "phone_number", 40, True),
    ("employees", "phone_number", 40, True),
    ("selfies", "customer_id_number", 50, True),
    ("webhooks", "secret", 100, False),
    ("webhooks", "previous_secret", 100, True),
)
"""Tables and columns, how long they were, and whether they may be empty."""

FOUND: tuple[tuple[str, str, str, Key], ...] = (
    ("customer_applications", "id_number_index", "id_number", lambda row: number_key(row["id_number"])),
    ("customer_applications", "phone_index", "phone", lambda row: phone_key(row["phone"])),
    (
        "customer_identities",
        "identity_index",
        "identity",
        lambda row: identity_key(row["id_card_type"], row["id_number"]),
    ),
    ("customer_phones", "phone_index", "phone", lambda row: phone_key(row["phone"])),
    ("users", "phone_index", "phone", lambda row: phone_key(row["phone_number"])),
    ("employees", "phone_index", "phone", lambda row: phone_key(row["phone_number"])),
)
"""Tables, their blind indexes, what these name, and how it is written."""

UNIQUE = {"customer_identities": "identity_index", "customer_phones": "phone_index"}
"""Indexes that each row has, once for each customer."""

SEARCHED = ("username", "email", "full_name", "employee_id")


def upgrade() -> None:
    seal()
    drop_what_was_readable()
    find_by_indexes()
    note_readers()


def seal() -> None:
    for table, column, _, _ in SEALED:
        op.add_column(table, sa.Column(f"{column}_sealed", sa.LargeBinary(), nullable=True))
    for table, column, _, _ in FOUND:
        op.add_column(table, sa.Column(column, sa.LargeBinary(32), nullable=True))
    vault = Keys()
    for table in sorted({table for table, *_ in SEALED}):
        columns = [column for of, column, _, _ in SEALED if of == table]
        for row in _rows(table, columns):
            values: dict[str, Any] = {
                f"{name}_sealed": vault.get().seal(row[name], about=f"{table}.{name}")
                for name in columns
                if row[name] is not None
            }
            for of, index, kind, key in FOUND:
                if of == table and (written := key(row)) is not None:
                    values[index] = vault.get().index(written, of=kind)
            _write(table, row["id"], values)
    for row in _rows("remembered_requests", ["body"]):
        _write(
            "remembered_requests",
            row["id"],
            {"body": vault.get().seal_bytes(row["body"], about="remembered_requests.body")},
        )


def drop_what_was_readable() -> None:
    for name in ("phone", "id_number"):
        op.drop_index(f"ix_customer_applications_{name}_trgm", table_name="customer_applications")
    op.drop_index("ix_users_searched_trgm", table_name="users")
    op.drop_constraint("uq_customer_identities_customer_id_identity_key", "customer_identities", type_="unique")
    op.drop_index("ix_customer_identities_identity_key", table_name="customer_identities")
    op.drop_constraint("uq_customer_phones_customer_id_phone_key", "customer_phones", type_="unique")
    op.drop_index("ix_customer_phones_phone_key", table_name="customer_phones")
    op.drop_column("customer_identities", "identity_key")
    op.drop_column("customer_phones", "phone_key")
    for table, column, _, nullable in SEALED:
        op.drop_column(table, column)
        op.alter_column(table, f"{column}_sealed", new_column_name=column, nullable=nullable)


def find_by_indexes() -> None:
    for table, column in UNIQUE.items():
        # Spellings that are compared alike today may have been told apart when they were written down.
        op.execute(
            f"DELETE FROM {table} AS one USING {table} AS other WHERE one.customer_id = other.customer_id"  # noqa: S608
            f" AND one.{column} IS NOT DISTINCT FROM other.{column} AND one.id > other.id"
        )
        op.execute(f"UPDATE {table} SET {column} = ''::bytea WHERE {column} IS NULL")  # noqa: S608
        op.alter_column(table, column, nullable=False)
        op.create_unique_constraint(f"uq_{table}_customer_id_{column}", table, ["customer_id", column])
    for table, column, _, _ in FOUND:
        op.create_index(f"ix_{table}_{column}", table, [column])
    op.create_index(
        "ix_users_searched_trgm",
        "users",
        [*SEARCHED],
        postgresql_ops=dict.fromkeys(SEARCHED, "gin_trgm_ops"),
        postgresql_using="gin",
    )


def note_readers() -> None:
    op.create_table(
        "personal_reads",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("reader_id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.String(40), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=True),
        sa.Column("how_many", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=True),
        sa.Column("address", sa.String(64), nullable=True),
        sa.Column("request_id", sa.String(64), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_personal_reads"),
    )
    op.create_index(
        "ix_personal_reads_subject_id_at",
        "personal_reads",
        ["subject_id", "at"],
        postgresql_where=sa.text("subject_id IS NOT NULL"),
    )
    op.create_index("ix_personal_reads_reader_id_at", "personal_reads", ["reader_id", "at"])
    op.create_index("ix_personal_reads_at", "personal_reads", ["at"])


def downgrade() -> None:
    op.drop_table("personal_reads")
    op.drop_index("ix_users_searched_trgm", table_name="users")
    for table, column in UNIQUE.items():
        op.drop_constraint(f"uq_{table}_customer_id_{column}", table, type_="unique")
    for table, column, _, _ in FOUND:
        op.drop_column(table, column)
    for table, column, length, _ in SEALED:
        op.alter_column(table, column, new_column_name=f"{column}_sealed", nullable=True)
        op.add_column(table, sa.Column(column, sa.String(length), nullable=True))
    op.add_column("customer_identities", sa.Column("identity_key", sa.String(140), nullable=True))
    op.add_column("customer_phones", sa.Column("phone_key", sa.String(40), nullable=True))
    open_again()
    op.execute("DELETE FROM remembered_requests")  # kept for a day; nobody retries across a step back
    show_again()


def open_again() -> None:
    vault = Keys()
    for table in sorted({table for table, *_ in SEALED}):
        columns = [column for of, column, _, _ in SEALED if of == table]
        for row in _rows(table, [f"{column}_sealed" for column in columns]):
            values: dict[str, Any] = {
                name: vault.get().open(sealed, about=f"{table}.{name}")
                for name in columns
                if (sealed := row[f"{name}_sealed"]) is not None
            }
            if table == "customer_identities":
                values["identity_key"] = identity_key(row["id_card_type"], values["id_number"]) or ""
            if table == "customer_phones":
                values["phone_key"] = phone_key(values["phone"]) or ""
            _write(table, row["id"], values)


def show_again() -> None:
    for table, column, _, nullable in SEALED:
        op.drop_column(table, f"{column}_sealed")
        op.alter_column(table, column, nullable=nullable)
    for table, column in (("customer_identities", "identity_key"), ("customer_phones", "phone_key")):
        op.alter_column(table, column, nullable=False)
        op.create_unique_constraint(f"uq_{table}_customer_id_{column}", table, ["customer_id", column])
        op.create_index(f"ix_{table}_{column}", table, [column])
    for name in ("phone", "id_number"):
        op.create_index(
            f"ix_customer_applications_{name}_trgm",
            "customer_applications",
            [name],
            postgresql_ops={name: "gin_trgm_ops"},
            postgresql_using="gin",
        )
    searched = (*SEARCHED, "phone_number")
    op.create_index(
        "ix_users_searched_trgm",
        "users",
        [*searched],
        postgresql_ops=dict.fromkeys(searched, "gin_trgm_ops"),
        postgresql_using="gin",
    )


class Keys:
    """The keys of the installation, asked for when there is something to seal: an empty database needs none."""

    def __init__(self) -> None:
        self._vault: Vault | None = None

    def get(self) -> Vault:
        """Open the vault.

        Raises:
            BadSetting: Neither ENCRYPTION_KEYS nor SECRET_KEY is set.
        """
        if self._vault is None:
            environ = context.config.attributes.get("environ") or os.environ
            # Where the database is was said already, and in other ways than by a variable.
            self._vault = vault_of(
                Settings.from_environ({"DATABASE_URL": "postgresql://ours@localhost/ours", **environ})
            )
        return self._vault


def _rows(table: str, columns: list[str]) -> Iterator[Mapping[str, Any]]:
    """Read the rows that have something in these columns, batch by batch, so that a large table fits."""
    wanted = " OR ".join(f"{column} IS NOT NULL" for column in columns)
    kind = ", id_card_type" if table == "customer_identities" else ""
    found = sa.text(
        f"SELECT id, {', '.join(columns)}{kind} FROM {table}"  # noqa: S608 - our own names
        f" WHERE ({wanted}) AND (CAST(:last AS uuid) IS NULL OR id > :last) ORDER BY id LIMIT {BATCH}"
    )
    last = None
    while batch := [dict(row) for row in op.get_bind().execute(found, {"last": last}).mappings()]:
        yield from batch
        last = batch[-1]["id"]


def _write(table: str, row_id: object, values: Mapping[str, Any]) -> None:
    names = ", ".join(f"{name} = :{name}" for name in values)
    op.get_bind().execute(sa.text(f"UPDATE {table} SET {names} WHERE id = :id"), {**values, "id": row_id})  # noqa: S608
