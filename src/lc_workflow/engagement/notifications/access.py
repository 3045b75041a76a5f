"""Who sees which notifications, and who is reached by one."""

from typing import Final

from sqlalchemy import ColumnElement, Uuid, case, cast, exists

from lc_workflow.engagement.notifications.models import Notification
from lc_workflow.engagement.rules.wording import NAMING_A_CUSTOMER
from lc_workflow.kernel.principal import Principal, Scope
from lc_workflow.lending.applications import access as applications
from lc_workflow.lending.applications.models import CustomerApplication

READ: Final = "notification:read"

_AN_ID: Final = "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"
"""A message's sender chooses its type and data, so the application id may be any text."""


def visible_to(principal: Principal) -> ColumnElement[bool]:
    """Notifications are personal: nobody sees another's, whatever their role.

    A notification about an application is seen only as long as the application is, because it names the customer.
    """
    mine = Notification.user_id == principal.id
    if principal.scope_of(applications.READ) is Scope.ALL:
        return mine
    named = Notification.data["application_id"].astext
    of_one = Notification.type.in_(sorted(NAMING_A_CUSTOMER)) & named.regexp_match(_AN_ID)
    application_id = case((of_one, cast(named, Uuid)))
    is_seen = exists().where(CustomerApplication.id == application_id, applications.visible_to(principal))
    return mine & (application_id.is_(None) | is_seen)
