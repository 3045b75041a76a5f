"""Keep removed files for a while, and the versions of papers."""

import sqlalchemy as sa
from alembic import op

revision = "0110_keep_removed_files"
down_revision = "0012_remember_requests"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("files", sa.Column("bound", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("files", sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("files", sa.Column("deleted_by", sa.Uuid(), nullable=True))
    op.add_column("files", sa.Column("replaces_id", sa.Uuid(), nullable=True))
    op.add_column("files", sa.Column("version", sa.SmallInteger(), server_default=sa.text("1"), nullable=False))
    op.add_column("files", sa.Column("replaced_at", sa.DateTime(timezone=True), nullable=True))
    op.create_foreign_key("fk_files_deleted_by", "files", "users", ["deleted_by"], ["id"])
    op.create_foreign_key("fk_files_replaces_id", "files", "files", ["replaces_id"], ["id"], ondelete="SET NULL")
    op.create_index("ix_files_deleted_at", "files", ["deleted_at"], postgresql_where=sa.text("deleted_at IS NOT NULL"))
    op.create_index(
        "uq_files_replaces_id", "files", ["replaces_id"], unique=True, postgresql_where=sa.text("deleted_at IS NULL")
    )
    op.execute("UPDATE files SET bound = true WHERE id IN (SELECT file_id FROM selfies)")


def downgrade() -> None:
    # the version before knows no removed files: it would show them again
    op.execute("DELETE FROM files WHERE deleted_at IS NOT NULL")
    op.drop_index("uq_files_replaces_id", table_name="files")
    op.drop_index("ix_files_deleted_at", table_name="files")
    op.drop_constraint("fk_files_replaces_id", "files", type_="foreignkey")
    op.drop_constraint("fk_files_deleted_by", "files", type_="foreignkey")
    for name in ("replaced_at", "version", "replaces_id", "deleted_by", "deleted_at", "bound"):
        op.drop_column("files", name)
