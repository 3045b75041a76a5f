"""Print dossiers: what is printed, how far it is, and where it is kept."""

import sqlalchemy as sa
from alembic import op

revision = "0122_print_dossiers"
down_revision = "0130_count_figures"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "dossier_prints",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("language", sa.String(length=40), nullable=False),
        sa.Column("content_sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("whole", sa.Boolean(), nullable=False),
        sa.Column("filename", sa.String(length=300), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("progress", sa.SmallInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("sha256", sa.LargeBinary(length=32), nullable=True),
        sa.Column("asked_by", sa.Uuid(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["application_id"],
            ["customer_applications.id"],
            name=op.f("fk_dossier_prints_application_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["asked_by"], ["users.id"], name=op.f("fk_dossier_prints_asked_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dossier_prints")),
    )
    op.create_index(
        "ix_dossier_prints_application_id_content_sha256",
        "dossier_prints",
        ["application_id", "content_sha256", "language"],
    )


def downgrade() -> None:
    op.drop_table("dossier_prints")
