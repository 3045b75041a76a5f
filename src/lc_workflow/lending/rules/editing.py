"""Which fields of an application may change where it stands."""

from collections.abc import Collection
from typing import Final

from lc_workflow.kernel.errors import FieldError, Forbidden, Invalid
from lc_workflow.lending.rules.stages import CLOSED, EDITABLE, PROCESS, UPDATE, Stage

TELLER_FIELDS: Final = frozenset({"account_id", "account_id_validated", "account_id_validation_notes"})
"""What the teller finds out, while the application is with them."""

MATERIAL: Final = frozenset(
    {
        "assets_value",
        "collaterals",
        "credit_score",
        "currency",
        "date_of_birth",
        "desired_loan_term",
        "existing_loans",
        "full_name_khmer",
        "full_name_latin",
        "guarantor_address",
        "guarantor_id_number",
        "guarantor_name",
        "guarantor_phone",
        "guarantor_relationship",
        "id_card_type",
        "id_number",
        "income_source",
        "interest_rate",
        "monthly_expenses",
        "monthly_income",
        "parties",
        "product_code",
        "product_type",
        "requested_amount",
        "risk_category",
    }
)
"""What a decision is based on: terms, borrower, guarantors, income, and the judgements (§1)."""

_WAY_BACK: Final = {
    Stage.USER_COMPLETED: "; return it first",
    Stage.TELLER_PROCESSING: "; return it first",
    Stage.MANAGER_REVIEW: "; return it first",
    Stage.APPROVED: "; undo the approval and return it first",
    Stage.REJECTED: "; reopen it first",
    Stage.WITHDRAWN: "; reopen it first",
    Stage.EXPIRED: "; reopen it first",
}
"""How an application comes back to where it can be changed; one that was paid out does not."""

TELLER_STAGES: Final = frozenset({Stage.USER_COMPLETED, Stage.TELLER_PROCESSING})


class NotEditable(Invalid):
    """The application has moved on; its fields are closed."""


class NotYourEdit(Forbidden):
    """The fields are open, for someone with another permission."""


class AssessmentOver(Invalid):
    """The loan is decided or was given up; its assessment stays as it was decided on."""


class Incomplete(Invalid):
    """Something has to be filled in before the application can be submitted."""


def check_edit(fields: Collection[str], stage: Stage, *, permissions: Collection[str]) -> None:
    """Refuse a change to fields that are closed at this stage or for this person.

    Raises:
        NotEditable: Some are closed where the application stands.
        NotYourEdit: They are open, and the person lacks the permission for this application.
    """
    if stage in EDITABLE:
        if UPDATE not in permissions:
            raise NotYourEdit("Changing this application is for those who hold application:update for it.")
        return
    if closed := sorted(set(fields) - (TELLER_FIELDS if stage in TELLER_STAGES else frozenset())):
        raise NotEditable(
            f"An application at {stage} is closed for changes ({', '.join(closed[:5])}){_WAY_BACK.get(stage, '')}."
        )
    if PROCESS not in permissions:
        whose = "The account is the teller's to enter." if fields else "Who looks after it is for those who process it."
        raise NotYourEdit(whose)


def check_open(stage: Stage) -> None:
    """Refuse to assess an application that is decided or was given up.

    Raises:
        AssessmentOver: It has come to its end.
    """
    if stage in CLOSED:
        raise AssessmentOver(f"An application at {stage} is assessed no more.")


def is_material(fields: Collection[str]) -> bool:
    """Whether a change of these fields is material: it voids decisions, and its author may not decide."""
    return not MATERIAL.isdisjoint(fields)


def incompleteness(*, names: Collection[str | None], requested_amount: object) -> list[Incomplete]:
    """List what keeps an application from being submitted: it must say who wants how much."""
    missing = [
        *(() if any(names) else ("full_name_latin",)),
        *(() if requested_amount else ("requested_amount",)),
    ]
    if not missing:
        return []
    said = f"Fill in {' and '.join(missing)} before submitting."
    return [Incomplete(said, errors=tuple(FieldError(field, "is needed before submitting") for field in missing))]
