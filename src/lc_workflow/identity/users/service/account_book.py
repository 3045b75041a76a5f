"""What the organization asks about accounts."""

from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select

from lc_workflow.identity.rules.statuses import UserStatus
from lc_workflow.identity.users.access import visible_to
from lc_workflow.identity.users.models import FormerTelephone, User
from lc_workflow.kernel.principal import Principal
from lc_workflow.organization.ports import AccountCard, Headcount
from lc_workflow.platform.http.shapes import shaped
from lc_workflow.platform.service import Service


class AccountBook(Service[User]):
    """Answers what the organization asks about accounts (`organization/ports.py`)."""

    noun = "user"

    async def of(self, department_ids: Collection[UUID]) -> Mapping[UUID, Headcount]:
        """Count the accounts of departments."""
        if not department_ids:
            return {}
        rows = await self.session.execute(
            select(
                User.department_id,
                func.count(),
                func.count().filter(User.status == UserStatus.ACTIVE),
                func.count(User.branch_id.distinct()),
            )
            .where(User.department_id.in_(department_ids))
            .group_by(User.department_id)
        )
        return {department: Headcount(*counts) for department, *counts in rows if department is not None}

    async def cards(self, account_ids: Collection[UUID], principal: Principal) -> Mapping[UUID, AccountCard]:
        """Look up those accounts that the person may see."""
        if not account_ids:
            return {}
        rows = await self.session.scalars(select(User).where(visible_to(principal), User.id.in_(account_ids)))
        return {user.id: shaped(user, AccountCard) for user in rows}

    async def remember_telephone(self, account_id: UUID, number: str, *, at: datetime) -> None:
        """Record a telephone removed from an employee's card: its owner remains a party to loans that name it."""
        self.session.add(FormerTelephone(user_id=account_id, phone_number=number, given_up_at=at))
