"""The verbs of notifications: telling people, and what they do with what they were told."""

from lc_workflow.engagement.notifications.service.notices import NotificationService
from lc_workflow.engagement.notifications.service.telling import TellingService

__all__ = ["NotificationService", "TellingService"]
