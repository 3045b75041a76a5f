"""Find moves, decisions, closed tasks and approvals by their time."""

import sqlalchemy as sa
from alembic import op

revision = "0130_count_figures"
down_revision = "0091_note_refusals"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_application_moves_at", "application_moves", ["at"])
    op.create_index("ix_application_decisions_at", "application_decisions", ["at"])
    op.create_index("ix_tasks_closed_at", "tasks", ["closed_at"], postgresql_where=sa.text("due_at IS NOT NULL"))
    op.create_index(
        "ix_customer_applications_ever_approved_at",
        "customer_applications",
        ["approved_at"],
        postgresql_where=sa.text("approved_at IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_customer_applications_ever_approved_at", table_name="customer_applications")
    op.drop_index("ix_tasks_closed_at", table_name="tasks")
    op.drop_index("ix_application_decisions_at", table_name="application_decisions")
    op.drop_index("ix_application_moves_at", table_name="application_moves")
