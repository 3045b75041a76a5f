"""Add products with their versions, and the profiles of the law; applications keep the version they were begun with."""

import json
from uuid import UUID, uuid4

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0040_add_products"
down_revision = "0030_complete_the_moves"
branch_labels = None
depends_on = None

PRODUCTS = (
    ("monthly_loan", "Monthly loan", "កម្ចីប្រចាំខែ", "monthly"),
    ("biweekly_loan", "Biweekly loan", "កម្ចីពីរសប្តាហ៍ម្តង", "biweekly"),
    ("weekly_loan", "Weekly loan", "កម្ចីប្រចាំសប្តាហ៍", "weekly"),
    ("daily_loan", "Daily loan", "កម្ចីប្រចាំថ្ងៃ", "daily"),
)
"""The loans of the web app's forms; an institution narrows their wide limits in a version of its own."""


def conditions(frequency: str) -> dict[str, object]:
    """What the first version of a loan says."""
    return {
        "limits": [
            {
                "currency": currency,
                "amount_min": low,
                "amount_max": high,
                "term_min": 1,
                "term_max": 600,
                "guarantor_from": None,
                "collateral_from": None,
            }
            for currency, low, high in (("USD", "1", "10000000"), ("KHR", "1000", "40000000000"))
        ],
        "frequencies": [frequency],
        "methods": ["annuity", "equal_principal", "balloon", "semi_balloon", "annuity_residual", "flat"],
        "rate_min": "0",
        "rate_max": "999",
        "rate_default": "18",
        "fees": [],
        "installment_rounding": "HALF_UP",
        "interest_rounding": "HALF_UP",
        "day_count": "PERIODIC",
        "business_day": "none",
        "required_documents": [],
    }


def upgrade() -> None:
    op.create_table(
        "products",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("name_en", sa.String(length=200), nullable=False),
        sa.Column("name_km", sa.String(length=200), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_products")),
        sa.UniqueConstraint("code", name=op.f("uq_products_code")),
    )
    op.create_table(
        "product_versions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.SmallInteger(), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("document", postgresql.JSONB(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("published_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["product_id"], ["products.id"], name=op.f("fk_product_versions_product_id")),
        sa.ForeignKeyConstraint(["published_by"], ["users.id"], name=op.f("fk_product_versions_published_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_product_versions")),
    )
    op.create_index("uq_product_versions_product_id_number", "product_versions", ["product_id", "number"], unique=True)
    op.create_index(
        "uq_product_versions_draft",
        "product_versions",
        ["product_id"],
        unique=True,
        postgresql_where=sa.text("status = 'draft'"),
    )
    op.create_table(
        "jurisdiction_profiles",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("rate_ceiling", sa.Numeric(precision=7, scale=4), nullable=True),
        sa.Column("flat_allowed", sa.Boolean(), nullable=False),
        sa.Column("fees_count", sa.Boolean(), nullable=False),
        sa.Column("prohibited_collateral", postgresql.ARRAY(sa.String(length=60)), nullable=False),
        sa.Column("source", sa.String(), nullable=True),
        sa.Column("written_by", sa.Uuid(), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("confirmed_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["written_by"], ["users.id"], name=op.f("fk_jurisdiction_profiles_written_by")),
        sa.ForeignKeyConstraint(["confirmed_by"], ["users.id"], name=op.f("fk_jurisdiction_profiles_confirmed_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jurisdiction_profiles")),
    )
    op.create_index("ix_jurisdiction_profiles_code_valid_from", "jurisdiction_profiles", ["code", "valid_from"])
    op.create_table(
        "jurisdiction_uses",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("used_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("chosen_by", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["chosen_by"], ["users.id"], name=op.f("fk_jurisdiction_uses_chosen_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jurisdiction_uses")),
        sa.UniqueConstraint("number", name=op.f("uq_jurisdiction_uses_number")),
    )
    op.add_column("customer_applications", sa.Column("product_version_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_customer_applications_product_version_id"),
        "customer_applications",
        "product_versions",
        ["product_version_id"],
        ["id"],
    )
    op.create_index("ix_customer_applications_product_version_id", "customer_applications", ["product_version_id"])
    for code, name_en, name_km, frequency in PRODUCTS:
        seed(uuid4(), code, name_en, name_km, frequency)
    op.execute(
        "UPDATE customer_applications a SET product_version_id = v.id"
        " FROM product_versions v JOIN products p ON p.id = v.product_id WHERE p.code = a.product_type"
    )
    op.execute(
        "CREATE TRIGGER keep_published_versions BEFORE UPDATE OR DELETE ON product_versions FOR EACH ROW"
        " WHEN (OLD.status = 'published') EXECUTE FUNCTION refuse_to_change_history()"
    )
    op.execute(
        sa.text(
            "INSERT INTO jurisdiction_profiles (id, code, name, valid_from, rate_ceiling, flat_allowed, fees_count,"
            " prohibited_collateral, source, created_at, updated_at) VALUES (:id, 'KH', 'Cambodia, microfinance',"
            " '2017-04-01', 18, false, false, ARRAY['identity_papers', 'communal_land', 'protected_land'],"
            " 'To be confirmed by a compliance officer before it is followed.', now(), now())"
        ).bindparams(sa.bindparam("id", uuid4(), sa.Uuid()))
    )


def seed(product_id: UUID, code: str, name_en: str, name_km: str, frequency: str) -> None:
    op.execute(
        sa.text(
            "INSERT INTO products (id, code, name_en, name_km, is_active, created_at, updated_at)"
            " VALUES (:id, :code, :name_en, :name_km, true, now(), now())"
        ).bindparams(sa.bindparam("id", product_id, sa.Uuid()), code=code, name_en=name_en, name_km=name_km)
    )
    op.execute(
        sa.text(
            "INSERT INTO product_versions (id, product_id, number, status, document, published_at, created_at,"
            " updated_at) VALUES (:id, :product_id, 1, 'published', CAST(:document AS jsonb), now(), now(), now())"
        ).bindparams(
            sa.bindparam("id", uuid4(), sa.Uuid()),
            sa.bindparam("product_id", product_id, sa.Uuid()),
            document=json.dumps(conditions(frequency)),
        )
    )


def downgrade() -> None:
    op.drop_index("ix_customer_applications_product_version_id", table_name="customer_applications")
    op.drop_constraint(op.f("fk_customer_applications_product_version_id"), "customer_applications", type_="foreignkey")
    op.drop_column("customer_applications", "product_version_id")
    op.drop_table("jurisdiction_uses")
    op.drop_table("jurisdiction_profiles")
    op.drop_table("product_versions")
    op.drop_table("products")
