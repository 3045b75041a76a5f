"""Look into pictures."""

import sqlalchemy as sa
from alembic import op

revision = "0111_look_into_pictures"
down_revision = "0120_name_kinds_of_papers"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("files", sa.Column("arrived_sha256", sa.LargeBinary(32), nullable=True))
    op.add_column("files", sa.Column("width", sa.Integer(), nullable=True))
    op.add_column("files", sa.Column("height", sa.Integer(), nullable=True))
    op.add_column("files", sa.Column("latitude", sa.Float(), nullable=True))
    op.add_column("files", sa.Column("longitude", sa.Float(), nullable=True))
    op.add_column("files", sa.Column("previews", sa.Boolean(), nullable=True))
    op.create_index("ix_files_sha256", "files", ["sha256"])
    op.create_index(
        "ix_files_arrived_sha256",
        "files",
        ["arrived_sha256"],
        postgresql_where=sa.text("arrived_sha256 IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_files_arrived_sha256", table_name="files")
    op.drop_index("ix_files_sha256", table_name="files")
    for name in ("previews", "longitude", "latitude", "height", "width", "arrived_sha256"):
        op.drop_column("files", name)
