"""The tasks of whoever leaves go to the colleague who may do them, and to the queue otherwise."""

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.kernel.money import Currency
from lc_workflow.lending.handover.service import Desk
from lc_workflow.lending.rules.approval import Reach
from lc_workflow.lending.rules.stages import Stage
from lc_workflow.lending.tasks.models import Task
from lc_workflow.organization.branches.models import Branch
from tests.identity.factories import a_user
from tests.lending.factories import an_application
from tests.moments import NOON


@pytest.mark.parametrize(
    ("role", "preparer", "kind"),
    [
        ("manager", "nobody", "TaskAssigned"),
        ("manager", "colleague", "TaskReleased"),
        ("viewer", "nobody", "TaskReleased"),
        ("manager", "somebody with the seat", "TaskReleased"),
    ],
)
async def test_a_task_goes_to_whoever_may_do_it(
    session: AsyncSession, branch: Branch, announced: Any, role: str, preparer: str, kind: str
) -> None:
    leaver, colleague = a_user(role="manager", branch_id=branch.id), a_user(role=role, branch_id=branch.id)
    session.add_all([leaver, colleague])
    await session.flush()
    application = an_application(leaver.id, branch_id=branch.id, workflow_status=Stage.MANAGER_REVIEW)
    session.add(application)
    await session.flush()
    task = Task(
        application_id=application.id,
        branch_id=branch.id,
        stage=Stage.MANAGER_REVIEW,
        cycle=1,
        opened_at=NOON,
        owner_id=leaver.id,
        owned_at=NOON,
        excluded=[colleague.id] if preparer == "colleague" else [],
    )
    if preparer == "somebody with the seat":  # which the manager does not have
        task.seat_code, task.seat_role, task.seat_reach = "RM", "regional_manager", Reach.BRANCH
        task.seat_amount, task.seat_currency, task.seat_needs_limit = Decimal(1000), Currency.USD, False
    session.add(task)
    await session.commit()
    desk = Desk(session)
    assert await desk.waiting(leaver.id) == 1
    async with desk.transaction():
        assert await desk.hand_over(leaver.id, colleague.id, by=colleague.id, at=NOON) == 1
    await session.refresh(task)
    assert task.owner_id == (colleague.id if kind == "TaskAssigned" else None)
    assert (await announced())[-1] == kind
    assert await desk.waiting(leaver.id) == 0
