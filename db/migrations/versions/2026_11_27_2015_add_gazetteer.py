"""Add the gazetteer: places with their official codes."""

import sqlalchemy as sa
from alembic import op

revision = "0002_gazetteer"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "gazetteer_places",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=8), nullable=False),
        sa.Column("parent_code", sa.String(length=6), nullable=True),
        sa.Column("level", sa.String(length=40), nullable=False),
        sa.Column("name_en", sa.String(length=200), nullable=False),
        sa.Column("name_km", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gazetteer_places")),
        sa.UniqueConstraint("code", name=op.f("uq_gazetteer_places_code")),
    )
    op.create_index("ix_gazetteer_places_parent_code", "gazetteer_places", ["parent_code"])


def downgrade() -> None:
    op.drop_index("ix_gazetteer_places_parent_code", table_name="gazetteer_places")
    op.drop_table("gazetteer_places")
