"""Add comments on applications."""

import sqlalchemy as sa
from alembic import op

revision = "0052_add_comments"
down_revision = "0051_back_applications"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "application_comments",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["application_id"],
            ["customer_applications.id"],
            name=op.f("fk_application_comments_application_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["author_id"], ["users.id"], name=op.f("fk_application_comments_author_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_application_comments")),
    )
    op.create_index(
        "ix_application_comments_application_id_created_at", "application_comments", ["application_id", "created_at"]
    )


def downgrade() -> None:
    op.drop_table("application_comments")
