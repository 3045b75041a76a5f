"""Found the house: every table of the first release."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

WAKE_FUNCTION = """
CREATE FUNCTION wake_relays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('journal', '');
  RETURN NULL;
END $$
"""
WAKE_TRIGGER = """
CREATE TRIGGER wake_relays AFTER INSERT ON journal_entries FOR EACH STATEMENT EXECUTE FUNCTION wake_relays()
"""


def upgrade() -> None:
    op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    op.create_table(
        "branches",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("address", sa.String(), nullable=True),
        sa.Column("phone_number", sa.String(length=40), nullable=True),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("manager_id", sa.Uuid(), nullable=True),
        sa.Column("latitude", sa.Double(), nullable=True),
        sa.Column("longitude", sa.Double(), nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_branches")),
        sa.UniqueConstraint("code", name=op.f("uq_branches_code")),
    )
    op.create_table(
        "departments",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("description", sa.String(), nullable=True),
        sa.Column("manager_id", sa.Uuid(), nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_departments")),
        sa.UniqueConstraint("code", name=op.f("uq_departments_code")),
    )
    op.create_table(
        "employee_code_reservations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("codes", sa.ARRAY(sa.String(length=4)), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_employee_code_reservations")),
    )
    op.create_table(
        "journal_entries",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("kind", sa.String(length=80), nullable=False),
        sa.Column("subject", sa.String(length=40), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("request_id", sa.String(length=64), nullable=True),
        sa.Column("facts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("attempts", sa.SmallInteger(), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journal_entries")),
        sa.UniqueConstraint("number", name=op.f("uq_journal_entries_number")),
    )
    op.create_index(
        "ix_journal_entries_subject_subject_id_number",
        "journal_entries",
        ["subject", "subject_id", "number"],
        unique=False,
    )
    op.create_index(
        "ix_journal_entries_untold",
        "journal_entries",
        ["number"],
        unique=False,
        postgresql_where=sa.text("told_at IS NULL"),
    )
    op.create_table(
        "positions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("description", sa.String(), nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_positions")),
        sa.UniqueConstraint("name", name=op.f("uq_positions_name")),
    )
    op.create_table(
        "settings",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("category", sa.String(length=60), nullable=False),
        sa.Column("key", sa.String(length=100), nullable=False),
        sa.Column("value", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("description", sa.String(), nullable=True),
        sa.Column("is_public", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_settings")),
        sa.UniqueConstraint("key", name=op.f("uq_settings_key")),
    )
    op.create_table(
        "customers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("identity_key", sa.String(length=140), nullable=True),
        sa.Column(
            "id_card_type",
            sa.Enum(
                "cambodian_identity",
                "passport",
                "driver-license",
                "gov-card",
                "monk-card",
                "family-book",
                "birth-certificate",
                "other",
                name="idcardtype",
                native_enum=False,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("id_number", sa.String(length=100), nullable=True),
        sa.Column("full_name_khmer", sa.String(length=200), nullable=True),
        sa.Column("full_name_latin", sa.String(length=200), nullable=True),
        sa.Column("phone", sa.String(length=40), nullable=True),
        sa.Column("date_of_birth", sa.Date(), nullable=True),
        sa.Column("sex", sa.Enum("male", "female", "other", name="sex", native_enum=False, length=40), nullable=True),
        sa.Column(
            "marital_status",
            sa.Enum(
                "single",
                "married",
                "divorced",
                "widowed",
                "separated",
                name="maritalstatus",
                native_enum=False,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("branch_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["branch_id"], ["branches.id"], name=op.f("fk_customers_branch_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customers")),
        sa.UniqueConstraint("identity_key", name=op.f("uq_customers_identity_key")),
    )
    op.create_index("ix_customers_branch_id", "customers", ["branch_id"], unique=False)
    op.create_index(
        "ix_customers_phone", "customers", ["phone"], unique=False, postgresql_where=sa.text("phone IS NOT NULL")
    )
    op.create_table(
        "employees",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("employee_code", sa.String(length=4), nullable=False),
        sa.Column("full_name_khmer", sa.String(length=200), nullable=False),
        sa.Column("full_name_latin", sa.String(length=200), nullable=False),
        sa.Column("phone_number", sa.String(length=40), nullable=True),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("position", sa.String(length=200), nullable=True),
        sa.Column("department_id", sa.Uuid(), nullable=True),
        sa.Column("branch_id", sa.Uuid(), nullable=True),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("notes", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["branch_id"], ["branches.id"], name=op.f("fk_employees_branch_id")),
        sa.ForeignKeyConstraint(["department_id"], ["departments.id"], name=op.f("fk_employees_department_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_employees")),
        sa.UniqueConstraint("employee_code", name=op.f("uq_employees_employee_code")),
        sa.UniqueConstraint("user_id", name=op.f("uq_employees_user_id")),
    )
    op.create_index("ix_employees_branch_id", "employees", ["branch_id"], unique=False)
    op.create_index("ix_employees_department_id", "employees", ["department_id"], unique=False)
    op.create_table(
        "customer_accounts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.String(length=40), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_customer_accounts_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer_accounts")),
        sa.UniqueConstraint("account_id", name=op.f("uq_customer_accounts_account_id")),
    )
    op.create_table(
        "users",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("username", sa.String(length=50), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("first_name", sa.String(length=100), nullable=False),
        sa.Column("last_name", sa.String(length=100), nullable=False),
        sa.Column("phone_number", sa.String(length=40), nullable=True),
        sa.Column("employee_id", sa.String(length=4), nullable=True),
        sa.Column("password_hash", sa.String(length=60), nullable=False),
        sa.Column(
            "role",
            sa.Enum(
                "admin", "manager", "officer", "teller", "auditor", "viewer", name="role", native_enum=False, length=40
            ),
            nullable=False,
        ),
        sa.Column(
            "status",
            sa.Enum(
                "pending",
                "active",
                "inactive",
                "suspended",
                "archived",
                name="userstatus",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("status_reason", sa.String(), nullable=True),
        sa.Column("department_id", sa.Uuid(), nullable=True),
        sa.Column("branch_id", sa.Uuid(), nullable=True),
        sa.Column("position_id", sa.Uuid(), nullable=True),
        sa.Column("portfolio_id", sa.Uuid(), nullable=True),
        sa.Column("line_manager_id", sa.Uuid(), nullable=True),
        sa.Column("profile_photo_key", sa.String(), nullable=True),
        sa.Column("onboarding_completed", sa.Boolean(), nullable=False),
        sa.Column("onboarding_completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_login_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_activity_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("login_count", sa.Integer(), nullable=False),
        sa.Column("failed_login_attempts", sa.Integer(), nullable=False),
        sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["branch_id"], ["branches.id"], name=op.f("fk_users_branch_id")),
        sa.ForeignKeyConstraint(["department_id"], ["departments.id"], name=op.f("fk_users_department_id")),
        sa.ForeignKeyConstraint(["line_manager_id"], ["employees.id"], name=op.f("fk_users_line_manager_id")),
        sa.ForeignKeyConstraint(["portfolio_id"], ["employees.id"], name=op.f("fk_users_portfolio_id")),
        sa.ForeignKeyConstraint(["position_id"], ["positions.id"], name=op.f("fk_users_position_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("email", name=op.f("uq_users_email")),
        sa.UniqueConstraint("employee_id", name=op.f("uq_users_employee_id")),
        sa.UniqueConstraint("username", name=op.f("uq_users_username")),
    )
    op.create_index("ix_users_branch_id", "users", ["branch_id"], unique=False)
    op.create_index("ix_users_created_at_id", "users", ["created_at", "id"], unique=False)
    op.create_index("ix_users_department_id", "users", ["department_id"], unique=False)
    op.create_table(
        "customer_applications",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("branch_id", sa.Uuid(), nullable=True),
        sa.Column("customer_id", sa.Uuid(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("cycle", sa.SmallInteger(), nullable=False),
        sa.Column("preparers", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.Column(
            "workflow_status",
            sa.Enum(
                "PO_CREATED",
                "USER_COMPLETED",
                "TELLER_PROCESSING",
                "MANAGER_REVIEW",
                "APPROVED",
                "REJECTED",
                "RETURNED",
                "WITHDRAWN",
                name="stage",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("account_id", sa.String(length=40), nullable=True),
        sa.Column("account_id_validated", sa.Boolean(), nullable=False),
        sa.Column("account_id_validation_notes", sa.String(), nullable=True),
        sa.Column(
            "id_card_type",
            sa.Enum(
                "cambodian_identity",
                "passport",
                "driver-license",
                "gov-card",
                "monk-card",
                "family-book",
                "birth-certificate",
                "other",
                name="idcardtype",
                native_enum=False,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("id_number", sa.String(length=100), nullable=True),
        sa.Column("full_name_khmer", sa.String(length=200), nullable=True),
        sa.Column("full_name_latin", sa.String(length=200), nullable=True),
        sa.Column("phone", sa.String(length=40), nullable=True),
        sa.Column("date_of_birth", sa.Date(), nullable=True),
        sa.Column("sex", sa.Enum("male", "female", "other", name="sex", native_enum=False, length=40), nullable=True),
        sa.Column(
            "marital_status",
            sa.Enum(
                "single",
                "married",
                "divorced",
                "widowed",
                "separated",
                name="maritalstatus",
                native_enum=False,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("portfolio_officer_name", sa.String(length=200), nullable=True),
        sa.Column("portfolio_officer_migrated", sa.Boolean(), nullable=False),
        sa.Column("current_address", sa.String(), nullable=True),
        sa.Column("province", sa.String(length=100), nullable=True),
        sa.Column("district", sa.String(length=100), nullable=True),
        sa.Column("commune", sa.String(length=100), nullable=True),
        sa.Column("village", sa.String(length=100), nullable=True),
        sa.Column("occupation", sa.String(length=200), nullable=True),
        sa.Column("employer_name", sa.String(length=200), nullable=True),
        sa.Column("monthly_income", sa.Numeric(precision=15, scale=2), nullable=True),
        sa.Column("income_source", sa.String(length=200), nullable=True),
        sa.Column("monthly_expenses", sa.Numeric(precision=15, scale=2), nullable=True),
        sa.Column("assets_value", sa.Numeric(precision=15, scale=2), nullable=True),
        sa.Column("existing_loans", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("currency", sa.Enum("USD", "KHR", name="currency", native_enum=False, length=40), nullable=False),
        sa.Column("requested_amount", sa.Numeric(precision=15, scale=2), nullable=True),
        sa.Column("desired_loan_term", sa.Integer(), nullable=True),
        sa.Column(
            "product_type",
            sa.Enum(
                "monthly_loan",
                "biweekly_loan",
                "weekly_loan",
                "daily_loan",
                name="producttype",
                native_enum=False,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("interest_rate", sa.Numeric(precision=7, scale=4), nullable=True),
        sa.Column("loan_purposes", postgresql.ARRAY(sa.String(length=40)), nullable=False),
        sa.Column("loan_purpose", sa.String(), nullable=True),
        sa.Column("purpose_details", sa.String(), nullable=True),
        sa.Column("requested_disbursement_date", sa.Date(), nullable=True),
        sa.Column("loan_status", sa.String(length=40), nullable=True),
        sa.Column("loan_start_date", sa.Date(), nullable=True),
        sa.Column("loan_end_date", sa.Date(), nullable=True),
        sa.Column("approved_amount", sa.Numeric(precision=15, scale=2), nullable=True),
        sa.Column("approved_loan_term", sa.Integer(), nullable=True),
        sa.Column("approved_interest_rate", sa.Numeric(precision=7, scale=4), nullable=True),
        sa.Column("guarantor_name", sa.String(length=200), nullable=True),
        sa.Column("guarantor_phone", sa.String(length=40), nullable=True),
        sa.Column("guarantor_id_number", sa.String(length=100), nullable=True),
        sa.Column("guarantor_address", sa.String(), nullable=True),
        sa.Column("guarantor_relationship", sa.String(length=100), nullable=True),
        sa.Column("collaterals", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("credit_score", sa.Integer(), nullable=True),
        sa.Column(
            "risk_category",
            sa.Enum("low", "medium", "high", name="riskcategory", native_enum=False, length=40),
            nullable=True,
        ),
        sa.Column("assessment_notes", sa.String(), nullable=True),
        sa.Column("assigned_reviewer", sa.Uuid(), nullable=True),
        sa.Column(
            "priority_level",
            sa.Enum("low", "normal", "high", "urgent", name="priority", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("po_created_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("po_created_by", sa.Uuid(), nullable=True),
        sa.Column("user_completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("user_completed_by", sa.Uuid(), nullable=True),
        sa.Column("teller_processed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("teller_processed_by", sa.Uuid(), nullable=True),
        sa.Column("manager_reviewed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("manager_reviewed_by", sa.Uuid(), nullable=True),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("approved_by", sa.Uuid(), nullable=True),
        sa.Column("rejected_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rejected_by", sa.Uuid(), nullable=True),
        sa.Column("rejection_reason", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["approved_by"], ["users.id"], name=op.f("fk_customer_applications_approved_by")),
        sa.ForeignKeyConstraint(
            ["assigned_reviewer"], ["users.id"], name=op.f("fk_customer_applications_assigned_reviewer")
        ),
        sa.ForeignKeyConstraint(["branch_id"], ["branches.id"], name=op.f("fk_customer_applications_branch_id")),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_customer_applications_customer_id")),
        sa.ForeignKeyConstraint(
            ["manager_reviewed_by"], ["users.id"], name=op.f("fk_customer_applications_manager_reviewed_by")
        ),
        sa.ForeignKeyConstraint(["po_created_by"], ["users.id"], name=op.f("fk_customer_applications_po_created_by")),
        sa.ForeignKeyConstraint(["rejected_by"], ["users.id"], name=op.f("fk_customer_applications_rejected_by")),
        sa.ForeignKeyConstraint(
            ["teller_processed_by"], ["users.id"], name=op.f("fk_customer_applications_teller_processed_by")
        ),
        sa.ForeignKeyConstraint(
            ["user_completed_by"], ["users.id"], name=op.f("fk_customer_applications_user_completed_by")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_customer_applications_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer_applications")),
    )
    op.create_index("ix_customer_applications_account_id", "customer_applications", ["account_id"], unique=False)
    op.create_index(
        "ix_customer_applications_branch_id_created_at",
        "customer_applications",
        ["branch_id", sa.literal_column("created_at DESC")],
        unique=False,
    )
    op.create_index(
        "ix_customer_applications_created_at",
        "customer_applications",
        [sa.literal_column("created_at DESC")],
        unique=False,
    )
    op.create_index("ix_customer_applications_customer_id", "customer_applications", ["customer_id"], unique=False)
    op.create_index(
        "ix_customer_applications_full_name_khmer_trgm",
        "customer_applications",
        ["full_name_khmer"],
        unique=False,
        postgresql_using="gin",
        postgresql_ops={"full_name_khmer": "gin_trgm_ops"},
    )
    op.create_index(
        "ix_customer_applications_full_name_latin_trgm",
        "customer_applications",
        ["full_name_latin"],
        unique=False,
        postgresql_using="gin",
        postgresql_ops={"full_name_latin": "gin_trgm_ops"},
    )
    op.create_index(
        "ix_customer_applications_id_number_trgm",
        "customer_applications",
        ["id_number"],
        unique=False,
        postgresql_using="gin",
        postgresql_ops={"id_number": "gin_trgm_ops"},
    )
    op.create_index(
        "ix_customer_applications_phone_trgm",
        "customer_applications",
        ["phone"],
        unique=False,
        postgresql_using="gin",
        postgresql_ops={"phone": "gin_trgm_ops"},
    )
    op.create_index(
        "ix_customer_applications_user_id_created_at",
        "customer_applications",
        ["user_id", sa.literal_column("created_at DESC")],
        unique=False,
    )
    op.create_index(
        "ix_customer_applications_workflow_status_created_at",
        "customer_applications",
        ["workflow_status", sa.literal_column("created_at DESC")],
        unique=False,
    )
    op.create_table(
        "notifications",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.String(length=60), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("message", sa.String(), nullable=False),
        sa.Column("priority", sa.String(length=20), nullable=False),
        sa.Column("data", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("dismissed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_notifications_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notifications")),
        sa.UniqueConstraint("event_id", "user_id", name=op.f("uq_notifications_event_id_user_id")),
    )
    op.create_index("ix_notifications_user_id_created_at", "notifications", ["user_id", "created_at"], unique=False)
    op.create_table(
        "sessions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("address", sa.String(length=64), nullable=True),
        sa.Column("device", sa.String(length=300), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_sessions_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sessions")),
    )
    op.create_index("ix_sessions_user_id", "sessions", ["user_id"], unique=False)
    op.create_table(
        "application_employee_assignments",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("employee_id", sa.Uuid(), nullable=False),
        sa.Column(
            "assignment_role",
            sa.Enum(
                "primary_officer",
                "secondary_officer",
                "field_officer",
                "reviewer",
                "approver",
                name="assignmentrole",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("assigned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("assigned_by", sa.Uuid(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("notes", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["application_id"],
            ["customer_applications.id"],
            name=op.f("fk_application_employee_assignments_application_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["assigned_by"], ["users.id"], name=op.f("fk_application_employee_assignments_assigned_by")
        ),
        sa.ForeignKeyConstraint(
            ["employee_id"], ["employees.id"], name=op.f("fk_application_employee_assignments_employee_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_application_employee_assignments")),
    )
    op.create_index(
        "ix_application_employee_assignments_application_id",
        "application_employee_assignments",
        ["application_id"],
        unique=False,
    )
    op.create_index(
        "ix_application_employee_assignments_employee_id",
        "application_employee_assignments",
        ["employee_id"],
        unique=False,
    )
    op.create_index(
        "uq_application_employee_assignments_active",
        "application_employee_assignments",
        ["application_id", "employee_id", "assignment_role"],
        unique=True,
        postgresql_where=sa.text("is_active"),
    )
    op.create_table(
        "application_moves",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column(
            "action",
            sa.Enum(
                "submit",
                "start",
                "send_to_review",
                "approve",
                "reject",
                "return",
                "withdraw",
                "reopen",
                name="action",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "source",
            sa.Enum(
                "PO_CREATED",
                "USER_COMPLETED",
                "TELLER_PROCESSING",
                "MANAGER_REVIEW",
                "APPROVED",
                "REJECTED",
                "RETURNED",
                "WITHDRAWN",
                name="stage",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "target",
            sa.Enum(
                "PO_CREATED",
                "USER_COMPLETED",
                "TELLER_PROCESSING",
                "MANAGER_REVIEW",
                "APPROVED",
                "REJECTED",
                "RETURNED",
                "WITHDRAWN",
                name="stage",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("actor_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cycle", sa.SmallInteger(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("comment", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["actor_id"], ["users.id"], name=op.f("fk_application_moves_actor_id")),
        sa.ForeignKeyConstraint(
            ["application_id"],
            ["customer_applications.id"],
            name=op.f("fk_application_moves_application_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_application_moves")),
    )
    op.create_index(
        "ix_application_moves_application_id_number", "application_moves", ["application_id", "number"], unique=False
    )
    op.create_table(
        "folders",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column("application_id", sa.Uuid(), nullable=True),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["application_id"], ["customer_applications.id"], name=op.f("fk_folders_application_id")
        ),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name=op.f("fk_folders_created_by")),
        sa.ForeignKeyConstraint(["parent_id"], ["folders.id"], name=op.f("fk_folders_parent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_folders")),
        sa.UniqueConstraint(
            "application_id",
            "parent_id",
            "name",
            name=op.f("uq_folders_application_id_parent_id_name"),
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_index("ix_folders_parent_id", "folders", ["parent_id"], unique=False)
    op.create_table(
        "refresh_tokens",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["session_id"], ["sessions.id"], name=op.f("fk_refresh_tokens_session_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refresh_tokens")),
        sa.UniqueConstraint("digest", name=op.f("uq_refresh_tokens_digest")),
    )
    op.create_index("ix_refresh_tokens_session_id", "refresh_tokens", ["session_id"], unique=False)
    op.create_table(
        "files",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("original_filename", sa.String(length=300), nullable=False),
        sa.Column("display_name", sa.String(length=300), nullable=False),
        sa.Column("file_size", sa.BigInteger(), nullable=False),
        sa.Column("mime_type", sa.String(length=100), nullable=False),
        sa.Column("sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("document_type", sa.String(length=60), nullable=True),
        sa.Column("field_name", sa.String(length=100), nullable=True),
        sa.Column("uploaded_by", sa.Uuid(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=True),
        sa.Column("folder_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["application_id"], ["customer_applications.id"], name=op.f("fk_files_application_id")),
        sa.ForeignKeyConstraint(["folder_id"], ["folders.id"], name=op.f("fk_files_folder_id")),
        sa.ForeignKeyConstraint(["uploaded_by"], ["users.id"], name=op.f("fk_files_uploaded_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_files")),
        sa.UniqueConstraint("key", name=op.f("uq_files_key")),
    )
    op.create_index("ix_files_application_id_created_at", "files", ["application_id", "created_at"], unique=False)
    op.create_index("ix_files_folder_id", "files", ["folder_id"], unique=False)
    op.create_index("ix_files_uploaded_by_created_at", "files", ["uploaded_by", "created_at"], unique=False)
    # A company's tables form a loop (a branch has a manager, a manager a branch), so these keys come last.
    op.create_foreign_key("fk_branches_manager_id", "branches", "users", ["manager_id"], ["id"], ondelete="SET NULL")
    op.create_foreign_key(
        "fk_departments_manager_id", "departments", "users", ["manager_id"], ["id"], ondelete="SET NULL"
    )
    op.create_foreign_key("fk_employees_user_id", "employees", "users", ["user_id"], ["id"], ondelete="SET NULL")
    op.execute(WAKE_FUNCTION)
    op.execute(WAKE_TRIGGER)


def downgrade() -> None:
    op.execute("DROP TRIGGER wake_relays ON journal_entries")
    op.execute("DROP FUNCTION wake_relays()")
    op.drop_constraint("fk_branches_manager_id", "branches", type_="foreignkey")
    op.drop_constraint("fk_departments_manager_id", "departments", type_="foreignkey")
    op.drop_constraint("fk_employees_user_id", "employees", type_="foreignkey")
    op.drop_index("ix_files_uploaded_by_created_at", table_name="files")
    op.drop_index("ix_files_folder_id", table_name="files")
    op.drop_index("ix_files_application_id_created_at", table_name="files")
    op.drop_table("files")
    op.drop_index("ix_refresh_tokens_session_id", table_name="refresh_tokens")
    op.drop_table("refresh_tokens")
    op.drop_index("ix_folders_parent_id", table_name="folders")
    op.drop_table("folders")
    op.drop_index("ix_application_moves_application_id_number", table_name="application_moves")
    op.drop_table("application_moves")
    op.drop_index(
        "uq_application_employee_assignments_active",
        table_name="application_employee_assignments",
        postgresql_where=sa.text("is_active"),
    )
    op.drop_index("ix_application_employee_assignments_employee_id", table_name="application_employee_assignments")
    op.drop_index("ix_application_employee_assignments_application_id", table_name="application_employee_assignments")
    op.drop_table("application_employee_assignments")
    op.drop_index("ix_sessions_user_id", table_name="sessions")
    op.drop_table("sessions")
    op.drop_index("ix_notifications_user_id_created_at", table_name="notifications")
    op.drop_table("notifications")
    op.drop_index("ix_customer_applications_workflow_status_created_at", table_name="customer_applications")
    op.drop_index("ix_customer_applications_user_id_created_at", table_name="customer_applications")
    op.drop_index(
        "ix_customer_applications_phone_trgm",
        table_name="customer_applications",
        postgresql_using="gin",
        postgresql_ops={"phone": "gin_trgm_ops"},
    )
    op.drop_index(
        "ix_customer_applications_id_number_trgm",
        table_name="customer_applications",
        postgresql_using="gin",
        postgresql_ops={"id_number": "gin_trgm_ops"},
    )
    op.drop_index(
        "ix_customer_applications_full_name_latin_trgm",
        table_name="customer_applications",
        postgresql_using="gin",
        postgresql_ops={"full_name_latin": "gin_trgm_ops"},
    )
    op.drop_index(
        "ix_customer_applications_full_name_khmer_trgm",
        table_name="customer_applications",
        postgresql_using="gin",
        postgresql_ops={"full_name_khmer": "gin_trgm_ops"},
    )
    op.drop_index("ix_customer_applications_customer_id", table_name="customer_applications")
    op.drop_index("ix_customer_applications_created_at", table_name="customer_applications")
    op.drop_index("ix_customer_applications_branch_id_created_at", table_name="customer_applications")
    op.drop_index("ix_customer_applications_account_id", table_name="customer_applications")
    op.drop_table("customer_applications")
    op.drop_index("ix_users_department_id", table_name="users")
    op.drop_index("ix_users_created_at_id", table_name="users")
    op.drop_index("ix_users_branch_id", table_name="users")
    op.drop_table("users")
    op.drop_table("customer_accounts")
    op.drop_index("ix_employees_department_id", table_name="employees")
    op.drop_index("ix_employees_branch_id", table_name="employees")
    op.drop_table("employees")
    op.drop_index("ix_customers_phone", table_name="customers", postgresql_where=sa.text("phone IS NOT NULL"))
    op.drop_index("ix_customers_branch_id", table_name="customers")
    op.drop_table("customers")
    op.drop_table("settings")
    op.drop_table("positions")
    op.drop_index(
        "ix_journal_entries_untold", table_name="journal_entries", postgresql_where=sa.text("told_at IS NULL")
    )
    op.drop_index("ix_journal_entries_subject_subject_id_number", table_name="journal_entries")
    op.drop_table("journal_entries")
    op.drop_table("employee_code_reservations")
    op.drop_table("departments")
    op.drop_table("branches")
    op.execute("DROP EXTENSION pg_trgm")
