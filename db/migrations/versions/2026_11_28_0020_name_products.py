"""Let an application name any product of the institution, not only those of the web app's forms."""

import sqlalchemy as sa
from alembic import op

revision = "0042_name_products"
down_revision = "0023_second_factors"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("customer_applications", sa.Column("product_code", sa.String(length=40), nullable=True))


def downgrade() -> None:
    op.drop_column("customer_applications", "product_code")
