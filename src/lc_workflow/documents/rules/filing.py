"""Which kinds of papers there are, and the folder each is filed in."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class FolderName(StrEnum):
    """The folders of an application, by the names the web app looks for."""

    BORROWER = "Borrower Documents"
    GUARANTOR = "Guarantor Documents"
    COLLATERAL = "Collateral Documents"
    LAND = "Land Documents"
    VALUATIONS = "Property Valuations"
    PROPERTY_PHOTOS = "Property Photos"
    VEHICLE = "Vehicle Documents"
    VEHICLE_PHOTOS = "Vehicle Photos"
    BUSINESS = "Business Documents"
    SUPPORTING = "Supporting Documents"


@dataclass(frozen=True, slots=True)
class PaperKind:
    """One kind of paper: its `document_type` in the web app, its folder, and what people call it."""

    code: str
    folder: FolderName
    label_en: str
    label_km: str


PAPER_KINDS: Final = (
    PaperKind("borrower_photo", FolderName.BORROWER, "Photo of the borrower", "រូបថតអ្នកខ្ចី"),
    PaperKind("borrower_id_card", FolderName.BORROWER, "Identity card of the borrower", "អត្តសញ្ញាណប័ណ្ណអ្នកខ្ចី"),
    PaperKind("borrower_family_book", FolderName.BORROWER, "Family book of the borrower", "សៀវភៅគ្រួសារអ្នកខ្ចី"),
    PaperKind("borrower_income_proof", FolderName.BORROWER, "Proof of the borrower's income", "ភស្តុតាងចំណូលអ្នកខ្ចី"),
    PaperKind(
        "borrower_bank_statement",
        FolderName.BORROWER,
        "Bank statement of the borrower",
        "របាយការណ៍គណនីធនាគារអ្នកខ្ចី",
    ),
    PaperKind("guarantor_photo", FolderName.GUARANTOR, "Photo of the guarantor", "រូបថតអ្នកធានា"),
    PaperKind("guarantor_id_card", FolderName.GUARANTOR, "Identity card of the guarantor", "អត្តសញ្ញាណប័ណ្ណអ្នកធានា"),
    PaperKind("guarantor_family_book", FolderName.GUARANTOR, "Family book of the guarantor", "សៀវភៅគ្រួសារអ្នកធានា"),
    PaperKind("guarantor_income_proof", FolderName.GUARANTOR, "Proof of the guarantor's income", "ភស្តុតាងចំណូលអ្នកធានា"),
    PaperKind(
        "guarantor_bank_statement",
        FolderName.GUARANTOR,
        "Bank statement of the guarantor",
        "របាយការណ៍គណនីធនាគារអ្នកធានា",
    ),
    PaperKind("land_title", FolderName.LAND, "Land title", "ប័ណ្ណកម្មសិទ្ធិដីធ្លី"),
    PaperKind("property_valuation", FolderName.VALUATIONS, "Property valuation", "របាយការណ៍វាយតម្លៃអចលនទ្រព្យ"),
    PaperKind("property_photos", FolderName.PROPERTY_PHOTOS, "Photos of the property", "រូបថតអចលនទ្រព្យ"),
    PaperKind("vehicle_registration", FolderName.VEHICLE, "Vehicle registration card", "ប័ណ្ណសម្គាល់យានយន្ត"),
    PaperKind("vehicle_photos", FolderName.VEHICLE_PHOTOS, "Photos of the vehicle", "រូបថតយានយន្ត"),
    PaperKind("business_license", FolderName.BUSINESS, "Business licence", "អាជ្ញាប័ណ្ណអាជីវកម្ម"),
    PaperKind("business_registration", FolderName.BUSINESS, "Business registration", "វិញ្ញាបនបត្រចុះបញ្ជីអាជីវកម្ម"),
    PaperKind(
        "business_financial_statement",
        FolderName.BUSINESS,
        "Financial statement of the business",
        "របាយការណ៍ហិរញ្ញវត្ថុអាជីវកម្ម",
    ),
    PaperKind("loan_application_form", FolderName.SUPPORTING, "Loan application form", "ពាក្យស្នើសុំកម្ចី"),
    PaperKind("credit_report", FolderName.SUPPORTING, "Credit report", "របាយការណ៍ឥណទាន"),
    PaperKind("reference_letter", FolderName.SUPPORTING, "Letter of reference", "លិខិតណែនាំ"),
    PaperKind("contract", FolderName.SUPPORTING, "Contract", "កិច្ចសន្យា"),
    PaperKind("other_supporting_doc", FolderName.SUPPORTING, "Other supporting paper", "ឯកសារគាំទ្រផ្សេងទៀត"),
    PaperKind("other", FolderName.SUPPORTING, "Other paper", "ឯកសារផ្សេងទៀត"),
    # names that older versions of the web app send
    PaperKind("borrower_id", FolderName.BORROWER, "Identity paper of the borrower", "ឯកសារអត្តសញ្ញាណអ្នកខ្ចី"),
    PaperKind("guarantor_id", FolderName.GUARANTOR, "Identity paper of the guarantor", "ឯកសារអត្តសញ្ញាណអ្នកធានា"),
    PaperKind("collateral_photo", FolderName.COLLATERAL, "Photo of the collateral", "រូបថតទ្រព្យធានា"),
    PaperKind("collateral_document", FolderName.COLLATERAL, "Paper about the collateral", "ឯកសារទ្រព្យធានា"),
)
"""Source: the File row of the web app's contract, §3."""

_FOLDERS: Final = {kind.code: kind.folder for kind in PAPER_KINDS}


def folder_for(document_type: str) -> FolderName:
    """Name the folder a paper of this kind is filed in.

    A kind nobody knows is filed under Supporting Documents: the table grows later than the web app, and a paper
    handed in must not be sent back for the lack of a label.
    """
    return _FOLDERS.get(document_type, FolderName.SUPPORTING)
