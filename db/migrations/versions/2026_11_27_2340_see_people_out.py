"""See people out, and find accounts by a part of what is written about them."""

import sqlalchemy as sa
from alembic import op

revision = "0021_offboardings"
down_revision = "0020_first_passwords"
branch_labels = None
depends_on = None

SEARCHED = ("username", "email", "full_name", "employee_id", "phone_number")
FULL_NAME = "(((((first_name)::text || ' '::text) || (last_name)::text) || ' '::text) || (first_name)::text)"


def upgrade() -> None:
    op.create_table(
        "offboardings",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("last_day", sa.Date(), nullable=True),
        sa.Column("successor_id", sa.Uuid(), nullable=True),
        sa.Column("initiated_by", sa.Uuid(), nullable=False),
        sa.Column("initiated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("completed_by", sa.Uuid(), nullable=True),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("handed_over", sa.Integer(), nullable=False),
        *(
            sa.ForeignKeyConstraint([column], ["users.id"], name=op.f(f"fk_offboardings_{column}"))
            for column in ("user_id", "successor_id", "initiated_by", "completed_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_offboardings")),
    )
    op.create_index("ix_offboardings_user_id", "offboardings", ["user_id"])
    op.create_index(
        "uq_offboardings_open",
        "offboardings",
        ["user_id"],
        unique=True,
        postgresql_where=sa.text("completed_at IS NULL"),
    )
    for column in ("status", "position_id", "last_login_at"):
        op.create_index(f"ix_users_{column}", "users", [column])
    op.add_column("users", sa.Column("full_name", sa.String(), sa.Computed(FULL_NAME, persisted=True), nullable=False))
    op.create_index(
        "ix_users_searched_trgm",
        "users",
        [*SEARCHED],
        postgresql_using="gin",
        postgresql_ops=dict.fromkeys(SEARCHED, "gin_trgm_ops"),
    )


def downgrade() -> None:
    op.drop_index("ix_users_searched_trgm", table_name="users")
    op.drop_column("users", "full_name")
    for column in ("status", "position_id", "last_login_at"):
        op.drop_index(f"ix_users_{column}", table_name="users")
    op.drop_table("offboardings")
