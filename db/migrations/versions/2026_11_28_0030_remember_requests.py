"""Remember requests by their idempotency keys."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012_remember_requests"
down_revision = "0082_add_webhooks"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "remembered_requests",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("request_id", sa.String(length=64), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=True),
        sa.Column("headers", postgresql.JSONB(none_as_null=True), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_remembered_requests")),
        sa.UniqueConstraint("person_id", "key", name=op.f("uq_remembered_requests_person_id_key")),
    )
    op.create_index("ix_remembered_requests_begun_at", "remembered_requests", ["begun_at"])


def downgrade() -> None:
    op.drop_index("ix_remembered_requests_begun_at", table_name="remembered_requests")
    op.drop_table("remembered_requests")
