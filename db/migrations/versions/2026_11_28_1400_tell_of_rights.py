"""Tell every process when somebody's rights may have changed, so that it can remember them until then."""

from alembic import op

revision = "0150_tell_of_rights"
down_revision = "0140_find_by_name"
branch_labels = None
depends_on = None

CHANGES = {
    "users": "INSERT OR DELETE OR UPDATE OF role, status, branch_id, department_id, line_manager_id",
    "sessions": "DELETE OR UPDATE OF ended_at, user_id",
    "employees": "DELETE OR UPDATE OF user_id",
    "roles": "INSERT OR DELETE OR UPDATE",
    "user_roles": "INSERT OR DELETE OR UPDATE",
    "permissions": "DELETE OR UPDATE OF name",
    "user_permissions": "INSERT OR DELETE OR UPDATE",
}
"""What decides what a person may do, as `identity/sessions/principals.py` reads it."""


def upgrade() -> None:
    op.execute(
        """
        CREATE FUNCTION tell_of_rights() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          PERFORM pg_notify('rights', '');
          RETURN NULL;
        END $$
        """
    )
    for table, changes in CHANGES.items():
        op.execute(
            f"CREATE TRIGGER tell_of_rights AFTER {changes} ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION tell_of_rights()"
        )


def downgrade() -> None:
    for table in CHANGES:
        op.execute(f"DROP TRIGGER tell_of_rights ON {table}")
    op.execute("DROP FUNCTION tell_of_rights()")
