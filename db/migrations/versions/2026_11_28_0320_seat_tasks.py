"""Write on a task which seat its stage of approval waits for; what is open now goes on by permission alone."""

import sqlalchemy as sa
from alembic import op

revision = "0100_seat_tasks"
down_revision = "0121_ask_for_papers"
branch_labels = None
depends_on = None

WORDS = ("seat_code", "seat_role", "seat_reach", "seat_currency")


def upgrade() -> None:
    for name in WORDS:
        op.add_column("tasks", sa.Column(name, sa.String(40), nullable=True))
    op.add_column("tasks", sa.Column("seat_amount", sa.Numeric(), nullable=True))
    op.add_column("tasks", sa.Column("seat_needs_limit", sa.Boolean(), nullable=True))


def downgrade() -> None:
    for name in (*WORDS, "seat_amount", "seat_needs_limit"):
        op.drop_column("tasks", name)
