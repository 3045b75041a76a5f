"""The verbs of accounts."""

from lc_workflow.identity.users.service.account_book import AccountBook
from lc_workflow.identity.users.service.accounts import (
    UserService,
    end_sessions,
    forget_waiting,
    person,
    set_password,
)
from lc_workflow.identity.users.service.ranks import check_rank_over, keep_an_administrator, standing_above
from lc_workflow.identity.users.service.refusals import REFUSALS, LastAdministrator

__all__ = [
    "REFUSALS",
    "AccountBook",
    "LastAdministrator",
    "UserService",
    "check_rank_over",
    "end_sessions",
    "forget_waiting",
    "keep_an_administrator",
    "person",
    "set_password",
    "standing_above",
]
