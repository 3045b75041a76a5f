"""Write the names of folders, and of kinds of papers, as they look: what nobody sees set them apart before.

A folder beside another that looks the same keeps its name, and is named in the log by its id: a person puts their
papers together.
"""

import logging

import sqlalchemy as sa
from alembic import op

from lc_workflow.kernel.names import plain

revision = "0360_plain_names"
down_revision = "0350_date_judgements"
branch_labels = None
depends_on = None

COLUMNS = {"folders": ["name"], "document_types": ["folder", "label_en", "label_km"]}

ALONE = """
 AND NOT EXISTS (
  SELECT FROM folders beside WHERE beside.name = :plain
  AND beside.parent_id IS NOT DISTINCT FROM folders.parent_id
  AND beside.application_id IS NOT DISTINCT FROM folders.application_id)
"""

_log = logging.getLogger("alembic.runtime.migration")


def upgrade() -> None:
    connection = op.get_bind()
    for table, columns in COLUMNS.items():
        for column in columns:
            for name in connection.scalars(sa.text(f"SELECT DISTINCT {column} FROM {table} ORDER BY 1")).all():  # noqa: S608 - the words are ours
                if plain(name) not in {name, ""}:
                    _write(connection, table, column, name)


def _write(connection: sa.Connection, table: str, column: str, name: str) -> None:
    alone = ALONE if table == "folders" else ""
    wish = {"name": name, "plain": plain(name)}
    connection.execute(sa.text(f"UPDATE {table} SET {column} = :plain WHERE {column} = :name{alone}"), wish)  # noqa: S608 - as above
    for left in connection.scalars(sa.text(f"SELECT id FROM {table} WHERE {column} = :name"), wish):  # noqa: S608 - as above
        _log.warning("The folder %s looks like another beside it, and keeps its name.", left)


def downgrade() -> None:
    """How they were written before is not known."""
