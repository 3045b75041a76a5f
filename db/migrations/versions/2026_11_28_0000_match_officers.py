"""Remember which assignments were made from names, find the names that are left, and list by urgency and amount."""

import sqlalchemy as sa
from alembic import op

revision = "0053_match_officers"
down_revision = "0052_add_comments"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("application_employee_assignments", sa.Column("written_as", sa.String(length=200), nullable=True))
    op.create_index(
        "ix_customer_applications_officer_unmatched",
        "customer_applications",
        ["portfolio_officer_name"],
        postgresql_where=sa.text("portfolio_officer_name IS NOT NULL AND NOT portfolio_officer_migrated"),
    )
    op.create_index(
        "ix_customer_applications_priority_level_created_at",
        "customer_applications",
        ["priority_level", sa.text("created_at DESC")],
    )
    op.create_index(
        "ix_customer_applications_requested_amount",
        "customer_applications",
        [sa.text("requested_amount DESC NULLS LAST")],
    )


def downgrade() -> None:
    op.drop_index("ix_customer_applications_requested_amount", table_name="customer_applications")
    op.drop_index("ix_customer_applications_priority_level_created_at", table_name="customer_applications")
    op.drop_index("ix_customer_applications_officer_unmatched", table_name="customer_applications")
    op.drop_column("application_employee_assignments", "written_as")
