"""List files by their age through an index, however many there are."""

import sqlalchemy as sa
from alembic import op

revision = "0311_list_files_by_age"
down_revision = "0125_tally_applications"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_files_created_at", "files", [sa.text("created_at DESC")])


def downgrade() -> None:
    op.drop_index("ix_files_created_at", table_name="files")
