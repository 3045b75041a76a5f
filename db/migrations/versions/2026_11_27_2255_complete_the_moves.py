"""Complete the moves: for whom somebody stood in, what the house does itself, and who changed the substance."""

import sqlalchemy as sa
from alembic import op

revision = "0030_complete_the_moves"
down_revision = "0060_add_procrastinate"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("application_moves", sa.Column("on_behalf_of", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_application_moves_on_behalf_of"), "application_moves", "users", ["on_behalf_of"], ["id"]
    )
    op.alter_column("application_moves", "actor_id", nullable=True)
    op.add_column(
        "customer_applications", sa.Column("editors", sa.ARRAY(sa.Uuid()), nullable=False, server_default="{}")
    )
    op.add_column(
        "customer_applications", sa.Column("material_changes", sa.Integer(), nullable=False, server_default="0")
    )
    op.create_index(
        "ix_customer_applications_approved_at",
        "customer_applications",
        ["approved_at"],
        postgresql_where=sa.text("workflow_status = 'APPROVED'"),
    )


def downgrade() -> None:
    op.drop_index("ix_customer_applications_approved_at", table_name="customer_applications")
    op.drop_column("customer_applications", "material_changes")
    op.drop_column("customer_applications", "editors")
    op.execute("DELETE FROM application_moves WHERE actor_id IS NULL")
    op.alter_column("application_moves", "actor_id", nullable=False)
    op.drop_constraint(op.f("fk_application_moves_on_behalf_of"), "application_moves", type_="foreignkey")
    op.drop_column("application_moves", "on_behalf_of")
