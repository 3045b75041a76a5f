"""Block addresses."""

import sqlalchemy as sa
from alembic import op

revision = "0022_blocked_addresses"
down_revision = "0021_offboardings"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "blocked_addresses",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("network", sa.String(length=43), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name=op.f("fk_blocked_addresses_created_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_blocked_addresses")),
        sa.UniqueConstraint("network", name=op.f("uq_blocked_addresses_network")),
    )


def downgrade() -> None:
    op.drop_table("blocked_addresses")
