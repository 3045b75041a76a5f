"""Who may ask for a loan to be paid out, and who may confirm it."""

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, func, select

from lc_workflow.identity.rules.statuses import UserStatus
from lc_workflow.identity.users.access import may_act, may_at_all
from lc_workflow.identity.users.models import User
from lc_workflow.lending.applications import access as applications
from lc_workflow.lending.applications.models import CustomerApplication
from lc_workflow.lending.rules.tasks import REQUEST_DISBURSEMENT
from lc_workflow.lending.tasks.models import Task

READ: Final = applications.READ
REQUEST: Final = REQUEST_DISBURSEMENT
CONFIRM: Final = "disbursement:confirm"


def may_come_to_confirm(application: CustomerApplication, *, at: datetime) -> ColumnElement[bool]:
    """Match the accounts that may confirm a payment of a loan; in its branch any right to confirm is enough."""
    branch = application.branch_id
    able = may_act(CONFIRM, branch_id=branch, at=at) | ((User.branch_id == branch) & may_at_all(CONFIRM, at=at))
    sees = applications.seen_by_accounts(application.user_id, branch, at=at)
    return (User.status == UserStatus.ACTIVE) & able & sees & not_kept_away(application.id)


def not_kept_away(application_id: UUID) -> ColumnElement[bool]:
    """Match the accounts that are not recused from a loan waiting for payment, nor a party to it."""
    kept_away = select(func.unnest(Task.excluded)).where(
        Task.application_id == application_id, Task.closed_at.is_(None)
    )
    return User.id.not_in(kept_away)
