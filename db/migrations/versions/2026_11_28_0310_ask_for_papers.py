"""Ask for papers: checklists in versions, what is known of papers, and waivers; nothing is asked for at first."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0121_ask_for_papers"
down_revision = "0111_look_into_pictures"
branch_labels = None
depends_on = None

KEEP_FUNCTION = """
CREATE FUNCTION keep_published_checklist() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'a published checklist does not change' USING ERRCODE = 'restrict_violation';
END $$
"""
KEEP_TRIGGER = """
CREATE TRIGGER keep_published_checklist BEFORE UPDATE OR DELETE ON checklists
FOR EACH ROW WHEN (OLD.status = 'published') EXECUTE FUNCTION keep_published_checklist()
"""
IN_FORCE = """
CREATE FUNCTION checklist_in_force() RETURNS uuid LANGUAGE sql STABLE AS $$
  SELECT id FROM checklists WHERE status = 'published' ORDER BY published_at DESC, number DESC LIMIT 1
$$
"""


def upgrade() -> None:
    op.create_table(
        "checklists",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("document", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_by", sa.Uuid(), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name=op.f("fk_checklists_created_by")),
        sa.ForeignKeyConstraint(["published_by"], ["users.id"], name=op.f("fk_checklists_published_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_checklists")),
        sa.UniqueConstraint("number", name=op.f("uq_checklists_number")),
    )
    op.execute(KEEP_FUNCTION)
    op.execute(KEEP_TRIGGER)
    op.execute(IN_FORCE)
    # In two steps, so that the applications there are keep what they have: nothing.
    op.add_column("customer_applications", sa.Column("checklist_id", sa.Uuid(), nullable=True))
    op.alter_column("customer_applications", "checklist_id", server_default=sa.text("checklist_in_force()"))
    op.create_foreign_key(
        op.f("fk_customer_applications_checklist_id"), "customer_applications", "checklists", ["checklist_id"], ["id"]
    )
    op.create_table(
        "paper_checks",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=True),
        sa.Column("issued_on", sa.Date(), nullable=True),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("verdict", sa.String(length=40), nullable=True),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column("verified_by", sa.Uuid(), nullable=True),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["application_id"],
            ["customer_applications.id"],
            name=op.f("fk_paper_checks_application_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["file_id"], ["files.id"], name=op.f("fk_paper_checks_file_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["verified_by"], ["users.id"], name=op.f("fk_paper_checks_verified_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_paper_checks")),
        sa.UniqueConstraint("file_id", name=op.f("uq_paper_checks_file_id")),
    )
    op.create_index("ix_paper_checks_application_id", "paper_checks", ["application_id"])
    op.create_table(
        "paper_waivers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("cycle", sa.SmallInteger(), nullable=False),
        sa.Column("rule", sa.String(length=20), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("granted_by", sa.Uuid(), nullable=False),
        sa.Column("granted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("ended_by", sa.Uuid(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["application_id"],
            ["customer_applications.id"],
            name=op.f("fk_paper_waivers_application_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["ended_by"], ["users.id"], name=op.f("fk_paper_waivers_ended_by")),
        sa.ForeignKeyConstraint(["granted_by"], ["users.id"], name=op.f("fk_paper_waivers_granted_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_paper_waivers")),
    )
    op.create_index("ix_paper_waivers_application_id", "paper_waivers", ["application_id"])


def downgrade() -> None:
    op.drop_table("paper_waivers")
    op.drop_table("paper_checks")
    op.drop_column("customer_applications", "checklist_id")
    op.execute("DROP FUNCTION checklist_in_force()")
    op.execute("DROP TRIGGER keep_published_checklist ON checklists")
    op.execute("DROP FUNCTION keep_published_checklist()")
    op.drop_table("checklists")
