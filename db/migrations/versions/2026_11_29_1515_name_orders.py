"""Name each order that a payer is given, and say when it was refused.

The version before names orders by their application, as is done where no key stands.
"""

import sqlalchemy as sa
from alembic import op

revision = "0440_name_orders"
down_revision = "0430_keep_recommended_terms"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("disbursement_requests", sa.Column("order_key", sa.Uuid(), nullable=True))
    op.add_column("disbursement_requests", sa.Column("refused_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("disbursement_requests", "refused_at")
    op.drop_column("disbursement_requests", "order_key")
