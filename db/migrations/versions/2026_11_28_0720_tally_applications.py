"""Keep count of applications and their papers, so that no list and no first page counts a branch's rows anew."""

import sqlalchemy as sa
from alembic import op

revision = "0125_tally_applications"
down_revision = "0310_number_changes"
branch_labels = None
depends_on = None

COLUMNS = "(id, branch_id, owner_id, stage, applications, papers, bytes)"

APPLICATIONS = f"""
CREATE FUNCTION tally_application() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP <> 'INSERT' THEN
    INSERT INTO application_tallies {COLUMNS}
    VALUES (gen_random_uuid(), OLD.branch_id, OLD.user_id, OLD.workflow_status, -1, 0, 0);
  END IF;
  IF TG_OP <> 'DELETE' THEN
    INSERT INTO application_tallies {COLUMNS}
    VALUES (gen_random_uuid(), NEW.branch_id, NEW.user_id, NEW.workflow_status, 1, 0, 0);
  END IF;
  IF TG_OP = 'UPDATE' AND (OLD.branch_id, OLD.user_id) IS DISTINCT FROM (NEW.branch_id, NEW.user_id) THEN
    INSERT INTO application_tallies {COLUMNS}
    SELECT gen_random_uuid(), side.branch_id, side.owner_id, NULL, 0,
      side.sign * count(*) FILTER (WHERE replaced_at IS NULL), side.sign * sum(file_size)
    FROM files, (VALUES (OLD.branch_id, OLD.user_id, -1), (NEW.branch_id, NEW.user_id, 1))
      AS side (branch_id, owner_id, sign)
    WHERE application_id = NEW.id AND deleted_at IS NULL
    GROUP BY side.branch_id, side.owner_id, side.sign;
  END IF;
  RETURN NULL;
END $$
"""  # noqa: S608 - the text is ours

PAPERS = f"""
CREATE FUNCTION tally_paper() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP <> 'INSERT' AND OLD.deleted_at IS NULL THEN
    INSERT INTO application_tallies {COLUMNS}
    SELECT gen_random_uuid(), branch_id, user_id, NULL, 0, -(OLD.replaced_at IS NULL)::int, -OLD.file_size
    FROM customer_applications WHERE id = OLD.application_id;
  END IF;
  IF TG_OP <> 'DELETE' AND NEW.deleted_at IS NULL THEN
    INSERT INTO application_tallies {COLUMNS}
    SELECT gen_random_uuid(), branch_id, user_id, NULL, 0, (NEW.replaced_at IS NULL)::int, NEW.file_size
    FROM customer_applications WHERE id = NEW.application_id;
  END IF;
  RETURN NULL;
END $$
"""  # noqa: S608 - the text is ours

RECOUNT = f"""
CREATE FUNCTION recount_applications() RETURNS void LANGUAGE sql AS $$
  DELETE FROM application_tallies;
  INSERT INTO application_tallies {COLUMNS}
  SELECT gen_random_uuid(), branch_id, user_id, workflow_status, count(*), 0, 0
  FROM customer_applications GROUP BY branch_id, user_id, workflow_status;
  INSERT INTO application_tallies {COLUMNS}
  SELECT gen_random_uuid(), branch_id, user_id, NULL, 0, count(*) FILTER (WHERE replaced_at IS NULL), sum(file_size)
  FROM files JOIN customer_applications AS application ON application.id = files.application_id
  WHERE deleted_at IS NULL GROUP BY branch_id, user_id;
$$
"""  # noqa: S608 - the text is ours

WATCHED = {
    "customer_applications": ("tally_application", ["branch_id", "user_id", "workflow_status"]),
    "files": ("tally_paper", ["application_id", "deleted_at", "replaced_at", "file_size"]),
}


def upgrade() -> None:
    op.create_table(
        "application_tallies",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("branch_id", sa.Uuid(), nullable=True),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("stage", sa.String(length=40), nullable=True),
        sa.Column("applications", sa.Integer(), nullable=False),
        sa.Column("papers", sa.Integer(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_application_tallies")),
    )
    op.create_index("ix_application_tallies_branch_id", "application_tallies", ["branch_id"])
    op.create_index("ix_application_tallies_owner_id", "application_tallies", ["owner_id"])
    for text in (APPLICATIONS, PAPERS, RECOUNT):
        op.execute(text)
    for table, (function, columns) in WATCHED.items():
        op.execute(
            f"CREATE TRIGGER {function} AFTER INSERT OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION {function}()"
        )
        old, new = (", ".join(f"{side}.{column}" for column in columns) for side in ("OLD", "NEW"))
        op.execute(
            f"CREATE TRIGGER {function}_again AFTER UPDATE ON {table} FOR EACH ROW"
            f" WHEN (({old}) IS DISTINCT FROM ({new})) EXECUTE FUNCTION {function}()"
        )
    op.execute("SELECT recount_applications()")


def downgrade() -> None:
    for table, (function, _) in WATCHED.items():
        op.execute(f"DROP TRIGGER {function} ON {table}")
        op.execute(f"DROP TRIGGER {function}_again ON {table}")
        op.execute(f"DROP FUNCTION {function}()")
    op.execute("DROP FUNCTION recount_applications()")
    op.drop_table("application_tallies")
