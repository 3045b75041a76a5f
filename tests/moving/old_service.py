"""The database of the old service, in its first and its last shape, with a small book of invented people."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import asyncpg
import msgspec
from sqlalchemy import URL

from lc_workflow.samples import photo
from tests.identity.factories import PASSWORD_HASH

FIRST = """
CREATE TABLE users (id uuid PRIMARY KEY, username varchar(50), email varchar(255), password_hash varchar(255),
  first_name varchar(100), last_name varchar(100), phone_number varchar(20), role varchar(20), status varchar(20),
  department_id uuid, branch_id uuid, profile_image_url text, created_at timestamptz, updated_at timestamptz,
  last_login_at timestamptz);
CREATE TABLE departments (id uuid PRIMARY KEY, name varchar(100), code varchar(20), description text, manager_id uuid,
  is_active boolean, created_at timestamptz, updated_at timestamptz);
CREATE TABLE branches (id uuid PRIMARY KEY, name varchar(100), code varchar(20), address text, phone_number varchar(20),
  email varchar(255), manager_id uuid, latitude numeric(10, 8), longitude numeric(11, 8), is_active boolean,
  created_at timestamptz, updated_at timestamptz);
CREATE TABLE customer_applications (id uuid PRIMARY KEY, user_id uuid, status varchar(20), id_card_type varchar(50),
  id_number varchar(50), full_name_khmer varchar(255), full_name_latin varchar(255), phone varchar(20),
  date_of_birth date, portfolio_officer_name varchar(255), current_address text, province varchar(100),
  district varchar(100), commune varchar(100), village varchar(100), occupation varchar(100),
  employer_name varchar(255), monthly_income numeric(15, 2), income_source varchar(100),
  requested_amount numeric(15, 2), loan_purposes json, purpose_details text, product_type varchar(50),
  desired_loan_term varchar(50), requested_disbursement_date date, interest_rate numeric(5, 2),
  guarantor_name varchar(255), guarantor_phone varchar(20), guarantor_id_number varchar(50), guarantor_address text,
  guarantor_relationship varchar(100), existing_loans json, monthly_expenses numeric(15, 2),
  assets_value numeric(15, 2), credit_score integer, risk_category varchar(20), assessment_notes text,
  collaterals json, documents json, workflow_stage varchar(50), assigned_reviewer uuid, priority_level varchar(20),
  created_at timestamptz, updated_at timestamptz, submitted_at timestamptz, approved_at timestamptz, approved_by uuid,
  rejected_at timestamptz, rejected_by uuid, rejection_reason text);
CREATE TABLE files (id uuid PRIMARY KEY, filename varchar(255), original_filename varchar(255), file_path text,
  file_size bigint, mime_type varchar(100), uploaded_by uuid, application_id uuid, created_at timestamptz);
CREATE TABLE settings (id uuid PRIMARY KEY, key varchar(100), value json, category varchar(50), description text,
  is_public boolean, created_at timestamptz, updated_at timestamptz, created_by uuid, updated_by uuid);
"""
"""The tables of the first release, as far as a reader meets them: constraints would only keep bad rows out."""

LAST = (
    FIRST.replace("desired_loan_term varchar(50)", "desired_loan_term integer")
    + """
CREATE TABLE positions (id uuid PRIMARY KEY, name varchar(100), description text, is_active boolean,
  created_at timestamptz, updated_at timestamptz);
CREATE TABLE employees (id uuid PRIMARY KEY, employee_code varchar(20), full_name_khmer varchar(255),
  full_name_latin varchar(255), phone_number varchar(20), email varchar(255), position varchar(100),
  department_id uuid, branch_id uuid, user_id uuid, is_active boolean, notes text, created_at timestamptz,
  updated_at timestamptz, created_by uuid, updated_by uuid);
CREATE TABLE application_employee_assignments (id uuid PRIMARY KEY, application_id uuid, employee_id uuid,
  assignment_role varchar(50), assigned_at timestamptz, assigned_by uuid, is_active boolean, notes text);
CREATE TABLE folders (id uuid PRIMARY KEY, name varchar(255), parent_id uuid, application_id uuid,
  created_at timestamptz, updated_at timestamptz);
CREATE TABLE selfies (id uuid PRIMARY KEY, application_id uuid, file_id uuid, selfie_type varchar(50),
  captured_at timestamptz, captured_by_user_id uuid, customer_id_number varchar(50), customer_name varchar(255),
  location_latitude numeric(10, 8), location_longitude numeric(11, 8), location_address text,
  face_detection_confidence numeric(5, 4), image_quality_score numeric(4, 2), status varchar(20),
  is_validated boolean, validated_by uuid, validated_at timestamptz, validation_notes text, notes text,
  created_at timestamptz, updated_at timestamptz);
CREATE TABLE notifications (id uuid PRIMARY KEY, user_id uuid, title varchar(200));
CREATE TABLE audit_logs (id integer PRIMARY KEY, action varchar(100), details json);
CREATE TABLE alembic_version (version_num varchar(32));
ALTER TABLE users ADD employee_id varchar(4), ADD status_reason varchar(100), ADD login_count integer,
  ADD position_id uuid, ADD portfolio_id uuid, ADD line_manager_id uuid, ADD is_deleted boolean;
ALTER TABLE files ADD display_name varchar(255), ADD folder_id uuid;
ALTER TABLE customer_applications ADD account_id varchar(100), ADD sex varchar(20), ADD marital_status varchar(20),
  ADD portfolio_officer_migrated boolean, ADD loan_amount numeric(15, 2), ADD loan_status varchar(20),
  ADD loan_purpose varchar(255), ADD loan_start_date date, ADD loan_end_date date, ADD workflow_status varchar(50),
  ADD po_created_at timestamptz, ADD po_created_by uuid, ADD user_completed_at timestamptz,
  ADD user_completed_by uuid, ADD teller_processed_at timestamptz, ADD teller_processed_by uuid,
  ADD manager_reviewed_at timestamptz, ADD manager_reviewed_by uuid, ADD account_id_validated boolean,
  ADD account_id_validation_notes text, ADD profile_image text, ADD borrower_nid_photo_path text;
"""
)
"""The tables of the last release."""


def old_id(name: str) -> UUID:
    """The id that something has in the old book."""
    return uuid5(UUID("6f2d8b34-0000-4000-8000-000000000000"), name)


def day(number: int) -> datetime:
    """A morning of the autumn before the move."""
    return datetime(2025, 9, number, 3, tzinfo=UTC)


AGREEMENT = b"Loan agreement of Sophea Nhem"
PAPERS = {
    "applications/A/Loan agreement ខ្មែរ.txt": AGREEMENT,
    "applications/A/Portrait.JPG": photo("Portrait", "Sophea Nhem"),
    "applications/A/nice.pdf": b"MZ\x90\x00\x03 no paper at all",
}
"""What the old bucket holds, by names that people gave."""

YESTERDAY = datetime.now(UTC) - timedelta(days=1)

Book = Mapping[str, list[dict[str, Any]]]

_DATED = {"created_at": day(1), "updated_at": day(1)}


def _place(table: str, name: str, code: str, **more: Any) -> dict[str, Any]:
    return {"id": old_id(code), "name": name, "code": code, "is_active": True, **_DATED, **more}


def _user(name: str, role: str, **more: Any) -> dict[str, Any]:
    return {
        "id": old_id(name),
        "username": name,
        "email": f"{name}@old.example",
        "password_hash": PASSWORD_HASH,
        "first_name": name.title(),
        "last_name": "Sok",
        "phone_number": "012 345 678",
        "role": role,
        "status": "active",
        "branch_id": old_id("PP01"),
        **_DATED,
        **more,
    }


def _loan(name: str, status: str, **more: Any) -> dict[str, Any]:
    return {
        "id": old_id(name),
        "user_id": old_id("dara"),
        "status": status,
        "id_card_type": "national_id",
        "id_number": f"{int(old_id(name)) % 10**9:09}",
        "full_name_latin": f"CHEA {name.upper().replace('_', ' ')}",
        "full_name_khmer": "ជា សុភា",
        "phone": "012 700 100",
        "date_of_birth": date(1988, 2, 29),
        "requested_amount": Decimal("1500.50"),
        "desired_loan_term": 12,
        "interest_rate": Decimal("18.00"),
        "product_type": "monthly_loan",
        "loan_purposes": ["business"],
        "priority_level": "normal",
        **_DATED,
        **more,
    }


def _assignment(key: str, **more: Any) -> dict[str, Any]:
    return {
        "id": old_id(key),
        "application_id": old_id("draft"),
        "employee_id": old_id("E7"),
        "assignment_role": "primary_officer",
        "assigned_at": day(2),
        **more,
    }


def _folder(key: str, **more: Any) -> dict[str, Any]:
    return {"id": old_id(key), "name": key, "application_id": old_id("draft"), **_DATED, **more}


def _file(key: str, path: str, **more: Any) -> dict[str, Any]:
    return {
        "id": old_id(key),
        "filename": path,
        "original_filename": path.rpartition("/")[2],
        "file_path": path,
        "file_size": len(AGREEMENT),
        "mime_type": "text/plain",
        "uploaded_by": old_id("dara"),
        "application_id": old_id("draft"),
        "created_at": day(2),
        **more,
    }


def _selfie(key: str, **more: Any) -> dict[str, Any]:
    return {
        "id": old_id(key),
        "application_id": old_id("draft"),
        "selfie_type": "customer_profile",
        "captured_at": day(2),
        "created_at": day(2),
        "captured_by_user_id": old_id("dara"),
        **more,
    }


_SUBMITTED = {"submitted_at": day(3), "user_completed_at": day(3), "user_completed_by": old_id("dara")}
_AT_THE_COUNTER = _SUBMITTED | {
    "teller_processed_at": day(4),
    "teller_processed_by": old_id("tola"),
    "account_id": "00012345",
    "account_id_validated": True,
}
_APPROVED = _AT_THE_COUNTER | {
    "workflow_status": "APPROVED",
    "approved_at": day(5),
    "approved_by": old_id("maly"),
    "manager_reviewed_at": day(5),
    "manager_reviewed_by": old_id("maly"),
}
RETURNING = {"id_number": "010203040", "full_name_latin": "NHEM SOPHEA", "phone": "011 222 333"}
"""A customer with two loans."""

LAST_BOOK: Book = {
    "branches": [
        _place("branches", "Phnom Penh 1", "PP01", address="Street 271", manager_id=old_id("E7")),
        _place("branches", "Battambang", "BB02", address="Road 5"),
        _place("branches", "Nowhere", "", address=""),
    ],
    "departments": [_place("departments", "Credit", "CR", manager_id=old_id("E7"))],
    "positions": [{"id": old_id("Credit officer"), "name": "Credit officer", "is_active": True, **_DATED}],
    "users": [
        _user("maly", "manager", employee_id="0007"),
        _user("dara", "officer", position_id=old_id("Credit officer"), line_manager_id=old_id("E7")),
        _user("tola", "teller"),
        _user("admin", "admin", branch_id=None),
        _user("Maly2", "officer", email="MALY@old.example", created_at=day(2)),
        _user("astrologer", "astrologer"),
        _user("homeless", "officer", branch_id=None),
        _user("md5", "officer", password_hash="5f4dcc3b5aa765d61d8327deb882cf99"),
        _user("gone", "officer", is_deleted=True, department_id=old_id("no such department")),
    ],
    "employees": [
        {
            "id": old_id("E7"),
            "employee_code": "7",
            "full_name_khmer": "ម៉ាលី",
            "full_name_latin": "MALY SOK",
            "phone_number": "012345678",
            "branch_id": old_id("PP01"),
            "user_id": old_id("maly"),
            "is_active": True,
            **_DATED,
        },
        {
            "id": old_id("EMP-12"),
            "employee_code": "EMP-12",
            "full_name_khmer": "វុទ្ធី",
            "full_name_latin": "VUTHY CHEA",
            "phone_number": "012345679",
            "is_active": True,
            **_DATED,
        },
    ],
    "customer_applications": [
        _loan(
            "draft",
            "draft",
            workflow_status="po_created",
            guarantor_name="ជា រតនា",
            guarantor_phone="012 888 999",
            guarantor_relationship="brother",
            collaterals=[{"type": "land", "estimated_value": "12,000", "title_number": "T-77"}, "a motorbike"],
            sex="Female",
            marital_status="married",
            profile_image="applications/A/Portrait.JPG",
        ),
        _loan("submitted", "submitted", workflow_status="USER_COMPLETED", **_SUBMITTED),
        _loan("counter", "submitted", workflow_status="TELLER_PROCESSING", **_AT_THE_COUNTER | {"account_id": "00099"}),
        _loan("review", "submitted", workflow_status="MANAGER_REVIEW", **_AT_THE_COUNTER | {"account_id": "00098"}),
        _loan("approved", "approved", **_APPROVED, **RETURNING, loan_amount=Decimal("1200.00")),
        _loan("second", "draft", **RETURNING, created_at=day(20)),
        _loan(
            "rejected",
            "rejected",
            workflow_status="REJECTED",
            **_SUBMITTED,
            rejected_at=day(6),
            rejected_by=old_id("maly"),
            rejection_reason="Income not shown.",
        ),
        _loan(
            "fresh",
            "approved",
            **_APPROVED | {"account_id": "00055", "approved_at": YESTERDAY, "manager_reviewed_at": YESTERDAY},
            loan_status="active",
        ),
        _loan("running", "approved", **_APPROVED, loan_status="active"),
        _loan("paid_out", "approved", **_APPROVED | {"account_id": "00012345"}, loan_start_date=date(2025, 9, 8)),
        _loan(
            "odd_draft",
            "draft",
            desired_loan_term=0,
            date_of_birth=date(2096, 1, 1),
            monthly_income=Decimal("NaN"),
            product_type="micro_loan",
            loan_purposes=["a trip to the moon"],
            id_card_type="library_card",
            borrower_nid_photo_path="applications/nobody-filed-this.jpg",
        ),
        _loan("unknown_status", "in_limbo"),
        _loan("no_amount", "submitted", requested_amount=Decimal("NaN")),
        _loan("nobodys", "draft", user_id=old_id("nobody")),
        _loan("contradiction", "approved", workflow_status="REJECTED"),
        _loan("tomorrow", "approved", approved_at=datetime(2199, 1, 1, tzinfo=UTC), approved_by=old_id("maly")),
        _loan("homeless_draft", "draft", user_id=old_id("homeless")),
    ],
    "application_employee_assignments": [
        _assignment("first_look", assigned_by=old_id("maly"), is_active=True),
        _assignment("nobodys_wish", assignment_role="field_officer"),
        _assignment("fortune", assignment_role="fortune_teller"),
    ],
    "folders": [
        _folder("Identity", parent_id=old_id("Papers")),
        _folder("Papers"),
        _folder("Papers again", name=" Pap\u00aders", created_at=day(3)),
        _folder("Lost", parent_id=old_id("no such folder")),
    ],
    "files": [
        _file("agreement", "applications/A/Loan agreement ខ្មែរ.txt", folder_id=old_id("Papers again")),
        _file("portrait", "applications/A/Portrait.JPG", mime_type="image/jpeg"),
        _file("missing", "applications/A/missing.pdf"),
        _file("script", "applications/A/nice.pdf", mime_type="application/pdf"),
        _file("outside", "../report.json", created_at=day(3)),
        _file("of_nobodys", "applications/A/Portrait.JPG", application_id=old_id("nobodys")),
    ],
    "selfies": [
        _selfie("selfie", file_id=old_id("portrait"), status="validated", validated_by=old_id("maly")),
        _selfie("same_picture", file_id=old_id("portrait"), created_at=day(3)),
        _selfie("lost_selfie", file_id=old_id("missing")),
    ],
    "settings": [
        {"id": old_id(key), "key": key, "value": value, "category": "general", "is_public": True, **_DATED}
        for key, value in {"company_name": "Old House", "approval_valid_days": "many", "smtp_password": "x"}.items()
    ],
    "notifications": [{"id": old_id("notice"), "user_id": old_id("dara"), "title": "Hello"}],
    "audit_logs": [{"id": 1, "action": "login", "details": {}}],
}
"""The book of the last release: most rows are good, and some are as bad as they get."""

FIRST_BOOK: Book = {
    "branches": [_place("branches", "Kampot", "KP01", address="Old market", manager_id=old_id("maly"))],
    "departments": [],
    "users": [
        _user("maly", "manager", branch_id=old_id("KP01")),
        _user("dara", "officer", branch_id=old_id("KP01")),
    ],
    "customer_applications": [
        _loan("first_draft", "draft", desired_loan_term="12_months"),
        _loan("first_submitted", "submitted", desired_loan_term="6_months", submitted_at=day(3)),
        _loan(
            "first_approved",
            "approved",
            desired_loan_term="2_years",
            submitted_at=day(3),
            approved_at=day(5),
            approved_by=old_id("maly"),
        ),
    ],
}
"""The book of the first release, which knew no tellers, no employees, and terms in words."""


def fill_old_store(folder: Path) -> None:
    """Write the papers into a folder, as if the bucket had been copied there."""
    for name, content in PAPERS.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


async def open_old_service(url: URL, tables: str, book: Book) -> None:
    """Create the tables and write the book."""
    connection = await asyncpg.connect(url.set(drivername="postgresql").render_as_string(hide_password=False))
    await connection.set_type_codec(
        "json",
        schema="pg_catalog",
        encoder=lambda value: msgspec.json.encode(value).decode(),
        decoder=msgspec.json.decode,
    )
    await connection.execute(tables)
    for table, rows in book.items():
        for row in rows:
            places = ", ".join(f"${number}" for number in range(1, len(row) + 1))
            await connection.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({places})", *row.values())
    await connection.close()
