"""Drop the index of all that was ever approved: figures count approvals by their moves, and nothing else reads it."""

import sqlalchemy as sa
from alembic import op

revision = "0470_count_from_moves"
down_revision = "0460_close_accounts_up"
branch_labels = None
depends_on = None

INDEX = "ix_customer_applications_ever_approved_at"


def upgrade() -> None:
    op.drop_index(INDEX, table_name="customer_applications")


def downgrade() -> None:
    op.create_index(
        INDEX, "customer_applications", ["approved_at"], postgresql_where=sa.text("approved_at IS NOT NULL")
    )
