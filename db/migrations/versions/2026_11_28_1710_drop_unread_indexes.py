"""Drop the trigrams of applications that no search reads any more: each move of an application wrote all three."""

from alembic import op
from sqlalchemy import text

revision = "0160_drop_unread_indexes"
down_revision = "0150_tell_of_rights"
branch_labels = None
depends_on = None

TABLE = "customer_applications"
KEYS = {
    "full_name_khmer": "searchable(full_name_khmer)",
    "full_name_latin": "searchable(full_name_latin)",
    "account_id": "account_id",
}
"""What the index of each column holds; searches read `application_names` instead."""


def upgrade() -> None:
    for name in KEYS:
        op.drop_index(f"ix_{TABLE}_{name}_trgm", table_name=TABLE)


def downgrade() -> None:
    for name, key in KEYS.items():
        op.create_index(f"ix_{TABLE}_{name}_trgm", TABLE, [text(f"{key} gin_trgm_ops")], postgresql_using="gin")
