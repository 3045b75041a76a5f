"""Let the seal of a day be made anew with another key; what it seals stays as unchangeable as it was."""

from alembic import op

revision = "0450_let_days_be_sealed_anew"
down_revision = "0440_name_orders"
branch_labels = None
depends_on = None

SEALED = ("id", "day", "after", "up_to", "threads", "digest", "made_at")


def upgrade() -> None:
    op.execute("DROP TRIGGER refuse_to_change_history ON journal_anchors")
    old, new = (", ".join(f"{row}.{column}" for column in SEALED) for row in ("OLD", "NEW"))
    op.execute(
        "CREATE TRIGGER refuse_to_change_history BEFORE UPDATE ON journal_anchors FOR EACH ROW"
        f" WHEN (({old}) IS DISTINCT FROM ({new})) EXECUTE FUNCTION refuse_to_change_history()"
    )
    op.execute(
        "CREATE TRIGGER refuse_to_remove_history BEFORE DELETE ON journal_anchors"
        " FOR EACH ROW EXECUTE FUNCTION refuse_to_change_history()"
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER refuse_to_remove_history ON journal_anchors")
    op.execute("DROP TRIGGER refuse_to_change_history ON journal_anchors")
    op.execute(
        "CREATE TRIGGER refuse_to_change_history BEFORE UPDATE OR DELETE ON journal_anchors"
        " FOR EACH ROW EXECUTE FUNCTION refuse_to_change_history()"
    )
