"""Let trigrams see the whole of a Khmer name."""

import sqlalchemy as sa
from alembic import op

revision = "0054_search_khmer"
down_revision = "0080_add_preferences"
branch_labels = None
depends_on = None

KHMER = "".join(chr(0x1780 + place) for place in range(128))
LETTERS = "".join(chr(0xA000 + place) for place in range(128))
"""Syllables of Yi: letters in every locale, and nobody here writes them."""

FUNCTION = f"""
CREATE FUNCTION searchable(text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN translate($1, '{KHMER}', '{LETTERS}')
"""


def upgrade() -> None:
    op.execute(FUNCTION)
    for table in ("customer_applications", "customers"):
        for name in ("full_name_khmer", "full_name_latin"):
            op.drop_index(f"ix_{table}_{name}_trgm", table_name=table)
            op.create_index(
                f"ix_{table}_{name}_trgm",
                table,
                [sa.func.searchable(sa.text(name)).label("key")],
                postgresql_using="gin",
                postgresql_ops={"key": "gin_trgm_ops"},
            )


def downgrade() -> None:
    for table in ("customers", "customer_applications"):
        for name in ("full_name_latin", "full_name_khmer"):
            op.drop_index(f"ix_{table}_{name}_trgm", table_name=table)
            op.create_index(
                f"ix_{table}_{name}_trgm",
                table,
                [name],
                postgresql_using="gin",
                postgresql_ops={name: "gin_trgm_ops"},
            )
    op.execute("DROP FUNCTION searchable(text)")
