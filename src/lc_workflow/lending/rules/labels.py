"""What the choices of an application are called in English and in Khmer."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from lc_workflow.lending.rules.stages import Stage, Status
from lc_workflow.lending.rules.terms import (
    AssignmentRole,
    IdCardType,
    LoanPurpose,
    MaritalStatus,
    Priority,
    ProductType,
    RiskCategory,
    Sex,
)

LABELS: Final[Mapping[str, Mapping[StrEnum, tuple[str, str]]]] = {
    "product-types": {
        ProductType.MONTHLY: ("Monthly loan", "កម្ចីប្រចាំខែ"),
        ProductType.BIWEEKLY: ("Biweekly loan", "កម្ចីពីរសប្តាហ៍ម្តង"),
        ProductType.WEEKLY: ("Weekly loan", "កម្ចីប្រចាំសប្តាហ៍"),
        ProductType.DAILY: ("Daily loan", "កម្ចីប្រចាំថ្ងៃ"),
    },
    "id-card-types": {
        IdCardType.CAMBODIAN_IDENTITY: ("Cambodian identity card", "អត្តសញ្ញាណប័ណ្ណសញ្ជាតិខ្មែរ"),
        IdCardType.PASSPORT: ("Passport", "លិខិតឆ្លងដែន"),
        IdCardType.DRIVER_LICENSE: ("Driving licence", "ប័ណ្ណបើកបរ"),
        IdCardType.GOV_CARD: ("Government card", "ប័ណ្ណមន្ត្រីរាជការ"),
        IdCardType.MONK_CARD: ("Monk card", "ឆាយាប័ណ្ណ"),
        IdCardType.FAMILY_BOOK: ("Family book", "សៀវភៅគ្រួសារ"),
        IdCardType.BIRTH_CERTIFICATE: ("Birth certificate", "សំបុត្រកំណើត"),
        IdCardType.OTHER: ("Other", "ផ្សេងៗ"),
    },
    "loan-purposes": {
        LoanPurpose.COMMERCE: ("Commerce", "ពាណិជ្ជកម្ម"),
        LoanPurpose.AGRICULTURE: ("Agriculture", "កសិកម្ម"),
        LoanPurpose.EDUCATION: ("Education", "ការអប់រំ"),
        LoanPurpose.HOUSING: ("Housing", "លំនៅឋាន"),
        LoanPurpose.VEHICLE: ("Vehicle", "យានយន្ត"),
        LoanPurpose.MEDICAL: ("Medical", "ការព្យាបាល"),
        LoanPurpose.OTHER: ("Other", "ផ្សេងៗ"),
    },
    "loan-statuses": {
        Status.DRAFT: ("Draft", "សេចក្តីព្រាង"),
        Status.SUBMITTED: ("Submitted", "បានដាក់ស្នើ"),
        Status.UNDER_REVIEW: ("Under review", "កំពុងពិនិត្យ"),
        Status.APPROVED: ("Approved", "បានអនុម័ត"),
        Status.REJECTED: ("Rejected", "បានបដិសេធ"),
    },
    "workflow-statuses": {
        Stage.PO_CREATED: ("Being prepared", "កំពុងរៀបចំ"),
        Stage.USER_COMPLETED: ("Submitted", "បានដាក់ស្នើ"),
        Stage.TELLER_PROCESSING: ("With the teller", "បេឡាករកំពុងដំណើរការ"),
        Stage.MANAGER_REVIEW: ("With the manager", "ប្រធានសាខាកំពុងពិនិត្យ"),
        Stage.APPROVED: ("Approved", "បានអនុម័ត"),
        Stage.REJECTED: ("Rejected", "បានបដិសេធ"),
        Stage.RETURNED: ("Returned for correction", "បានបញ្ជូនត្រឡប់ឱ្យកែ"),
        Stage.WITHDRAWN: ("Withdrawn", "បានដកពាក្យសុំ"),
        Stage.EXPIRED: ("Approval expired", "ការអនុម័តផុតសុពលភាព"),
        Stage.DISBURSED: ("Disbursed", "បានបើកប្រាក់កម្ចី"),
    },
    "sexes": {
        Sex.MALE: ("Male", "ប្រុស"),
        Sex.FEMALE: ("Female", "ស្រី"),
        Sex.OTHER: ("Other", "ផ្សេងទៀត"),
    },
    "marital-statuses": {
        MaritalStatus.SINGLE: ("Single", "នៅលីវ"),
        MaritalStatus.MARRIED: ("Married", "រៀបការហើយ"),
        MaritalStatus.DIVORCED: ("Divorced", "លែងលះ"),
        MaritalStatus.WIDOWED: ("Widowed", "មេម៉ាយ ឬ ពោះម៉ាយ"),
        MaritalStatus.SEPARATED: ("Separated", "រស់នៅបែកគ្នា"),
    },
    "priority-levels": {
        Priority.LOW: ("Low", "ទាប"),
        Priority.NORMAL: ("Normal", "ធម្មតា"),
        Priority.HIGH: ("High", "ខ្ពស់"),
        Priority.URGENT: ("Urgent", "បន្ទាន់"),
    },
    "risk-categories": {
        RiskCategory.LOW: ("Low", "ទាប"),
        RiskCategory.MEDIUM: ("Medium", "មធ្យម"),
        RiskCategory.HIGH: ("High", "ខ្ពស់"),
    },
    "assignment-roles": {
        AssignmentRole.PRIMARY_OFFICER: ("Primary officer", "មន្ត្រីទទួលបន្ទុកចម្បង"),
        AssignmentRole.SECONDARY_OFFICER: ("Secondary officer", "មន្ត្រីទទួលបន្ទុករង"),
        AssignmentRole.FIELD_OFFICER: ("Field officer", "មន្ត្រីចុះមូលដ្ឋាន"),
        AssignmentRole.REVIEWER: ("Reviewer", "អ្នកពិនិត្យ"),
        AssignmentRole.APPROVER: ("Approver", "អ្នកអនុម័ត"),
    },
}
"""By the name each enumeration is published under."""
