"""The verbs of people's accounts from the first day to the last."""

from lc_workflow.identity.lifecycle.service.leaving import OffboardingService
from lc_workflow.identity.lifecycle.service.staying import LifecycleService

__all__ = ["LifecycleService", "OffboardingService"]
