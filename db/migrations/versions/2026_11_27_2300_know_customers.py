"""Know customers by papers and telephones as rows, merge them, and report who may be whom."""

import sqlalchemy as sa
from alembic import op

revision = "0050_know_customers"
down_revision = "0063_add_disbursements"
branch_labels = None
depends_on = None

MOVE_NUMBERS = """
INSERT INTO customer_identities (id, customer_id, id_card_type, id_number, identity_key, created_at)
SELECT gen_random_uuid(), id, coalesce(id_card_type, 'other'), id_number, identity_key, created_at
FROM customers WHERE identity_key IS NOT NULL
"""

MOVE_PHONES = """
INSERT INTO customer_phones (id, customer_id, phone, phone_key, created_at)
SELECT gen_random_uuid(), id, phone, key, created_at
FROM (SELECT *, regexp_replace(phone, '[^0-9+]', '', 'g') AS key FROM customers WHERE phone IS NOT NULL) AS told
WHERE key <> ''
"""

MOVE_BACK = """
UPDATE customers SET
  (id_card_type, id_number, identity_key) = (
    SELECT id_card_type, id_number, identity_key FROM customer_identities
    WHERE customer_id = customers.id AND identity_key NOT IN (
      SELECT identity_key FROM customer_identities GROUP BY 1 HAVING count(*) > 1)
    ORDER BY created_at LIMIT 1),
  phone = (SELECT phone FROM customer_phones WHERE customer_id = customers.id ORDER BY created_at LIMIT 1)
"""


def upgrade() -> None:
    op.create_table(
        "customer_identities",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("id_card_type", sa.String(length=40), nullable=False),
        sa.Column("id_number", sa.String(length=100), nullable=False),
        sa.Column("identity_key", sa.String(length=140), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=True),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_customer_identities_customer_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer_identities")),
        sa.UniqueConstraint(
            "customer_id", "identity_key", name=op.f("uq_customer_identities_customer_id_identity_key")
        ),
    )
    op.create_index("ix_customer_identities_identity_key", "customer_identities", ["identity_key"])
    op.create_table(
        "customer_phones",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("phone", sa.String(length=40), nullable=False),
        sa.Column("phone_key", sa.String(length=40), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_customer_phones_customer_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer_phones")),
        sa.UniqueConstraint("customer_id", "phone_key", name=op.f("uq_customer_phones_customer_id_phone_key")),
    )
    op.create_index("ix_customer_phones_phone_key", "customer_phones", ["phone_key"])
    op.create_table(
        "possible_duplicates",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("other_id", sa.Uuid(), nullable=False),
        sa.Column("matched_by", sa.String(length=40), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("dismissed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("dismissed_by", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_possible_duplicates_customer_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["other_id"], ["customers.id"], name=op.f("fk_possible_duplicates_other_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["dismissed_by"], ["users.id"], name=op.f("fk_possible_duplicates_dismissed_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_possible_duplicates")),
        sa.UniqueConstraint(
            "customer_id", "other_id", "matched_by",
            name=op.f("uq_possible_duplicates_customer_id_other_id_matched_by"),
        ),
    )  # fmt: skip
    op.create_index("ix_possible_duplicates_other_id", "possible_duplicates", ["other_id"])
    op.execute(MOVE_NUMBERS)
    op.execute(MOVE_PHONES)
    op.add_column("customers", sa.Column("version", sa.Integer(), nullable=False, server_default="1"))
    op.alter_column("customers", "version", server_default=None)
    op.add_column("customers", sa.Column("current_address", sa.String(), nullable=True))
    for name in ("province", "district", "commune", "village"):
        op.add_column("customers", sa.Column(name, sa.String(length=100), nullable=True))
    op.add_column("customers", sa.Column("place_code", sa.String(length=8), nullable=True))
    op.add_column("customers", sa.Column("merged_into", sa.Uuid(), nullable=True))
    op.add_column("customers", sa.Column("written_for", sa.Uuid(), nullable=True))
    op.create_foreign_key(op.f("fk_customers_merged_into"), "customers", "customers", ["merged_into"], ["id"])
    op.drop_index("ix_customers_phone", table_name="customers")
    op.drop_index("ix_customers_branch_id", table_name="customers")
    op.drop_constraint("uq_customers_identity_key", "customers", type_="unique")
    # Dropped at once, against the house's habit: no version that reads them was ever released, so none can be running.
    for name in ("identity_key", "id_card_type", "id_number", "phone"):
        op.drop_column("customers", name)
    op.create_index("ix_customers_branch_id_created_at", "customers", ["branch_id", sa.text("created_at DESC")])
    op.create_index("ix_customers_created_at", "customers", [sa.text("created_at DESC")])
    op.create_index(
        "ix_customers_merged_into", "customers", ["merged_into"], postgresql_where=sa.text("merged_into IS NOT NULL")
    )
    for name in ("full_name_khmer", "full_name_latin"):
        op.create_index(
            f"ix_customers_{name}_trgm",
            "customers",
            [name],
            postgresql_using="gin",
            postgresql_ops={name: "gin_trgm_ops"},
        )
    op.create_index("ix_customer_accounts_customer_id", "customer_accounts", ["customer_id"])
    op.add_column("customer_applications", sa.Column("place_code", sa.String(length=8), nullable=True))
    op.create_index(
        "ix_customer_applications_account_id_trgm",
        "customer_applications",
        ["account_id"],
        postgresql_using="gin",
        postgresql_ops={"account_id": "gin_trgm_ops"},
    )


def downgrade() -> None:
    op.drop_index("ix_customer_applications_account_id_trgm", table_name="customer_applications")
    op.drop_column("customer_applications", "place_code")
    op.drop_index("ix_customer_accounts_customer_id", table_name="customer_accounts")
    for name in ("full_name_latin", "full_name_khmer"):
        op.drop_index(f"ix_customers_{name}_trgm", table_name="customers")
    for name in ("merged_into", "created_at", "branch_id_created_at"):
        op.drop_index(f"ix_customers_{name}", table_name="customers")
    op.add_column("customers", sa.Column("identity_key", sa.String(length=140), nullable=True))
    op.add_column("customers", sa.Column("id_card_type", sa.String(length=40), nullable=True))
    op.add_column("customers", sa.Column("id_number", sa.String(length=100), nullable=True))
    op.add_column("customers", sa.Column("phone", sa.String(length=40), nullable=True))
    op.execute(MOVE_BACK)
    op.create_unique_constraint(op.f("uq_customers_identity_key"), "customers", ["identity_key"])
    op.create_index("ix_customers_branch_id", "customers", ["branch_id"])
    op.create_index("ix_customers_phone", "customers", ["phone"], postgresql_where=sa.text("phone IS NOT NULL"))
    op.drop_constraint(op.f("fk_customers_merged_into"), "customers", type_="foreignkey")
    for name in (
        "written_for", "merged_into", "place_code", "village", "commune", "district", "province", "current_address",
        "version",
    ):  # fmt: skip
        op.drop_column("customers", name)
    op.drop_table("possible_duplicates")
    op.drop_table("customer_phones")
    op.drop_table("customer_identities")
