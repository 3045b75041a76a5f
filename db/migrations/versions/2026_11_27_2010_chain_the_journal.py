"""Chain the journal: entries that nothing changes, threads of hashes, anchors, and an outbox of its own."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010_chain_the_journal"
down_revision = "0002_gazetteer"
branch_labels = None
depends_on = None

CONTENT = """
convert_to(jsonb_build_array(e.id, e.kind, e.subject, e.subject_id, e.application_id, e.actor_id, e.on_behalf_of,
  e.session_id, e.address, extract(epoch FROM e.at), e.request_id, e.reason, e.facts, e.changes)::text, 'UTF8')
"""

CHAIN = f"""
CREATE FUNCTION chain_journal_entry() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  e journal_entries := NEW;
  content bytea := {CONTENT};
BEGIN
  NEW.thread_id := coalesce(NEW.application_id, NEW.subject_id);
  -- The head's row lock puts the entries of a thread in the order of their commits.
  INSERT INTO journal_threads AS thread (id, length, hash) VALUES (NEW.thread_id, 1, sha256(content))
  ON CONFLICT (id) DO UPDATE SET length = thread.length + 1, hash = sha256(thread.hash || content)
  RETURNING thread.length, thread.hash INTO NEW.position, NEW.hash;
  NEW.number := nextval(pg_get_serial_sequence('journal_entries', 'number'));
  RETURN NEW;
END $$
"""  # noqa: S608 - the text is ours

PUT_OUT = """
CREATE OR REPLACE FUNCTION wake_relays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO journal_outbox (id, number, thread_id) SELECT id, number, thread_id FROM written;
  PERFORM pg_notify('journal', '');
  RETURN NULL;
END $$
"""

ONLY_WAKE = """
CREATE OR REPLACE FUNCTION wake_relays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('journal', '');
  RETURN NULL;
END $$
"""

REFUSE = """
CREATE FUNCTION refuse_to_change_history() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is history: it is neither changed nor removed', TG_TABLE_NAME USING ERRCODE = '42501';
END $$
"""

CHAIN_WHAT_IS_THERE = f"""
DO $$
DECLARE
  e journal_entries;
  content bytea;
BEGIN
  FOR e IN SELECT * FROM journal_entries ORDER BY number LOOP
    content := {CONTENT};
    WITH head AS (
      INSERT INTO journal_threads AS thread (id, length, hash)
      VALUES (coalesce(e.application_id, e.subject_id), 1, sha256(content))
      ON CONFLICT (id) DO UPDATE SET length = thread.length + 1, hash = sha256(thread.hash || content)
      RETURNING *
    )
    UPDATE journal_entries AS entry SET thread_id = head.id, position = head.length, hash = head.hash
    FROM head WHERE entry.id = e.id;
  END LOOP;
END $$
"""  # noqa: S608 - the text is ours

KEPT = ("journal_entries", "journal_anchors")


def upgrade() -> None:
    op.create_table(
        "journal_threads",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("length", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journal_threads")),
    )
    op.create_table(
        "journal_anchors",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("after", sa.BigInteger(), nullable=False),
        sa.Column("up_to", sa.BigInteger(), nullable=False),
        sa.Column("threads", sa.Integer(), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("seal", sa.LargeBinary(length=32), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journal_anchors")),
        sa.UniqueConstraint("day", name=op.f("uq_journal_anchors_day")),
    )
    for name, kind in (
        ("application_id", sa.Uuid()),
        ("on_behalf_of", sa.Uuid()),
        ("session_id", sa.Uuid()),
        ("address", sa.String(length=64)),
        ("reason", sa.String()),
        ("changes", postgresql.JSONB(none_as_null=True)),
    ):
        op.add_column("journal_entries", sa.Column(name, kind, nullable=True))
    for column in (
        sa.Column("thread_id", sa.Uuid(), nullable=False, server_default=sa.text("gen_random_uuid()")),
        sa.Column("position", sa.BigInteger(), nullable=False, server_default=sa.text("0")),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False, server_default=sa.text("''::bytea")),
    ):
        op.add_column("journal_entries", column)
    # Facts of other subjects that name an application belong to its thread from the first day on.
    op.execute(
        "UPDATE journal_entries SET application_id = (facts ->> 'application_id')::uuid, reason = facts ->> 'reason'"
    )
    op.execute(CHAIN_WHAT_IS_THERE)
    op.create_table(
        "journal_outbox",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("thread_id", sa.Uuid(), nullable=False),
        sa.Column("attempts", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("given_up_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["id"], ["journal_entries.id"], name=op.f("fk_journal_outbox_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journal_outbox")),
    )
    op.create_index("ix_journal_outbox_number", "journal_outbox", ["number"])
    op.create_index("ix_journal_outbox_thread_id_number", "journal_outbox", ["thread_id", "number"])
    op.execute(
        "INSERT INTO journal_outbox (id, number, thread_id, attempts, given_up_at)"
        " SELECT id, number, thread_id, attempts, CASE WHEN attempts >= 6 THEN at END"
        " FROM journal_entries WHERE told_at IS NULL"
    )
    op.drop_index("ix_journal_entries_untold", table_name="journal_entries")
    op.drop_column("journal_entries", "told_at")
    op.drop_column("journal_entries", "attempts")
    op.create_index("uq_journal_entries_thread_id_position", "journal_entries", ["thread_id", "position"], unique=True)
    op.create_index("ix_journal_entries_actor_id_number", "journal_entries", ["actor_id", "number"])
    op.create_index("ix_journal_entries_kind_number", "journal_entries", ["kind", "number"])
    op.create_index("ix_journal_entries_at", "journal_entries", ["at"])
    op.create_index(
        "ix_journal_entries_request_id",
        "journal_entries",
        ["request_id"],
        postgresql_where=sa.text("request_id IS NOT NULL"),
    )
    op.execute(CHAIN)
    op.execute(
        "CREATE TRIGGER chain_journal_entry BEFORE INSERT ON journal_entries"
        " FOR EACH ROW EXECUTE FUNCTION chain_journal_entry()"
    )
    op.execute("DROP TRIGGER wake_relays ON journal_entries")
    op.execute(PUT_OUT)
    op.execute(
        "CREATE TRIGGER wake_relays AFTER INSERT ON journal_entries REFERENCING NEW TABLE AS written"
        " FOR EACH STATEMENT EXECUTE FUNCTION wake_relays()"
    )
    op.execute(REFUSE)
    for table in KEPT:
        op.execute(
            f"CREATE TRIGGER refuse_to_change_history BEFORE UPDATE OR DELETE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION refuse_to_change_history()"
        )
        op.execute(
            f"CREATE TRIGGER refuse_to_empty_history BEFORE TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_change_history()"
        )


def downgrade() -> None:
    for table in KEPT:
        op.execute(f"DROP TRIGGER refuse_to_change_history ON {table}")
        op.execute(f"DROP TRIGGER refuse_to_empty_history ON {table}")
    op.execute("DROP FUNCTION refuse_to_change_history()")
    op.execute("DROP TRIGGER chain_journal_entry ON journal_entries")
    op.execute("DROP FUNCTION chain_journal_entry()")
    op.execute("DROP TRIGGER wake_relays ON journal_entries")
    op.execute(ONLY_WAKE)
    op.execute(
        "CREATE TRIGGER wake_relays AFTER INSERT ON journal_entries FOR EACH STATEMENT EXECUTE FUNCTION wake_relays()"
    )
    op.add_column(
        "journal_entries", sa.Column("attempts", sa.SmallInteger(), nullable=False, server_default=sa.text("0"))
    )
    op.alter_column("journal_entries", "attempts", server_default=None)
    op.add_column("journal_entries", sa.Column("told_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE journal_entries SET told_at = at WHERE id NOT IN (SELECT id FROM journal_outbox)")
    op.execute(
        "UPDATE journal_entries AS entry SET attempts = waits.attempts"
        " FROM journal_outbox AS waits WHERE waits.id = entry.id"
    )
    op.create_index(
        "ix_journal_entries_untold", "journal_entries", ["number"], postgresql_where=sa.text("told_at IS NULL")
    )
    op.drop_table("journal_outbox")
    for index in ("request_id", "at", "kind_number", "actor_id_number"):
        op.drop_index(f"ix_journal_entries_{index}", table_name="journal_entries")
    op.drop_index("uq_journal_entries_thread_id_position", table_name="journal_entries")
    for name in (
        "hash",
        "position",
        "thread_id",
        "changes",
        "reason",
        "address",
        "session_id",
        "on_behalf_of",
        "application_id",
    ):
        op.drop_column("journal_entries", name)
    op.drop_table("journal_anchors")
    op.drop_table("journal_threads")
