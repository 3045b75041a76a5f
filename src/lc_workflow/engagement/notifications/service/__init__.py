"""The verbs of notifications: telling people, and what they do with what they were told."""

from lc_workflow.engagement.notifications.service.notices import NotificationService
from lc_workflow.engagement.notifications.service.telling import active, say, say_of_loan, send_written, sender_of

__all__ = ["NotificationService", "active", "say", "say_of_loan", "send_written", "sender_of"]
