"""Add tasks and the deadlines of stages; what is open now becomes work without a deadline."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0062_add_tasks"
down_revision = "0061_add_branch_hours"
branch_labels = None
depends_on = None

OPEN = sa.text("closed_at IS NULL")

TAKE_OVER = """
INSERT INTO tasks (id, application_id, branch_id, stage, cycle, opened_at, owner_id, owned_at, excluded, used_seconds)
SELECT gen_random_uuid(), id, branch_id, workflow_status, cycle, updated_at,
  CASE workflow_status WHEN 'RETURNED' THEN user_id END,
  CASE workflow_status WHEN 'RETURNED' THEN updated_at END,
  CASE workflow_status WHEN 'MANAGER_REVIEW' THEN array_append(preparers, user_id) ELSE '{}' END, 0
FROM customer_applications
WHERE workflow_status IN ('RETURNED', 'USER_COMPLETED', 'TELLER_PROCESSING', 'MANAGER_REVIEW', 'APPROVED')
"""


def moment(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=True)


def upgrade() -> None:
    op.create_table(
        "stage_deadlines",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("stage", sa.String(40), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_stage_deadlines"),
        sa.UniqueConstraint("stage", name="uq_stage_deadlines_stage"),
    )
    op.create_table(
        "tasks",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("branch_id", sa.Uuid(), nullable=True),
        sa.Column("stage", sa.String(40), nullable=False),
        sa.Column("cycle", sa.SmallInteger(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        moment("owned_at"),
        sa.Column("excluded", ARRAY(sa.Uuid()), nullable=False),
        moment("at_risk_at"),
        moment("due_at"),
        moment("breach_told_at"),
        moment("closed_at"),
        sa.Column("used_seconds", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["application_id"], ["customer_applications.id"], name="fk_tasks_application_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["branch_id"], ["branches.id"], name="fk_tasks_branch_id"),
        sa.ForeignKeyConstraint(["owner_id"], ["users.id"], name="fk_tasks_owner_id"),
        sa.PrimaryKeyConstraint("id", name="pk_tasks"),
    )
    op.create_index("uq_tasks_application_id_open", "tasks", ["application_id"], unique=True, postgresql_where=OPEN)
    op.create_index("ix_tasks_application_id_cycle_stage", "tasks", ["application_id", "cycle", "stage"])
    by_urgency = ["due_at", "opened_at", "id"]
    op.create_index("ix_tasks_owner_id_due_at", "tasks", ["owner_id", *by_urgency], postgresql_where=OPEN)
    op.create_index("ix_tasks_branch_id_due_at", "tasks", ["branch_id", *by_urgency], postgresql_where=OPEN)
    op.create_index("ix_tasks_due_at", "tasks", by_urgency, postgresql_where=OPEN)
    op.create_index(
        "ix_tasks_unclaimed",
        "tasks",
        ["branch_id", *by_urgency],
        postgresql_where=sa.text("closed_at IS NULL AND owner_id IS NULL"),
    )
    op.create_index(
        "ix_tasks_untold", "tasks", ["due_at"], postgresql_where=sa.text("closed_at IS NULL AND breach_told_at IS NULL")
    )
    op.execute(TAKE_OVER)


def downgrade() -> None:
    op.drop_table("tasks")
    op.drop_table("stage_deadlines")
