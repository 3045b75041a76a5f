"""Keep the terms that were recommended beside those that were asked for, and what a decision's own terms cost.

The version before neither reads nor writes them.
"""

import sqlalchemy as sa
from alembic import op

revision = "0430_keep_recommended_terms"
down_revision = "0420_keep_deducted_fees_back"
branch_labels = None
depends_on = None

TERMS = (
    ("recommended_amount", sa.Numeric(15, 2)),
    ("recommended_loan_term", sa.Integer()),
    ("recommended_interest_rate", sa.Numeric(7, 4)),
)


def upgrade() -> None:
    for name, kind in TERMS:
        op.add_column("customer_applications", sa.Column(name, kind, nullable=True))
    op.add_column("application_decisions", sa.Column("quote_hash", sa.String(64), nullable=True))


def downgrade() -> None:
    op.drop_column("application_decisions", "quote_hash")
    for name, _ in TERMS:
        op.drop_column("customer_applications", name)
