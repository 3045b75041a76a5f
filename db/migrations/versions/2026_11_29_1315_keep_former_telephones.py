"""Keep the telephones that people with accounts gave up: they go on saying to which loans somebody is a party.

The version before neither reads nor writes them.
"""

import sqlalchemy as sa
from alembic import op

revision = "0410_keep_former_telephones"
down_revision = "0400_tell_of_vacant_seats"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "former_telephones",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("phone_number", sa.LargeBinary(), nullable=False),
        sa.Column("given_up_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_former_telephones")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_former_telephones_user_id_users")),
    )
    op.create_index("ix_former_telephones_user_id", "former_telephones", ["user_id"])


def downgrade() -> None:
    op.drop_table("former_telephones")
