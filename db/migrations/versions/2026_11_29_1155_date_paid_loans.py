"""Write the day on which a loan was paid out as its beginning: its schedule is reckoned from that day.

It stood in the confirmation of the payment alone. The version before writes no such day, and reads none.
"""

from alembic import op

revision = "0390_date_paid_loans"
down_revision = "0380_keep_keys_of_tablets"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "UPDATE customer_applications SET loan_start_date = paid_on FROM disbursement_requests paid"
        " WHERE paid.application_id = customer_applications.id AND paid.status = 'confirmed'"
        " AND loan_start_date IS DISTINCT FROM paid_on"
    )


def downgrade() -> None:
    """What the officers had written before is not known."""
