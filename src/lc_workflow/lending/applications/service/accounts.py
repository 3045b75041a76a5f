"""Accounts that an application named by mistake."""

from typing import Final

from sqlalchemy import Uuid, bindparam, delete, exists
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.lending.applications.models import CustomerApplication
from lc_workflow.lending.customers.models import Account
from lc_workflow.platform.db.written import Written

_APPLICATION: Final = bindparam("application_id", type_=Uuid)
_GIVE_UP: Final = Written(
    delete(Account).where(
        Account.account_id == bindparam("account_id", type_=Account.account_id.type),
        Account.customer_id == bindparam("customer_id", type_=Uuid),
        ~exists().where(
            CustomerApplication.account_id == Account.account_id,
            CustomerApplication.customer_id == Account.customer_id,
            CustomerApplication.id != _APPLICATION,
        ),
    )
)


async def give_up_account(session: AsyncSession, application: CustomerApplication) -> None:
    """Detach an application's account from its customer, because another replaces it or nobody ever checked it.

    The customer keeps it where another loan of theirs names it.
    """
    if application.account_id and application.customer_id:
        await _GIVE_UP.rows(
            session,
            account_id=application.account_id,
            customer_id=application.customer_id,
            application_id=application.id,
        )
