"""Keep with a task the working minutes it was opened with, so that its deadline can be reckoned anew.

What the version before opens has none: what its stage may take now is taken for it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0370_keep_minutes_of_tasks"
down_revision = "0360_plain_names"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("tasks", sa.Column("minutes", sa.Integer(), nullable=True))


def downgrade() -> None:
    op.drop_column("tasks", "minutes")
