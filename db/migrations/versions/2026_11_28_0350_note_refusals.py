"""Note who was refused a decision."""

import sqlalchemy as sa
from alembic import op

revision = "0091_note_refusals"
down_revision = "0090_seal_numbers"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "refused_decisions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=True),
        sa.Column("code", sa.String(80), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=True),
        sa.Column("address", sa.String(64), nullable=True),
        sa.Column("request_id", sa.String(64), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["users.id"], name="fk_refused_decisions_person_id"),
        sa.PrimaryKeyConstraint("id", name="pk_refused_decisions"),
    )
    op.create_index("ix_refused_decisions_at", "refused_decisions", ["at"])
    op.create_index("ix_refused_decisions_person_id_at", "refused_decisions", ["person_id", "at"])


def downgrade() -> None:
    op.drop_table("refused_decisions")
