"""Add files that were announced and are on their way."""

import sqlalchemy as sa
from alembic import op

revision = "0070_add_deliveries"
down_revision = "0081_add_emails"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "deliveries",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("filename", sa.String(300), nullable=False),
        sa.Column("file_size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(32), nullable=True),
        sa.Column("document_type", sa.String(60), nullable=True),
        sa.Column("field_name", sa.String(100), nullable=True),
        sa.Column("application_id", sa.Uuid(), nullable=True),
        sa.Column("folder_id", sa.Uuid(), nullable=True),
        sa.Column("announced_by", sa.Uuid(), nullable=False),
        sa.Column("announced_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["announced_by"], ["users.id"], name="fk_deliveries_announced_by"),
        sa.PrimaryKeyConstraint("id", name="pk_deliveries"),
        sa.UniqueConstraint("key", name="uq_deliveries_key"),
    )
    op.create_index("ix_deliveries_ends_at", "deliveries", ["ends_at"])


def downgrade() -> None:
    op.drop_table("deliveries")
