"""Add the hours of branches, and holidays."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0061_add_branch_hours"
down_revision = "0041_assess_loans"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "branch_hours",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("branch_id", sa.Uuid(), nullable=False),
        sa.Column("time_zone", sa.String(60), nullable=False),
        sa.Column("week", JSONB(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["branch_id"], ["branches.id"], name="fk_branch_hours_branch_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_branch_hours"),
        sa.UniqueConstraint("branch_id", name="uq_branch_hours_branch_id"),
    )
    op.create_table(
        "holidays",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("branch_id", sa.Uuid(), nullable=True),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["branch_id"], ["branches.id"], name="fk_holidays_branch_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_holidays"),
        sa.UniqueConstraint("day", "branch_id", name="uq_holidays_day_branch_id", postgresql_nulls_not_distinct=True),
    )
    op.create_index("ix_holidays_branch_id_day", "holidays", ["branch_id", "day"])


def downgrade() -> None:
    op.drop_table("holidays")
    op.drop_table("branch_hours")
