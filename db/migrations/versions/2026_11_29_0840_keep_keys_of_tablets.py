"""Say of each remembered request until when it is, for those of tablets are kept longer than a day.

What the version before remembers is kept for a day from its writing.
"""

import sqlalchemy as sa
from alembic import op

revision = "0380_keep_keys_of_tablets"
down_revision = "0370_keep_minutes_of_tasks"
branch_labels = None
depends_on = None


def upgrade() -> None:
    in_a_day = sa.text("now() + interval '24 hours'")
    op.add_column(
        "remembered_requests",
        sa.Column("kept_until", sa.DateTime(timezone=True), nullable=False, server_default=in_a_day),
    )
    op.create_index("ix_remembered_requests_kept_until", "remembered_requests", ["kept_until"])
    op.drop_index("ix_remembered_requests_begun_at", table_name="remembered_requests")


def downgrade() -> None:
    op.create_index("ix_remembered_requests_begun_at", "remembered_requests", ["begun_at"])
    op.drop_index("ix_remembered_requests_kept_until", table_name="remembered_requests")
    op.drop_column("remembered_requests", "kept_until")
