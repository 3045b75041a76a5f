"""Administrators hear that a colleague is locked out, once."""

from uuid import uuid4

from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.engagement.notifications.listeners import tell_of_unlock_request
from lc_workflow.identity.events import UnlockRequested
from lc_workflow.identity.rules.statuses import UserStatus
from lc_workflow.platform.manifest import Hearing
from tests.identity.factories import a_user
from tests.moments import NOON


async def test_who_can_take_the_lock_away_hears_of_it_once(session: AsyncSession) -> None:
    admin, manager = a_user(role="admin"), a_user(role="manager", first_name="Chanthy", last_name="Sok")
    gone, locked = a_user(role="admin", status=UserStatus.INACTIVE), a_user(first_name="Dara", last_name="Keo")
    session.add_all([admin, manager, gone, locked])
    await session.commit()
    event = UnlockRequested(actor_id=manager.id, at=NOON, user_id=locked.id, reason="She is back")
    hearing = Hearing(uuid4(), session)
    for _ in range(2):
        await tell_of_unlock_request(event, hearing)
    ((pattern, message),) = hearing.messages
    assert pattern == f"user:{admin.id}"
    assert message["message"] == "Chanthy Sok asks you to unlock the account of Dara Keo."
    assert message["data"]["reason"] == "She is back"
