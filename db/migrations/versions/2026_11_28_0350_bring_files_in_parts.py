"""Bring files in parts."""

import sqlalchemy as sa
from alembic import op

revision = "0112_bring_files_in_parts"
down_revision = "0122_print_dossiers"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("deliveries", sa.Column("content_type", sa.String(100), nullable=True))
    op.add_column("deliveries", sa.Column("attempt", sa.String(500), nullable=True))
    op.add_column("deliveries", sa.Column("part_size", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    for name in ("part_size", "attempt", "content_type"):
        op.drop_column("deliveries", name)
