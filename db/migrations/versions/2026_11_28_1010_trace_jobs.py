"""Note with a job in which trace it was asked for, where requests are followed."""

import sqlalchemy as sa
from alembic import op

revision = "0130_trace_jobs"
down_revision = "0340_find_paid_out"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("procrastinate_jobs", sa.Column("traceparent", sa.String(64), nullable=True))


def downgrade() -> None:
    op.drop_column("procrastinate_jobs", "traceparent")
