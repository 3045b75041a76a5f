"""Which fields may change where an application stands."""

import pytest

from lc_workflow.lending.applications.schemas import ApplicationChange
from lc_workflow.lending.rules.editing import (
    MATERIAL,
    TELLER_FIELDS,
    AssessmentOver,
    Incomplete,
    NotEditable,
    NotYourEdit,
    check_edit,
    check_open,
    incompleteness,
    is_material,
)
from lc_workflow.lending.rules.stages import CLOSED, EDITABLE, PROCESS, UPDATE, Stage

WITH_THE_TELLER = {Stage.USER_COMPLETED, Stage.TELLER_PROCESSING}


@pytest.mark.parametrize("stage", Stage)
def test_fields_are_open_in_a_draft_and_after_a_return_alone(stage: Stage) -> None:
    if stage in EDITABLE:
        check_edit({"requested_amount"}, stage, permissions={UPDATE})
    else:
        with pytest.raises(NotEditable):
            check_edit({"requested_amount"}, stage, permissions={UPDATE, PROCESS})


@pytest.mark.parametrize(
    ("stage", "way"),
    [
        (Stage.MANAGER_REVIEW, "; return it first."),
        (Stage.APPROVED, "; undo the approval and return it first."),
        (Stage.REJECTED, "; reopen it first."),
        (Stage.EXPIRED, "; reopen it first."),
        (Stage.DISBURSED, "."),
    ],
)
def test_whoever_finds_an_application_closed_is_told_a_way_that_there_is(stage: Stage, way: str) -> None:
    with pytest.raises(NotEditable) as refused:
        check_edit({"phone"}, stage, permissions={UPDATE})
    assert refused.value.detail == f"An application at {stage} is closed for changes (phone){way}"


@pytest.mark.parametrize("stage", Stage)
def test_the_account_is_the_tellers_while_it_is_with_them(stage: Stage) -> None:
    if stage in WITH_THE_TELLER:
        check_edit(TELLER_FIELDS, stage, permissions={PROCESS})
        with pytest.raises(NotYourEdit):
            check_edit(TELLER_FIELDS, stage, permissions={UPDATE})
    elif stage not in EDITABLE:
        with pytest.raises(NotEditable):
            check_edit(TELLER_FIELDS, stage, permissions={UPDATE, PROCESS})


def test_a_draft_is_changed_by_those_who_may() -> None:
    with pytest.raises(NotYourEdit):
        check_edit({"phone"}, Stage.PO_CREATED, permissions={PROCESS})


def test_what_is_missing_is_named() -> None:
    assert incompleteness(names=(None, "SOK CHANTHY"), requested_amount=1) == []
    (refusal,) = incompleteness(names=(None, ""), requested_amount=None)
    assert isinstance(refusal, Incomplete)
    assert [error.field for error in refusal.errors] == ["full_name_latin", "requested_amount"]


def test_the_terms_are_of_substance_and_a_telephone_number_is_not() -> None:
    assert is_material({"phone", "requested_amount"})
    assert is_material({"parties"}), "who stands behind a loan is changed through a path of its own"
    assert not is_material({"phone", "village", "priority_level", "account_id"})


def test_every_field_that_a_decision_rests_on_is_of_substance() -> None:
    """A new field stands in one of the two lists, so that somebody has thought about it."""
    of_no_weight = """
        assessment_notes commune current_address district employee_assignments employer_name loan_end_date loan_purpose
        loan_purposes loan_start_date loan_status marital_status occupation phone place_code portfolio_officer_name
        priority_level province purpose_details requested_disbursement_date sex village
    """
    assert {"account_id", "account_id_validated", "account_id_validation_notes"} == TELLER_FIELDS
    assert {*ApplicationChange.__struct_fields__} - MATERIAL == {*of_no_weight.split()} | TELLER_FIELDS


def test_who_looks_after_an_application_is_for_those_who_process_it() -> None:
    with pytest.raises(NotYourEdit, match="Who looks after it"):
        check_edit((), Stage.MANAGER_REVIEW, permissions={UPDATE})
    with pytest.raises(NotYourEdit, match="The account is the teller's"):
        check_edit({"account_id"}, Stage.USER_COMPLETED, permissions={UPDATE})
    check_edit((), Stage.MANAGER_REVIEW, permissions={PROCESS})


@pytest.mark.parametrize("stage", Stage)
def test_what_has_ended_is_assessed_no_more(stage: Stage) -> None:
    if stage in CLOSED:
        with pytest.raises(AssessmentOver):
            check_open(stage)
    else:
        check_open(stage)


def test_what_is_of_substance_can_be_changed() -> None:
    through_paths_of_their_own = {"parties"}
    assert {*ApplicationChange.__struct_fields__, *through_paths_of_their_own} >= MATERIAL
