"""Find what was paid out in a month without reading all that ever was."""

import sqlalchemy as sa
from alembic import op

revision = "0340_find_paid_out"
down_revision = "0311_list_files_by_age"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_disbursement_requests_paid",
        "disbursement_requests",
        ["closed_at"],
        postgresql_where=sa.text("status = 'confirmed'"),
    )


def downgrade() -> None:
    op.drop_index("ix_disbursement_requests_paid", table_name="disbursement_requests")
