"""Write down when it was told that nobody may take the decision a loan waits for.

The version before neither reads nor writes it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0400_tell_of_vacant_seats"
down_revision = "0390_date_paid_loans"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("tasks", sa.Column("nobody_told_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("tasks", "nobody_told_at")
