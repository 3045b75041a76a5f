"""Make room for the sealed secrets of webhooks."""

import sqlalchemy as sa
from alembic import op

revision = "0131_seal_webhooks"
down_revision = "0130_count_figures"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for column in ("secret", "previous_secret"):
        op.alter_column("webhooks", column, type_=sa.Text(), existing_type=sa.String(100))


def downgrade() -> None:
    """The release before signs with what it reads, so sealed secrets have to be rotated after going back."""
    for column in ("secret", "previous_secret"):
        shortened = sa.column(column, sa.Text())
        op.alter_column(
            "webhooks",
            column,
            type_=sa.String(100),
            existing_type=sa.Text(),
            postgresql_using=str(sa.func.left(shortened, sa.literal_column("100"))),
        )
