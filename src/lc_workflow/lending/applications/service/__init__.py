"""The verbs of applications: drafting, changing and throwing them away, and asking employees to look after them."""

from lc_workflow.lending.applications.service.drafts import (
    ApplicationService,
    IdTaken,
    NoSuchProduct,
    NoSuchReviewer,
    NotADraft,
    NotYourApplication,
    NotYourDraft,
    ReviewerOfAnotherBranch,
    ReviewerPrepared,
)
from lc_workflow.lending.applications.service.looking_after import LookingAfterService, NoSuchEmployee

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
]
