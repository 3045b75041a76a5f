"""Assess loans: exchange rates, incomes and debts, the house's limits, affordability, scorecards and scores."""

from typing import Any
from uuid import uuid4

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0041_assess_loans"
down_revision = "0011_add_roles"
branch_labels = None
depends_on = None

POLICY = {
    "base": "USD",
    "dti_limit": "50",
    "nii_solvent": "75",
    "nii_at_risk": "100",
    "capacity": "70",
    "steps": {"USD": "50", "KHR": "200000"},
}
"""The house's limits to begin with (lending.md §4)."""


def bands(*rows: tuple[str, str | None, int]) -> list[dict[str, Any]]:
    return [{"low": low, "high": high, "points": points} for low, high, points in rows]


SCORECARD = {
    "code": "MFI-BASE",
    "version": 1,
    "base": 0,
    "attributes": {
        "dti_pct": bands(("0", "30", 30), ("30", "40", 20), ("40", "50", 10), ("50", None, 0)),
        "months_in_business": bands(("0", "6", 0), ("6", "24", 10), ("24", None, 20)),
        "bureau_worst_dpd_12m": bands(("0", "1", 25), ("1", "30", 10), ("30", None, 0)),
        "active_lenders": bands(("0", "2", 15), ("2", "3", 8), ("3", None, 0)),
        "coverage_pct": bands(("0", "100", 0), ("100", "150", 5), ("150", None, 10)),
    },
    "grades": [
        {"name": "A", "points": 80, "risk": "LOW", "recommendation": "APPROVE"},
        {"name": "B", "points": 60, "risk": "MEDIUM", "recommendation": "APPROVE"},
        {"name": "C", "points": 40, "risk": "HIGH", "recommendation": "REFER"},
        {"name": "D", "points": 0, "risk": "VERY_HIGH", "recommendation": "DECLINE"},
    ],
}
"""The scorecard to begin with."""


def upgrade() -> None:
    op.create_table(
        "exchange_rates",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("base", sa.String(length=40), nullable=False),
        sa.Column("currency", sa.String(length=40), nullable=False),
        sa.Column("rate", sa.Numeric(precision=18, scale=6), nullable=False),
        sa.Column("valid_on", sa.Date(), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=True),
        sa.Column("set_by", sa.Uuid(), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["set_by"], ["users.id"], name=op.f("fk_exchange_rates_set_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exchange_rates")),
        sa.UniqueConstraint("number", name=op.f("uq_exchange_rates_number")),
    )
    op.create_index(
        "ix_exchange_rates_base_currency_valid_on",
        "exchange_rates",
        ["base", "currency", sa.text("valid_on DESC"), sa.text("number DESC")],
    )
    op.create_table(
        "financial_lines",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("party", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("description", sa.String(length=200), nullable=True),
        sa.Column("amount", sa.Numeric(precision=15, scale=2), nullable=True),
        sa.Column("currency", sa.String(length=40), nullable=False),
        sa.Column("frequency", sa.String(length=40), nullable=False),
        sa.Column("verified_by", sa.Uuid(), nullable=True),
        sa.Column("document_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["application_id"],
            ["customer_applications.id"],
            name=op.f("fk_financial_lines_application_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["verified_by"], ["users.id"], name=op.f("fk_financial_lines_verified_by")),
        sa.ForeignKeyConstraint(
            ["document_id"], ["files.id"], name=op.f("fk_financial_lines_document_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_financial_lines")),
    )
    op.create_index("ix_financial_lines_application_id_position", "financial_lines", ["application_id", "position"])
    policies = op.create_table(
        "assessment_policies",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("document", postgresql.JSONB(), nullable=False),
        sa.Column("set_by", sa.Uuid(), nullable=True),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["set_by"], ["users.id"], name=op.f("fk_assessment_policies_set_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assessment_policies")),
        sa.UniqueConstraint("number", name=op.f("uq_assessment_policies_number")),
    )
    op.create_table(
        "affordability_assessments",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("verdict", sa.String(length=40), nullable=False),
        sa.Column("dti", sa.String(), nullable=True),
        sa.Column("document", postgresql.JSONB(), nullable=False),
        sa.Column("assessed_by", sa.Uuid(), nullable=False),
        sa.Column("assessed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["application_id"],
            ["customer_applications.id"],
            name=op.f("fk_affordability_assessments_application_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["assessed_by"], ["users.id"], name=op.f("fk_affordability_assessments_assessed_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_affordability_assessments")),
    )
    op.create_index(
        "ix_affordability_assessments_application_id_number", "affordability_assessments", ["application_id", "number"]
    )
    cards = op.create_table(
        "scorecard_versions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("version", sa.SmallInteger(), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("published_by", sa.Uuid(), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["published_by"], ["users.id"], name=op.f("fk_scorecard_versions_published_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scorecard_versions")),
        sa.UniqueConstraint("number", name=op.f("uq_scorecard_versions_number")),
    )
    op.create_index("uq_scorecard_versions_code_version", "scorecard_versions", ["code", "version"], unique=True)
    op.create_table(
        "application_scores",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("scorecard_id", sa.Uuid(), nullable=False),
        sa.Column("system_decision", sa.String(length=40), nullable=False),
        sa.Column("decision", sa.String(length=40), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("scored_by", sa.Uuid(), nullable=False),
        sa.Column("scored_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["application_id"],
            ["customer_applications.id"],
            name=op.f("fk_application_scores_application_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["scorecard_id"], ["scorecard_versions.id"], name=op.f("fk_application_scores_scorecard_id")
        ),
        sa.ForeignKeyConstraint(["scored_by"], ["users.id"], name=op.f("fk_application_scores_scored_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_application_scores")),
    )
    op.create_index("ix_application_scores_application_id_number", "application_scores", ["application_id", "number"])
    for table, columns in ((policies, POLICY), (cards, SCORECARD)):
        seed(table, columns)


def seed(table: sa.Table, document: dict[str, Any]) -> None:
    named = {"code": document["code"], "version": document["version"]} if "code" in document else {}
    moment = "published_at" if named else "set_at"
    rows = table.insert().values(id=uuid4(), document=document, **named)
    op.execute(rows.values({moment: sa.func.now()}))


def downgrade() -> None:
    op.drop_table("application_scores")
    op.drop_table("scorecard_versions")
    op.drop_table("affordability_assessments")
    op.drop_table("assessment_policies")
    op.drop_table("financial_lines")
    op.drop_table("exchange_rates")
