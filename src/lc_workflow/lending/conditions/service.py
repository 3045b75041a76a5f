"""Closing the conditions of approvals."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.kernel.errors import Forbidden, Missing
from lc_workflow.kernel.principal import Principal
from lc_workflow.lending.applications.access import APPROVE, PROCESS, permissions_for
from lc_workflow.lending.approvals.models import ApprovalCondition
from lc_workflow.lending.approvals.queries import WhatIsSeen
from lc_workflow.lending.events import ConditionClosed
from lc_workflow.platform.service import Service


class NotYourCondition(Forbidden):
    """Conditions are closed by whoever works on the application."""


class ConditionService(Service[ApprovalCondition]):
    """The conditions of the approvals one may see."""

    noun = "condition"

    def __init__(self, session: AsyncSession) -> None:
        super().__init__(session)
        self._seen = WhatIsSeen(session)

    async def close(
        self, application_id: UUID, condition_id: UUID, note: str | None, *, principal: Principal, at: datetime
    ) -> None:
        """Say that a condition is met; saying it again changes nothing.

        Raises:
            Missing: There is no such application or condition, or the person may not see it.
            NotYourCondition: It is for those who work on the application to close.
            SodRepeat, SodParty: They recused themselves from it, or it is a loan of theirs.
        """
        async with self.transaction():
            application = await self._seen.application(principal, application_id)
            if permissions_for(principal, application).isdisjoint({PROCESS, APPROVE}):
                raise NotYourCondition("A condition is closed by whoever works on the application.")
            await self._seen.check_has_no_tie(application, principal.id, at=at)
            condition = await self.session.scalar(
                select(ApprovalCondition)
                .where(ApprovalCondition.id == condition_id, ApprovalCondition.application_id == application_id)
                .with_for_update()
            )
            if condition is None:
                raise Missing.unseen("condition")
            if condition.closed_at is None:
                condition.closed_at, condition.closed_by, condition.closing_note = at, principal.id, note
                self.announce(
                    ConditionClosed(
                        actor_id=principal.id, at=at, application_id=application_id, condition_id=condition_id
                    )
                )
