"""Number the conditions of approvals in the order in which they were set, and write accounts in capitals.

Conditions of one approval have one moment, so that they stood in any order. An account written in small letters was
another account; accounts of two customers that would become one stay as they are: whose it is, people have to find out.
The version before inserts without a number, and takes accounts in capitals as well.
"""

from alembic import op

revision = "0490_number_conditions"
down_revision = "0480_follow_merged_customers"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE approval_conditions ADD COLUMN number bigint GENERATED ALWAYS AS IDENTITY")
    op.execute(
        "UPDATE customer_accounts AS small SET account_id = upper(account_id) WHERE account_id <> upper(account_id)"
        " AND NOT EXISTS (SELECT FROM customer_accounts AS other"
        " WHERE other.id <> small.id AND upper(other.account_id) = upper(small.account_id))"
    )
    op.execute(
        "UPDATE customer_applications SET account_id = upper(account_id) WHERE account_id <> upper(account_id)"
        " AND NOT EXISTS (SELECT FROM customer_accounts WHERE account_id = customer_applications.account_id)"
    )


def downgrade() -> None:
    op.execute("ALTER TABLE approval_conditions DROP COLUMN number")
