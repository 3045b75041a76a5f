"""Write accounts without the spaces in them, as they are kept now: with one it was another account.

Accounts of two customers that would become one stay as they are: whose it is, people have to find out. The version
before takes an account without spaces as well.
"""

from alembic import op

revision = "0460_close_accounts_up"
down_revision = "0450_let_days_be_sealed_anew"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "UPDATE customer_accounts AS spaced SET account_id = replace(account_id, ' ', '')"
        " WHERE account_id LIKE '% %' AND NOT EXISTS (SELECT FROM customer_accounts AS other"
        " WHERE other.id <> spaced.id"
        " AND replace(other.account_id, ' ', '') = replace(spaced.account_id, ' ', ''))"
    )
    op.execute(
        "UPDATE customer_applications SET account_id = replace(account_id, ' ', '') WHERE account_id LIKE '% %'"
        " AND NOT EXISTS (SELECT FROM customer_accounts WHERE account_id = customer_applications.account_id)"
    )


def downgrade() -> None:
    """Where the spaces stood is not known."""
