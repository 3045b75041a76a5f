"""Keep what applications are looked for by in narrow rows of their own, written the way it is looked for.

Nothing is locked for long, and the version that still runs neither reads these rows nor writes them: a trigger does.
Once it stands, what was there before is written in batches, each a transaction of its own; a batch never overwrites
what the trigger wrote meanwhile. A revision that was cut off goes on where it was when it is run again.
"""

from uuid import UUID

import sqlalchemy as sa
from alembic import op

revision = "0140_find_by_name"
down_revision = "0130_trace_jobs"
branch_labels = None
depends_on = None

TABLE = "application_names"
NOBODY = UUID(int=0)

COLUMNS = "(id, branch_id, owner_id, created_at, words)"
NAMES = "full_name_latin, full_name_khmer, account_id"

WORDS = """
CREATE OR REPLACE FUNCTION words_of_application(latin text, khmer text, account text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN lower(searchable(translate(
  coalesce(latin, '') || E'\\n' || coalesce(khmer, '') || E'\\n' || coalesce(account, ''),
  '០១២៣៤៥៦៧៨៩', '0123456789')))
"""
"""Each on a line of its own, so that nothing is found that begins in one name and ends in the other."""

NAME = f"""
CREATE OR REPLACE FUNCTION name_application() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    DELETE FROM application_names WHERE id = OLD.id;
  ELSE
    INSERT INTO application_names {COLUMNS}
    VALUES (NEW.id, NEW.branch_id, NEW.user_id, NEW.created_at,
      words_of_application(NEW.full_name_latin, NEW.full_name_khmer, NEW.account_id))
    ON CONFLICT (id) DO UPDATE SET branch_id = EXCLUDED.branch_id, owner_id = EXCLUDED.owner_id,
      created_at = EXCLUDED.created_at, words = EXCLUDED.words;
  END IF;
  RETURN NULL;
END $$
"""  # noqa: S608 - the text is ours

NAME_AGAIN = f"""
CREATE OR REPLACE FUNCTION name_applications_again() RETURNS void LANGUAGE sql AS $$
  DELETE FROM application_names;
  INSERT INTO application_names {COLUMNS}
  SELECT id, branch_id, user_id, created_at, words_of_application({NAMES}) FROM customer_applications;
$$
"""  # noqa: S608 - the text is ours

ONE_BATCH = f"""
WITH batch AS MATERIALIZED (
  SELECT id, branch_id, user_id, created_at, words_of_application({NAMES}) AS words
  FROM customer_applications WHERE id > :last ORDER BY id LIMIT 10000
), written AS (
  INSERT INTO application_names {COLUMNS} SELECT * FROM batch ON CONFLICT (id) DO NOTHING
)
SELECT id FROM batch ORDER BY id DESC LIMIT 1
"""  # noqa: S608 - the text is ours

WATCHED = ("full_name_latin", "full_name_khmer", "account_id", "branch_id", "user_id", "created_at")


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("branch_id", sa.Uuid(), nullable=True),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("words", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_application_names")),
        if_not_exists=True,
    )
    for whose in ("branch_id", "owner_id"):
        op.create_index(
            f"ix_{TABLE}_{whose}",
            TABLE,
            [whose, sa.text("created_at DESC"), "id"],
            postgresql_include=["words"] if whose == "branch_id" else ["words", "branch_id"],
            if_not_exists=True,
        )
    op.create_index(
        f"ix_{TABLE}_words_trgm",
        TABLE,
        ["words"],
        postgresql_using="gin",
        postgresql_ops={"words": "gin_trgm_ops"},
        if_not_exists=True,
    )
    for function in (WORDS, NAME, NAME_AGAIN):
        op.execute(function)
    on = "ON customer_applications FOR EACH ROW"
    old, new = (", ".join(f"{side}.{column}" for column in WATCHED) for side in ("OLD", "NEW"))
    op.execute(
        f"CREATE OR REPLACE TRIGGER name_application AFTER INSERT OR DELETE {on} EXECUTE FUNCTION name_application()"
    )
    op.execute(
        f"CREATE OR REPLACE TRIGGER name_application_again AFTER UPDATE {on}"
        f" WHEN (({old}) IS DISTINCT FROM ({new})) EXECUTE FUNCTION name_application()"
    )
    with op.get_context().autocommit_block():
        last: UUID | None = NOBODY
        while last is not None:
            last = op.get_bind().scalar(sa.text(ONE_BATCH), {"last": last})
        op.execute(f"VACUUM (ANALYZE) {TABLE}")


def downgrade() -> None:
    op.execute("DROP TRIGGER name_application ON customer_applications")
    op.execute("DROP TRIGGER name_application_again ON customer_applications")
    for function in ("name_applications_again()", "name_application()", "words_of_application(text, text, text)"):
        op.execute(f"DROP FUNCTION {function}")
    op.drop_table(TABLE)
