"""Number the conditions of approvals in the order in which they were set.

Conditions of one approval have one moment, so that they stood in any order. The version before inserts
without a number.
"""

from alembic import op

revision = "0490_number_conditions"
down_revision = "0480_follow_merged_customers"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE approval_conditions ADD COLUMN number bigint GENERATED ALWAYS AS IDENTITY")


def downgrade() -> None:
    op.execute("ALTER TABLE approval_conditions DROP COLUMN number")
