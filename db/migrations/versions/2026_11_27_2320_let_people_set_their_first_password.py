"""Let people set their first password, and take lists of accounts in."""

import sqlalchemy as sa
from alembic import op

revision = "0020_first_passwords"
down_revision = "0053_match_officers"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.alter_column("users", "password_hash", nullable=True)
    op.create_table(
        "activations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_activations_user_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name=op.f("fk_activations_created_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_activations")),
        sa.UniqueConstraint("digest", name=op.f("uq_activations_digest")),
    )
    op.create_index("ix_activations_user_id", "activations", ["user_id"])
    op.create_table(
        "account_imports",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("started_by", sa.Uuid(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("filename", sa.String(length=255), nullable=False),
        sa.Column("mode", sa.String(length=40), nullable=False),
        sa.Column("total_rows", sa.Integer(), nullable=False),
        sa.Column("done_rows", sa.Integer(), nullable=False),
        sa.Column("successful_imports", sa.Integer(), nullable=False),
        sa.Column("successful_updates", sa.Integer(), nullable=False),
        sa.Column("unchanged_rows", sa.Integer(), nullable=False),
        sa.Column("failed_rows", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["started_by"], ["users.id"], name=op.f("fk_account_imports_started_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_imports")),
    )
    op.create_index("ix_account_imports_started_by_started_at", "account_imports", ["started_by", "started_at"])


def downgrade() -> None:
    op.drop_index("ix_account_imports_started_by_started_at", table_name="account_imports")
    op.drop_table("account_imports")
    op.drop_index("ix_activations_user_id", table_name="activations")
    op.drop_table("activations")
    # Whoever has no password yet gets a hash that nobody knows a password for.
    op.execute(
        "UPDATE users SET password_hash = '$2b$12$' || left(md5(random()::text), 21) || 'u'"
        " || left(md5(random()::text), 31) WHERE password_hash IS NULL"
    )
    op.alter_column("users", "password_hash", nullable=False)
