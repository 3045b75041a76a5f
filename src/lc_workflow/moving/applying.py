"""How an old application is read, field by field, and which values are not credible."""

from collections.abc import Callable, Collection
from datetime import date, datetime
from functools import partial
from typing import Final, TypeVar
from uuid import UUID

from lc_workflow.kernel.money import Currency
from lc_workflow.lending.applications.models import CustomerApplication
from lc_workflow.lending.rules.matching import account_as_kept, scripts_of
from lc_workflow.lending.rules.stages import Stage
from lc_workflow.lending.rules.terms import (
    IdCardType,
    LoanPurpose,
    MaritalStatus,
    Priority,
    ProductType,
    RiskCategory,
    Sex,
)
from lc_workflow.moving.old import Row as OldRow
from lc_workflow.moving.reading import (
    PAPERS,
    PRODUCTS,
    PURPOSES,
    among,
    amount,
    birthday,
    member,
    moment,
    name,
    percent,
    term,
    text,
)
from lc_workflow.moving.report import Unfit
from lc_workflow.moving.taking import FUTURE, LONGEST_NAME, Taking

T = TypeVar("T")

LONGEST_ACCOUNT: Final = 40

NO_AMOUNT: Final = "it was submitted, and no amount was asked for"
CUT: Final = "a name was longer than 200 signs and was cut"
TWO_SCRIPTS: Final = "a name is written in two scripts; the next edit will ask for it"
LONG_ACCOUNT: Final = "its account id is longer than 40 signs, and is left out"
UNKNOWN_PRODUCT: Final = "its product is none of ours, and is left out; the journal keeps the old word"
UNKNOWN_PAPER: Final = "nobody knows the kind of its identity paper; it counts as another paper"
UNKNOWN_PURPOSE: Final = "a purpose is none of ours, and counts as another purpose"
PICTURE_ALONE: Final = "it names a picture that is no paper's; look for it in the old store, and hand it in"
NO_BRANCH: Final = "its officer has no branch, so it has none either"

AMOUNTS: Final = ("monthly_income", "monthly_expenses", "assets_value")
TEXTS: Final = (
    "account_id_validation_notes",
    "current_address",
    "province",
    "district",
    "commune",
    "village",
    "occupation",
    "income_source",
    "loan_purpose",
    "purpose_details",
    "loan_status",
    "assessment_notes",
)
NAMES: Final = ("full_name_khmer", "full_name_latin", "portfolio_officer_name", "employer_name")
PICTURES: Final = (
    "profile_image",
    "profile_photo_path",
    "borrower_nid_photo_path",
    "borrower_home_or_land_photo_path",
    "borrower_business_photo_path",
    "guarantor_nid_photo_path",
    "guarantor_home_or_land_photo_path",
    "guarantor_business_photo_path",
)
"""Columns that named pictures beside the papers."""
DATES: Final = ("requested_disbursement_date", "loan_start_date", "loan_end_date")
MOMENTS: Final = ("po_created_at", "user_completed_at", "teller_processed_at", "manager_reviewed_at", "submitted_at")
PEOPLE: Final = (
    "po_created_by",
    "user_completed_by",
    "teller_processed_by",
    "manager_reviewed_by",
    "assigned_reviewer",
)


def application_of(
    row: OldRow, taking: Taking, stage: Stage, *, branch_id: UUID | None, mended: list[str]
) -> CustomerApplication:
    """Make the row of an old application; `mended` is told what was left out or changed.

    The old service knew no currency: its amounts are US dollars, the default here as well. The approved amount is what
    the old service wrote as the loan's amount, else what was asked for. An application belongs to the branch of its
    officer.

    Raises:
        Unfit: It was submitted without an amount, or something happened in the future.
    """
    at = taking.at
    requested = _or_none(lambda: amount(row.get("requested_amount")), mended) or None
    if requested is None and stage is not Stage.PO_CREATED:
        raise Unfit(NO_AMOUNT)
    moments = {column: moment(row.get(column)) for column in MOMENTS}
    if any(value is not None and value > at for value in moments.values()):
        raise Unfit(FUTURE)
    application = CustomerApplication(
        id=row["id"],
        user_id=row["user_id"],
        branch_id=branch_id,
        cycle=1,
        preparers=[row["user_id"]],
        editors=[],
        material_changes=0,
        workflow_status=stage,
        currency=Currency.USD,
        requested_amount=requested,
        desired_loan_term=_or_none(lambda: term(row.get("desired_loan_term")), mended),
        interest_rate=_or_none(lambda: percent(row.get("interest_rate")), mended),
        product_type=_product(row, mended),
        loan_purposes=_purposes(row.get("loan_purposes"), mended),
        existing_loans=_listed(row.get("existing_loans")),
        date_of_birth=_or_none(lambda: birthday(row.get("date_of_birth"), at=at), mended),
        sex=member(row.get("sex"), Sex),
        marital_status=member(row.get("marital_status"), MaritalStatus),
        id_card_type=_paper(row, mended),
        id_number=text(row.get("id_number")),
        phone=text(row.get("phone")),
        credit_score=row.get("credit_score"),
        risk_category=member(row.get("risk_category"), RiskCategory),
        priority_level=member(row.get("priority_level"), Priority) or Priority.NORMAL,
        account_id=_account(row, mended),
        account_id_validated=bool(row.get("account_id_validated")),
        portfolio_officer_migrated=bool(row.get("portfolio_officer_migrated")),
        rejection_reason=text(row.get("rejection_reason")) if stage is Stage.REJECTED else None,
        **{column: _or_none(partial(amount, row.get(column)), mended) for column in AMOUNTS},
        **{column: _name(row.get(column), column, mended) for column in NAMES},
        **{column: text(row.get(column)) for column in TEXTS},
        **{column: _day(row.get(column)) for column in DATES},
        **{column: taking.users.get(row.get(column)) for column in PEOPLE},
        **moments,
        **taking.dated(row),
    )
    if stage in {Stage.APPROVED, Stage.DISBURSED}:
        lent = _or_none(lambda: amount(row.get("loan_amount")), mended)
        application.approved_amount = lent or requested
        application.approved_loan_term = application.desired_loan_term
        application.approved_interest_rate = application.interest_rate
    if application.branch_id is None:
        mended.append(NO_BRANCH)
    return application


def names_lost_picture(row: OldRow, papers: Collection[str]) -> bool:
    """Whether an old application names a picture that is in no row of the old papers."""
    listed = row.get("documents")
    documents = listed if isinstance(listed, list) else []
    named = [row.get(column) for column in PICTURES]
    named += [document.get("object_name") for document in documents if isinstance(document, dict)]
    return any(isinstance(path, str) and path and path not in papers for path in named)


def _or_none(read: Callable[[], T | None], mended: list[str]) -> T | None:
    """Read a value, or None if it is not credible."""
    try:
        return read()
    except Unfit as why:
        mended.append(f"{why}, and is left out")
        return None


def _name(written: object, column: str, mended: list[str]) -> str | None:
    called = name(written)
    if called is not None and len(called) > LONGEST_NAME:
        mended.append(CUT)
        called = called[:LONGEST_NAME]
    if column.startswith("full_name") and called is not None and len(scripts_of(called)) > 1:
        mended.append(TWO_SCRIPTS)
    return called


def _account(row: OldRow, mended: list[str]) -> str | None:
    account_id = account_as_kept(text(row.get("account_id")))
    if account_id is not None and len(account_id) > LONGEST_ACCOUNT:
        mended.append(LONG_ACCOUNT)
        return None
    return account_id


def _product(row: OldRow, mended: list[str]) -> ProductType | None:
    product = among(row.get("product_type"), PRODUCTS)
    if product is None and text(row.get("product_type")):
        mended.append(UNKNOWN_PRODUCT)
    return product


def _paper(row: OldRow, mended: list[str]) -> IdCardType | None:
    written = text(row.get("id_card_type"))
    kind = among(written, PAPERS)
    if written and kind is None:
        mended.append(UNKNOWN_PAPER)
        return IdCardType.OTHER
    return kind


def _purposes(written: object, mended: list[str]) -> list[str]:
    words = written if isinstance(written, list) else [written] if written else []
    purposes = [among(word, PURPOSES) or LoanPurpose.OTHER for word in words]
    if any(among(word, PURPOSES) is None for word in words):
        mended.append(UNKNOWN_PURPOSE)
    return [purpose.value for purpose in dict.fromkeys(purposes)]


def _listed(written: object) -> list[object]:
    return written if isinstance(written, list) else [written] if written else []


def _day(written: object) -> date | None:
    return written.date() if isinstance(written, datetime) else written if isinstance(written, date) else None
