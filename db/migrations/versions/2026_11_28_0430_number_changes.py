"""Number the changes of applications by their transactions, for tablets that ask what they missed.

The triggers wait for the commit, so that no lock is held in between that others could wait for crosswise. A revision
that changes rows of these tables and then the tables themselves has to say SET CONSTRAINTS ALL IMMEDIATE in between.
"""

import sqlalchemy as sa
from alembic import op

revision = "0310_number_changes"
down_revision = "0124_keep_reads"
branch_labels = None
depends_on = None

NOTE = """
CREATE FUNCTION note_application() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  here bigint := pg_current_xact_id()::text::bigint;
BEGIN
  IF TG_OP = 'DELETE' THEN
    UPDATE application_changes SET position = here WHERE id = OLD.id AND position <> here;
  ELSE
    INSERT INTO application_changes AS latest (id, user_id, branch_id, position)
    VALUES (NEW.id, NEW.user_id, NEW.branch_id, here)
    ON CONFLICT (id) DO UPDATE SET user_id = NEW.user_id, branch_id = NEW.branch_id, position = here
    WHERE (latest.user_id, latest.branch_id, latest.position) IS DISTINCT FROM (NEW.user_id, NEW.branch_id, here);
  END IF;
  RETURN NULL;
END $$
"""

NOTE_WHAT_BELONGS_TO_IT = """
CREATE FUNCTION note_what_belongs_to_application() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  here bigint := pg_current_xact_id()::text::bigint;
BEGIN
  UPDATE application_changes SET position = here
  WHERE id = coalesce(NEW.application_id, OLD.application_id) AND position <> here;
  RETURN NULL;
END $$
"""

RENUMBER = """
CREATE FUNCTION renumber_application_changes() RETURNS void LANGUAGE sql AS $$
  UPDATE application_changes SET position = pg_current_xact_id()::text::bigint
$$
"""

NOTED = {
    "customer_applications": "note_application",
    "application_comments": "note_what_belongs_to_application",
    "tasks": "note_what_belongs_to_application",
}


def upgrade() -> None:
    op.create_table(
        "application_changes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("branch_id", sa.Uuid(), nullable=True),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_application_changes")),
    )
    for function in (NOTE, NOTE_WHAT_BELONGS_TO_IT, RENUMBER):
        op.execute(function)
    for table, function in NOTED.items():
        op.execute(
            f"CREATE CONSTRAINT TRIGGER note_change AFTER INSERT OR UPDATE OR DELETE ON {table}"
            f" DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION {function}()"
        )
    op.execute(
        "INSERT INTO application_changes (id, user_id, branch_id, position)"
        " SELECT id, user_id, branch_id, pg_current_xact_id()::text::bigint FROM customer_applications"
    )
    op.create_index("ix_application_changes_position_id", "application_changes", ["position", "id"])
    op.create_index("ix_application_changes_user_id_position_id", "application_changes", ["user_id", "position", "id"])


def downgrade() -> None:
    for table in NOTED:
        op.execute(f"DROP TRIGGER note_change ON {table}")
    op.drop_table("application_changes")
    op.execute("DROP FUNCTION renumber_application_changes")
    op.execute("DROP FUNCTION note_what_belongs_to_application")
    op.execute("DROP FUNCTION note_application")
