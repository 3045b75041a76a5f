"""Keep the record of who read whose numbers as the journal is kept: nobody rewrites or empties it."""

from alembic import op

revision = "0124_keep_reads"
down_revision = "0123_let_printed_dossiers_go"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "CREATE TRIGGER refuse_to_change_history BEFORE UPDATE OR DELETE ON personal_reads"
        " FOR EACH ROW EXECUTE FUNCTION refuse_to_change_history()"
    )
    op.execute(
        "CREATE TRIGGER refuse_to_empty_history BEFORE TRUNCATE ON personal_reads"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_change_history()"
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER refuse_to_change_history ON personal_reads")
    op.execute("DROP TRIGGER refuse_to_empty_history ON personal_reads")
