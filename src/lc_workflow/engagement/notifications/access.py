"""Who sees which notifications, and who is reached by one."""

from typing import Final

from sqlalchemy import ColumnElement

from lc_workflow.engagement.notifications.models import Notification
from lc_workflow.kernel.principal import Principal

READ: Final = "notification:read"


def visible_to(principal: Principal) -> ColumnElement[bool]:
    """Notifications are personal: nobody sees another's, whatever their role."""
    return Notification.user_id == principal.id
