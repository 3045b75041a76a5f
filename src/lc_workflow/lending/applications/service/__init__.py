"""The verbs of applications: drafting, changing and throwing them away, and who looks after them and reviews them."""

from lc_workflow.lending.applications.service.accounts import give_up_account
from lc_workflow.lending.applications.service.drafts import (
    ApplicationService,
    IdTaken,
    NoSuchProduct,
    NotADraft,
    NotYourDraft,
)
from lc_workflow.lending.applications.service.looking_after import LookingAfterService, NoSuchEmployee, released
from lc_workflow.lending.applications.service.reviewing import (
    NoSuchReviewer,
    NotYourApplication,
    ReviewerOfAnotherBranch,
    ReviewerPrepared,
    ReviewingService,
)

__all__ = [
    "ApplicationService",
    "IdTaken",
    "LookingAfterService",
    "NoSuchEmployee",
    "NoSuchProduct",
    "NoSuchReviewer",
    "NotADraft",
    "NotYourApplication",
    "NotYourDraft",
    "ReviewerOfAnotherBranch",
    "ReviewerPrepared",
    "ReviewingService",
    "give_up_account",
    "released",
]
