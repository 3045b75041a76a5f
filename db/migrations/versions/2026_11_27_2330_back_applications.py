"""Keep guarantors, co-borrowers and collateral as rows of their own."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0051_back_applications"
down_revision = "0050_know_customers"
branch_labels = None
depends_on = None

MOVE_GUARANTORS = """
INSERT INTO application_parties (id, application_id, role, position, full_name_khmer, full_name_latin, phone,
  id_card_type, id_number, current_address, relation, created_at, updated_at)
SELECT gen_random_uuid(), id, 'guarantor', 1,
  CASE WHEN guarantor_name ~ '[ក-៿]' THEN guarantor_name END,
  CASE WHEN guarantor_name !~ '[ក-៿]' THEN guarantor_name END,
  guarantor_phone, CASE WHEN guarantor_id_number ~ '^[0-9]{9}$' THEN 'cambodian_identity' END, guarantor_id_number,
  guarantor_address, guarantor_relationship, created_at, updated_at
FROM customer_applications
WHERE coalesce(guarantor_name, guarantor_phone, guarantor_id_number, guarantor_address, guarantor_relationship)
  IS NOT NULL
"""

MOVE_COLLATERAL = """
INSERT INTO collateral (id, application_id, position, kind, description, entry, created_at, updated_at)
SELECT gen_random_uuid(), id, number, left(coalesce(entry->>'collateral_type', entry->>'type'), 100),
  entry->>'description', entry, created_at, updated_at
FROM customer_applications, jsonb_array_elements(collaterals) WITH ORDINALITY AS entries (entry, number)
"""

MOVE_BACK = """
UPDATE customer_applications SET
  (guarantor_name, guarantor_phone, guarantor_id_number, guarantor_address, guarantor_relationship) = (
    SELECT coalesce(full_name_latin, full_name_khmer), phone, id_number, current_address, relation
    FROM application_parties WHERE application_id = customer_applications.id AND role = 'guarantor'
    ORDER BY position LIMIT 1),
  collaterals = coalesce(
    (SELECT jsonb_agg(entry ORDER BY position) FROM collateral WHERE application_id = customer_applications.id), '[]')
"""


def upgrade() -> None:
    op.create_table(
        "application_parties",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=True),
        sa.Column("full_name_khmer", sa.String(length=200), nullable=True),
        sa.Column("full_name_latin", sa.String(length=200), nullable=True),
        sa.Column("date_of_birth", sa.Date(), nullable=True),
        sa.Column("phone", sa.String(length=40), nullable=True),
        sa.Column("id_card_type", sa.String(length=40), nullable=True),
        sa.Column("id_number", sa.String(length=100), nullable=True),
        sa.Column("current_address", sa.String(), nullable=True),
        sa.Column("relation", sa.String(length=100), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["application_id"],
            ["customer_applications.id"],
            name=op.f("fk_application_parties_application_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_application_parties_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_application_parties")),
    )
    op.create_index("ix_application_parties_application_id", "application_parties", ["application_id"])
    op.create_index("ix_application_parties_customer_id", "application_parties", ["customer_id"])
    op.create_table(
        "collateral",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("kind", sa.String(length=100), nullable=True),
        sa.Column("description", sa.String(), nullable=True),
        sa.Column("value", sa.Numeric(precision=15, scale=2), nullable=True),
        sa.Column("currency", sa.String(length=40), nullable=True),
        sa.Column("owner_name", sa.String(length=200), nullable=True),
        sa.Column("title_number", sa.String(length=100), nullable=True),
        sa.Column("entry", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["application_id"],
            ["customer_applications.id"],
            name=op.f("fk_collateral_application_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_collateral")),
    )
    op.create_index("ix_collateral_application_id", "collateral", ["application_id"])
    op.execute(MOVE_GUARANTORS)
    op.execute(MOVE_COLLATERAL)
    for name in ("name", "phone", "id_number", "address", "relationship"):
        op.drop_column("customer_applications", f"guarantor_{name}")
    op.drop_column("customer_applications", "collaterals")


def downgrade() -> None:
    op.add_column("customer_applications", sa.Column("guarantor_name", sa.String(length=200), nullable=True))
    op.add_column("customer_applications", sa.Column("guarantor_phone", sa.String(length=40), nullable=True))
    op.add_column("customer_applications", sa.Column("guarantor_id_number", sa.String(length=100), nullable=True))
    op.add_column("customer_applications", sa.Column("guarantor_address", sa.String(), nullable=True))
    op.add_column("customer_applications", sa.Column("guarantor_relationship", sa.String(length=100), nullable=True))
    op.add_column(
        "customer_applications", sa.Column("collaterals", postgresql.JSONB(astext_type=sa.Text()), nullable=True)
    )
    op.execute(MOVE_BACK)
    op.alter_column("customer_applications", "collaterals", nullable=False)
    op.drop_table("collateral")
    op.drop_table("application_parties")
