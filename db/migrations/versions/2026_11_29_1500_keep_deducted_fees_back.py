"""Keep the fees that are deducted back from what is paid out.

What was asked for before was the whole loan; the version before goes on asking for that, and reads no such fees.
"""

import sqlalchemy as sa
from alembic import op

revision = "0420_keep_deducted_fees_back"
down_revision = "0410_keep_former_telephones"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "disbursement_requests", sa.Column("deducted_fees", sa.Numeric(15, 2), server_default="0", nullable=False)
    )


def downgrade() -> None:
    op.drop_column("disbursement_requests", "deducted_fees")
