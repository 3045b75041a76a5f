"""Add the tables and functions of procrastinate, which keeps the jobs that run in the background."""

from pathlib import Path

from alembic import op

revision = "0060_add_procrastinate"
down_revision = "0010_chain_the_journal"
branch_labels = None
depends_on = None

SCHEMA = Path(__file__).parents[1] / "procrastinate_3_10.sql"
"""What the library's version 3.10 brings, as it stood then: a later version must not change what this revision does."""

TAKE_AWAY = """
DO $$
DECLARE
  made text;
BEGIN
  FOR made IN SELECT oid::regprocedure FROM pg_proc
    WHERE proname LIKE 'procrastinate\\_%' AND pronamespace = current_schema()::regnamespace
  LOOP
    EXECUTE 'DROP FUNCTION ' || made || ' CASCADE';
  END LOOP;
  DROP TABLE procrastinate_events, procrastinate_periodic_defers, procrastinate_jobs, procrastinate_workers;
  DROP TYPE procrastinate_job_to_defer_v1, procrastinate_job_event_type, procrastinate_job_status;
END $$
"""


def upgrade() -> None:
    op.execute("SELECT 1")  # begins the transaction, which what follows does not do
    connection = op.get_bind().connection.dbapi_connection
    assert connection is not None  # noqa: S101 - it has just answered
    # Only the driver itself takes many statements at once.
    connection.run_async(lambda driver: driver.execute(SCHEMA.read_text("utf-8")))


def downgrade() -> None:
    op.execute(TAKE_AWAY)
