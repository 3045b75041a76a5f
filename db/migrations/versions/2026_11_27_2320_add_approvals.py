"""Add approvals: matrices, authorities, delegations, the case of each cycle, its decisions and their conditions."""

import json

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0031_approvals"
down_revision = "0071_add_selfies"
branch_labels = None
depends_on = None

STAGES = [{"code": "MANAGER", "role": "manager", "scope": "branch", "quorum": 1}]
BEGINNING = {
    "base_currency": "USD",
    "basis": "amount",
    "needs_limit": False,
    "rules": [{"priority": 100, "when": {}, "stages": STAGES}],
    "surcharges": [],
}
"""What a new installation begins with: one stage, the manager of the branch, any amount (lending.md section 2)."""

KEEP_FUNCTION = """
CREATE FUNCTION keep_published_matrix() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'a published approval matrix does not change' USING ERRCODE = 'restrict_violation';
END $$
"""
KEEP_TRIGGER = """
CREATE TRIGGER keep_published_matrix BEFORE UPDATE OR DELETE ON approval_matrices
FOR EACH ROW WHEN (OLD.status = 'published') EXECUTE FUNCTION keep_published_matrix()
"""


def upgrade() -> None:
    op.add_column("branches", sa.Column("region", sa.String(length=60), nullable=True))
    op.create_table(
        "approval_matrices",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("document", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_by", sa.Uuid(), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name=op.f("fk_approval_matrices_created_by")),
        sa.ForeignKeyConstraint(["published_by"], ["users.id"], name=op.f("fk_approval_matrices_published_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approval_matrices")),
        sa.UniqueConstraint("number", name=op.f("uq_approval_matrices_number")),
    )
    op.create_table(
        "authorities",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("reach", sa.String(length=40), nullable=False),
        sa.Column("branch_id", sa.Uuid(), nullable=True),
        sa.Column("region", sa.String(length=60), nullable=True),
        sa.Column("limits", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("given_by", sa.Uuid(), nullable=True),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_by", sa.Uuid(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["branch_id"], ["branches.id"], name=op.f("fk_authorities_branch_id")),
        sa.ForeignKeyConstraint(["ended_by"], ["users.id"], name=op.f("fk_authorities_ended_by")),
        sa.ForeignKeyConstraint(["given_by"], ["users.id"], name=op.f("fk_authorities_given_by")),
        sa.ForeignKeyConstraint(["person_id"], ["users.id"], name=op.f("fk_authorities_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_authorities")),
    )
    op.create_index(
        "ix_authorities_person_id", "authorities", ["person_id"], postgresql_where=sa.text("ended_at IS NULL")
    )
    op.create_index("ix_authorities_given_at", "authorities", ["given_at"])
    op.create_table(
        "delegations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("from_id", sa.Uuid(), nullable=False),
        sa.Column("to_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("limits", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("made_by", sa.Uuid(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_by", sa.Uuid(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["ended_by"], ["users.id"], name=op.f("fk_delegations_ended_by")),
        sa.ForeignKeyConstraint(["from_id"], ["users.id"], name=op.f("fk_delegations_from_id")),
        sa.ForeignKeyConstraint(["made_by"], ["users.id"], name=op.f("fk_delegations_made_by")),
        sa.ForeignKeyConstraint(["to_id"], ["users.id"], name=op.f("fk_delegations_to_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delegations")),
    )
    op.create_index("ix_delegations_to_id", "delegations", ["to_id"], postgresql_where=sa.text("ended_at IS NULL"))
    op.create_index("ix_delegations_from_id", "delegations", ["from_id"])
    op.create_index("ix_delegations_starts_at", "delegations", ["starts_at"])
    op.create_table(
        "approval_cases",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("cycle", sa.SmallInteger(), nullable=False),
        sa.Column("matrix_id", sa.Uuid(), nullable=False),
        sa.Column("khr_per_usd", sa.Numeric(precision=12, scale=4), nullable=False),
        sa.Column("material_changes", sa.Integer(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=15, scale=2), nullable=True),
        sa.Column("term", sa.Integer(), nullable=True),
        sa.Column("interest_rate", sa.Numeric(precision=7, scale=4), nullable=True),
        sa.Column("path", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["application_id"],
            ["customer_applications.id"],
            name=op.f("fk_approval_cases_application_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["matrix_id"], ["approval_matrices.id"], name=op.f("fk_approval_cases_matrix_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approval_cases")),
        sa.UniqueConstraint("application_id", "cycle", name=op.f("uq_approval_cases_application_id_cycle")),
    )
    op.create_table(
        "application_decisions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("cycle", sa.SmallInteger(), nullable=False),
        sa.Column("stage", sa.String(length=20), nullable=False),
        sa.Column("decision", sa.String(length=40), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=False),
        sa.Column("on_behalf_of", sa.Uuid(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("amount", sa.Numeric(precision=15, scale=2), nullable=True),
        sa.Column("term", sa.Integer(), nullable=True),
        sa.Column("interest_rate", sa.Numeric(precision=7, scale=4), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("comment", sa.String(), nullable=True),
        sa.Column("snapshot", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("snapshot_sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("voided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("voided_because", sa.String(length=200), nullable=True),
        sa.ForeignKeyConstraint(["actor_id"], ["users.id"], name=op.f("fk_application_decisions_actor_id")),
        sa.ForeignKeyConstraint(
            ["application_id"],
            ["customer_applications.id"],
            name=op.f("fk_application_decisions_application_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["case_id"], ["approval_cases.id"], name=op.f("fk_application_decisions_case_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["on_behalf_of"], ["users.id"], name=op.f("fk_application_decisions_on_behalf_of")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_application_decisions")),
    )
    op.create_index(
        "ix_application_decisions_application_id_number", "application_decisions", ["application_id", "number"]
    )
    op.create_index("ix_application_decisions_case_id", "application_decisions", ["case_id"])
    op.create_table(
        "approval_conditions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("decision_id", sa.Uuid(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_by", sa.Uuid(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closing_note", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["application_id"],
            ["customer_applications.id"],
            name=op.f("fk_approval_conditions_application_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["closed_by"], ["users.id"], name=op.f("fk_approval_conditions_closed_by")),
        sa.ForeignKeyConstraint(
            ["decision_id"],
            ["application_decisions.id"],
            name=op.f("fk_approval_conditions_decision_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approval_conditions")),
    )
    op.create_index("ix_approval_conditions_application_id", "approval_conditions", ["application_id"])
    _begin()
    op.execute(KEEP_FUNCTION)
    op.execute(KEEP_TRIGGER)


def _begin() -> None:
    """Publish the first matrix, and give it to the applications that are on their way."""
    connection = op.get_bind()
    connection.execute(
        sa.text(
            "INSERT INTO approval_matrices (id, number, name, status, document, created_at, published_at) VALUES "
            "(gen_random_uuid(), 1, 'The manager of the branch', 'published', CAST(:document AS jsonb),"
            " '2026-01-01Z', '2026-01-01Z')"
        ),
        {"document": json.dumps(BEGINNING)},
    )
    connection.execute(
        sa.text(
            "INSERT INTO approval_cases (id, application_id, cycle, matrix_id, khr_per_usd, material_changes, amount,"
            " term, interest_rate, path, opened_at) "
            "SELECT gen_random_uuid(), a.id, a.cycle, m.id, 4100, a.material_changes, a.requested_amount,"
            " a.desired_loan_term, a.interest_rate, jsonb_build_object('priority', 100, 'basis', 'amount',"
            " 'basis_amount', CASE a.currency WHEN 'USD' THEN a.requested_amount ELSE a.requested_amount / 4100 END,"
            " 'base_currency', 'USD', 'exposure', 0, 'needs_limit', false, 'stages', CAST(:stages AS jsonb)), now() "
            "FROM customer_applications a, approval_matrices m "
            "WHERE a.requested_amount IS NOT NULL AND a.workflow_status IN"
            " ('USER_COMPLETED', 'TELLER_PROCESSING', 'MANAGER_REVIEW', 'RETURNED', 'APPROVED')"
        ),
        {"stages": json.dumps(STAGES)},
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER keep_published_matrix ON approval_matrices")
    op.execute("DROP FUNCTION keep_published_matrix()")
    op.drop_table("approval_conditions")
    op.drop_table("application_decisions")
    op.drop_table("approval_cases")
    op.drop_table("delegations")
    op.drop_table("authorities")
    op.drop_table("approval_matrices")
    op.drop_column("branches", "region")
