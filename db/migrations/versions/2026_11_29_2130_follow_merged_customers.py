"""Give what still leads to a customer who was merged away to whoever they were merged into.

A draft that found somebody while they were merged stayed with the row that was gone.
"""

from alembic import op

revision = "0480_follow_merged_customers"
down_revision = "0470_count_from_moves"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "UPDATE customer_applications AS its SET customer_id = gone.merged_into, version = its.version + 1"
        " FROM customers AS gone WHERE gone.id = its.customer_id AND gone.merged_into IS NOT NULL"
    )
    op.execute(
        "UPDATE application_parties AS its SET customer_id = gone.merged_into"
        " FROM customers AS gone WHERE gone.id = its.customer_id AND gone.merged_into IS NOT NULL"
    )
    op.execute(
        "UPDATE customer_accounts AS its SET customer_id = gone.merged_into"
        " FROM customers AS gone WHERE gone.id = its.customer_id AND gone.merged_into IS NOT NULL"
    )
    # Of numbers that would be there twice, the one that is there stays, or else one of those that come.
    op.execute(
        "DELETE FROM customer_identities AS its USING customers AS gone, customer_identities AS other"
        " JOIN customers AS whose ON whose.id = other.customer_id"
        " WHERE gone.id = its.customer_id AND gone.merged_into IS NOT NULL AND other.id <> its.id"
        " AND other.identity_index = its.identity_index AND coalesce(whose.merged_into, whose.id) = gone.merged_into"
        " AND (whose.merged_into IS NULL OR other.id < its.id)"
    )
    op.execute(
        "UPDATE customer_identities AS its SET customer_id = gone.merged_into"
        " FROM customers AS gone WHERE gone.id = its.customer_id AND gone.merged_into IS NOT NULL"
    )
    op.execute(
        "DELETE FROM customer_phones AS its USING customers AS gone, customer_phones AS other"
        " JOIN customers AS whose ON whose.id = other.customer_id"
        " WHERE gone.id = its.customer_id AND gone.merged_into IS NOT NULL AND other.id <> its.id"
        " AND other.phone_index = its.phone_index AND coalesce(whose.merged_into, whose.id) = gone.merged_into"
        " AND (whose.merged_into IS NULL OR other.id < its.id)"
    )
    op.execute(
        "UPDATE customer_phones AS its SET customer_id = gone.merged_into"
        " FROM customers AS gone WHERE gone.id = its.customer_id AND gone.merged_into IS NOT NULL"
    )


def downgrade() -> None:
    """What led to the row that was gone is not known."""
