"""Add selfies."""

import sqlalchemy as sa
from alembic import op

revision = "0071_add_selfies"
down_revision = "0070_add_deliveries"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "selfies",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("selfie_type", sa.String(40), nullable=False),
        sa.Column("customer_id_number", sa.String(50), nullable=True),
        sa.Column("customer_name", sa.String(200), nullable=True),
        sa.Column("location_latitude", sa.Float(), nullable=True),
        sa.Column("location_longitude", sa.Float(), nullable=True),
        sa.Column("location_address", sa.Text(), nullable=True),
        sa.Column("notes", sa.Text(), nullable=True),
        sa.Column("taken_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.String(40), nullable=False),
        sa.Column("validated_by", sa.Uuid(), nullable=True),
        sa.Column("validated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("validation_notes", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["file_id"], ["files.id"], name="fk_selfies_file_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["application_id"],
            ["customer_applications.id"],
            name="fk_selfies_application_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["taken_by"], ["users.id"], name="fk_selfies_taken_by"),
        sa.ForeignKeyConstraint(["validated_by"], ["users.id"], name="fk_selfies_validated_by"),
        sa.PrimaryKeyConstraint("id", name="pk_selfies"),
        sa.UniqueConstraint("file_id", name="uq_selfies_file_id"),
    )
    op.create_index("ix_selfies_application_id_created_at", "selfies", ["application_id", "created_at"])


def downgrade() -> None:
    op.drop_table("selfies")
