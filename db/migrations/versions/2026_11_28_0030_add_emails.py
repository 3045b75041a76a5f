"""Add which notifications are still to be sent by e-mail."""

import sqlalchemy as sa
from alembic import op

revision = "0081_add_emails"
down_revision = "0054_search_khmer"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("notifications", sa.Column("email_due_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("notifications", sa.Column("emailed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("notifications", sa.Column("email_attempts", sa.SmallInteger(), server_default="0", nullable=False))
    op.create_index(
        "ix_notifications_email_due_at",
        "notifications",
        ["email_due_at"],
        postgresql_where=sa.text("email_due_at IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_column("notifications", "email_attempts")
    op.drop_column("notifications", "emailed_at")
    op.drop_column("notifications", "email_due_at")
