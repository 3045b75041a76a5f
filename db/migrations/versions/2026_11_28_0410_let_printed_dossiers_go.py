"""Let printed dossiers go: they outlive an application that is thrown away until their bytes are removed."""

import sqlalchemy as sa
from alembic import op

revision = "0123_let_printed_dossiers_go"
down_revision = "0112_bring_files_in_parts"
branch_labels = None
depends_on = None

KEY = "fk_dossier_prints_application_id"


def upgrade() -> None:
    op.alter_column("dossier_prints", "application_id", existing_type=sa.Uuid(), nullable=True)
    op.drop_constraint(KEY, "dossier_prints", type_="foreignkey")
    op.create_foreign_key(
        KEY, "dossier_prints", "customer_applications", ["application_id"], ["id"], ondelete="SET NULL"
    )
    op.create_index("ix_dossier_prints_asked_at", "dossier_prints", ["asked_at"])


def downgrade() -> None:
    op.drop_index("ix_dossier_prints_asked_at", "dossier_prints")
    op.execute("DELETE FROM dossier_prints WHERE application_id IS NULL")
    op.drop_constraint(KEY, "dossier_prints", type_="foreignkey")
    op.create_foreign_key(
        KEY, "dossier_prints", "customer_applications", ["application_id"], ["id"], ondelete="CASCADE"
    )
    op.alter_column("dossier_prints", "application_id", existing_type=sa.Uuid(), nullable=False)
