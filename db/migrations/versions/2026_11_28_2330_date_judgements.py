"""Note with a score and with a household's judgement how often the application had changed in substance.

What was found before is taken to be of the application as it stands.
"""

import sqlalchemy as sa
from alembic import op

revision = "0350_date_judgements"
down_revision = "0160_drop_unread_indexes"
branch_labels = None
depends_on = None


_AS_IT_STANDS = "SET material_changes = loan.material_changes FROM customer_applications loan"


def upgrade() -> None:
    for table in ("application_scores", "affordability_assessments"):
        # The version before writes no such column; what it finds counts as outdated once the application has changed.
        op.add_column(table, sa.Column("material_changes", sa.Integer(), server_default="0", nullable=False))
    op.execute(f"UPDATE application_scores found {_AS_IT_STANDS} WHERE loan.id = found.application_id")
    op.execute(f"UPDATE affordability_assessments found {_AS_IT_STANDS} WHERE loan.id = found.application_id")


def downgrade() -> None:
    for table in ("affordability_assessments", "application_scores"):
        op.drop_column(table, "material_changes")
