"""Name kinds of papers: the list, with the folder of each, becomes data."""

import sqlalchemy as sa
from alembic import op

revision = "0120_name_kinds_of_papers"
down_revision = "0110_keep_removed_files"
branch_labels = None
depends_on = None

KINDS = (
    ("borrower_photo", "Borrower Documents", "Photo of the borrower", "រូបថតអ្នកខ្ចី"),
    ("borrower_id_card", "Borrower Documents", "Identity card of the borrower", "អត្តសញ្ញាណប័ណ្ណអ្នកខ្ចី"),
    ("borrower_family_book", "Borrower Documents", "Family book of the borrower", "សៀវភៅគ្រួសារអ្នកខ្ចី"),
    ("borrower_income_proof", "Borrower Documents", "Proof of the borrower's income", "ភស្តុតាងចំណូលអ្នកខ្ចី"),
    ("borrower_bank_statement", "Borrower Documents", "Bank statement of the borrower", "របាយការណ៍គណនីធនាគារអ្នកខ្ចី"),
    ("guarantor_photo", "Guarantor Documents", "Photo of the guarantor", "រូបថតអ្នកធានា"),
    ("guarantor_id_card", "Guarantor Documents", "Identity card of the guarantor", "អត្តសញ្ញាណប័ណ្ណអ្នកធានា"),
    ("guarantor_family_book", "Guarantor Documents", "Family book of the guarantor", "សៀវភៅគ្រួសារអ្នកធានា"),
    ("guarantor_income_proof", "Guarantor Documents", "Proof of the guarantor's income", "ភស្តុតាងចំណូលអ្នកធានា"),
    ("guarantor_bank_statement", "Guarantor Documents", "Bank statement of the guarantor", "របាយការណ៍គណនីធនាគារអ្នកធានា"),
    ("land_title", "Land Documents", "Land title", "ប័ណ្ណកម្មសិទ្ធិដីធ្លី"),
    ("property_valuation", "Property Valuations", "Property valuation", "របាយការណ៍វាយតម្លៃអចលនទ្រព្យ"),
    ("property_photos", "Property Photos", "Photos of the property", "រូបថតអចលនទ្រព្យ"),
    ("vehicle_registration", "Vehicle Documents", "Vehicle registration card", "ប័ណ្ណសម្គាល់យានយន្ត"),
    ("vehicle_photos", "Vehicle Photos", "Photos of the vehicle", "រូបថតយានយន្ត"),
    ("business_license", "Business Documents", "Business licence", "អាជ្ញាប័ណ្ណអាជីវកម្ម"),
    ("business_registration", "Business Documents", "Business registration", "វិញ្ញាបនបត្រចុះបញ្ជីអាជីវកម្ម"),
    (
        "business_financial_statement",
        "Business Documents",
        "Financial statement of the business",
        "របាយការណ៍ហិរញ្ញវត្ថុអាជីវកម្ម",
    ),
    ("loan_application_form", "Supporting Documents", "Loan application form", "ពាក្យស្នើសុំកម្ចី"),
    ("credit_report", "Supporting Documents", "Credit report", "របាយការណ៍ឥណទាន"),
    ("reference_letter", "Supporting Documents", "Letter of reference", "លិខិតណែនាំ"),
    ("contract", "Supporting Documents", "Contract", "កិច្ចសន្យា"),
    ("other_supporting_doc", "Supporting Documents", "Other supporting paper", "ឯកសារគាំទ្រផ្សេងទៀត"),
    ("other", "Supporting Documents", "Other paper", "ឯកសារផ្សេងទៀត"),
    ("borrower_id", "Borrower Documents", "Identity paper of the borrower", "ឯកសារអត្តសញ្ញាណអ្នកខ្ចី"),
    ("guarantor_id", "Guarantor Documents", "Identity paper of the guarantor", "ឯកសារអត្តសញ្ញាណអ្នកធានា"),
    ("collateral_photo", "Collateral Documents", "Photo of the collateral", "រូបថតទ្រព្យធានា"),
    ("collateral_document", "Collateral Documents", "Paper about the collateral", "ឯកសារទ្រព្យធានា"),
)
"""What the web app of the first release knows; the last four are names that older versions of it send."""


def upgrade() -> None:
    op.create_table(
        "document_types",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=60), nullable=False),
        sa.Column("label_en", sa.String(length=200), nullable=False),
        sa.Column("label_km", sa.String(length=200), nullable=False),
        sa.Column("folder", sa.String(length=200), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("offered", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document_types")),
        sa.UniqueConstraint("code", name=op.f("uq_document_types_code")),
    )
    op.get_bind().execute(
        sa.text(
            "INSERT INTO document_types"
            " (id, code, label_en, label_km, folder, position, offered, created_at, updated_at) VALUES"
            " (gen_random_uuid(), :code, :english, :khmer, :folder, :position, true, now(), now())"
        ),
        [
            {"code": code, "folder": folder, "english": english, "khmer": khmer, "position": 10 * number}
            for number, (code, folder, english, khmer) in enumerate(KINDS, 1)
        ],
    )


def downgrade() -> None:
    op.drop_table("document_types")
