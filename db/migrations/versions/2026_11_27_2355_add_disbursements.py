"""Add requests to pay loans out, and when an application's was made."""

import sqlalchemy as sa
from alembic import op

revision = "0063_add_disbursements"
down_revision = "0062_add_tasks"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "customer_applications", sa.Column("disbursement_requested_at", sa.DateTime(timezone=True), nullable=True)
    )
    op.create_table(
        "disbursement_requests",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("cycle", sa.SmallInteger(), nullable=False),
        sa.Column("status", sa.String(40), nullable=False),
        sa.Column("amount", sa.Numeric(15, 2), nullable=False),
        sa.Column("currency", sa.String(40), nullable=False),
        sa.Column("account_id", sa.String(40), nullable=False),
        sa.Column("requested_by", sa.Uuid(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.SmallInteger(), nullable=False),
        sa.Column("last_error", sa.String(), nullable=True),
        sa.Column("connector", sa.String(20), nullable=True),
        sa.Column("handed_over_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("external_reference", sa.String(200), nullable=True),
        sa.Column("closed_by", sa.Uuid(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paid_on", sa.Date(), nullable=True),
        sa.Column("reference", sa.String(200), nullable=True),
        sa.Column("failure_reason", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["application_id"], ["customer_applications.id"], name="fk_disbursement_requests_application_id"
        ),
        sa.ForeignKeyConstraint(["requested_by"], ["users.id"], name="fk_disbursement_requests_requested_by"),
        sa.ForeignKeyConstraint(["closed_by"], ["users.id"], name="fk_disbursement_requests_closed_by"),
        sa.PrimaryKeyConstraint("id", name="pk_disbursement_requests"),
    )
    op.create_index("ix_disbursement_requests_application_id", "disbursement_requests", ["application_id"])
    op.create_index("ix_disbursement_requests_status_requested_at", "disbursement_requests", ["status", "requested_at"])
    op.create_index(
        "uq_disbursement_requests_application_id_standing",
        "disbursement_requests",
        ["application_id"],
        unique=True,
        postgresql_where=sa.text("status <> 'failed'"),
    )


def downgrade() -> None:
    op.drop_table("disbursement_requests")
    op.drop_column("customer_applications", "disbursement_requested_at")
