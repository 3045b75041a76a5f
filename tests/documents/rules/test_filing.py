"""Where papers are filed."""

import pytest

from lc_workflow.documents.rules.filing import PAPER_KINDS, FolderName, PaperKind, folder_for

# the File row of the web app's contract, word for word
CONTRACT = {
    "Borrower Documents": (
        "borrower_photo borrower_id_card borrower_family_book borrower_income_proof borrower_bank_statement borrower_id"
    ),
    "Guarantor Documents": (
        "guarantor_photo guarantor_id_card guarantor_family_book guarantor_income_proof guarantor_bank_statement "
        "guarantor_id"
    ),
    "Collateral Documents": "collateral_photo collateral_document",
    "Land Documents": "land_title",
    "Property Valuations": "property_valuation",
    "Property Photos": "property_photos",
    "Vehicle Documents": "vehicle_registration",
    "Vehicle Photos": "vehicle_photos",
    "Business Documents": "business_license business_registration business_financial_statement",
    "Supporting Documents": (
        "loan_application_form credit_report reference_letter contract other_supporting_doc other"
    ),
}


@pytest.mark.parametrize(
    ("document_type", "folder"), [(kind, folder) for folder, kinds in CONTRACT.items() for kind in kinds.split()]
)
def test_a_paper_goes_into_the_folder_the_web_app_expects(document_type: str, folder: str) -> None:
    assert folder_for(document_type) == folder


def test_no_kind_is_listed_that_the_contract_does_not_know_and_none_twice() -> None:
    codes = [kind.code for kind in PAPER_KINDS]
    assert sorted(codes) == sorted(" ".join(CONTRACT.values()).split())


@pytest.mark.parametrize("unknown", ["", "horoscope", "Borrower_Photo", "../land_title"])
def test_a_paper_of_an_unknown_kind_is_kept_among_the_supporting_ones(unknown: str) -> None:
    assert folder_for(unknown) is FolderName.SUPPORTING


@pytest.mark.parametrize("kind", PAPER_KINDS, ids=lambda kind: kind.code)
def test_every_kind_is_called_something_in_english_and_in_khmer(kind: PaperKind) -> None:
    assert kind.label_en.isascii()
    assert all("\u1780" <= character <= "\u17ff" for character in kind.label_km)
