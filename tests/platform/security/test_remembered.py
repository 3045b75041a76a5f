"""A process remembers who reads, and forgets them before it could serve anybody by rights they no longer have."""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.kernel.principal import Principal
from lc_workflow.platform.security.remembered import FRESH, Remembered
from lc_workflow.platform.security.tokens import Claims
from tests.moments import NOON

SESSION = AsyncSession()
SOON = timedelta(seconds=1)


class Desk:
    """Who asks the database, and how often; `found` is what it says."""

    def __init__(self, *, until: datetime | None = None) -> None:
        self.claims = Claims(subject=uuid4(), session_id=uuid4(), expires_at=NOON + timedelta(hours=1))
        self.found: Principal | None = Principal(
            id=self.claims.subject, role="officer", session_id=self.claims.session_id, until=until
        )
        self.asked = 0
        self.remembered = Remembered(self.load)
        self.remembered.heard()

    async def load(self, _: AsyncSession, __: Claims, ___: datetime) -> Principal | None:
        self.asked += 1
        return self.found

    async def comes(self, at: datetime = NOON, *, anew: bool = False) -> Principal | None:
        return await self.remembered.find(SESSION, self.claims, at, anew=anew)


async def test_who_reads_again_is_not_asked_for_again_and_who_changes_something_is() -> None:
    desk = Desk()
    assert await desk.comes() == await desk.comes(NOON + SOON) == desk.found
    assert desk.asked == 1
    await desk.comes(anew=True)
    assert desk.asked == 2


async def test_a_word_of_the_database_lets_everybody_be_asked_for_again() -> None:
    desk = Desk()
    await desk.comes()
    desk.found = None
    desk.remembered.heard()
    assert await desk.comes() is None


async def test_who_was_being_asked_for_when_rights_changed_is_not_remembered() -> None:
    desk = Desk()

    async def slow(session: AsyncSession, claims: Claims, at: datetime) -> Principal | None:
        found = await Desk.load(desk, session, claims, at)
        desk.remembered.heard()
        return found

    desk.remembered = Remembered(slow)
    desk.remembered.heard()
    assert await desk.comes() is await desk.comes() is desk.found
    assert desk.asked == 2


async def test_nobody_is_remembered_while_no_word_can_come() -> None:
    desk = Desk()
    await desk.comes()
    desk.remembered.deaf()
    await desk.comes()
    await desk.comes()
    assert desk.asked == 3


async def test_nobody_is_remembered_for_long() -> None:
    desk = Desk()
    await desk.comes()
    await desk.comes(NOON + FRESH - SOON)
    assert desk.asked == 1
    await desk.comes(NOON + FRESH)
    assert desk.asked == 2


async def test_a_right_that_ends_by_itself_ends_on_the_dot() -> None:
    desk = Desk(until=NOON + 2 * SOON)
    await desk.comes()
    await desk.comes(NOON + SOON)
    assert desk.asked == 1
    await desk.comes(NOON + 2 * SOON)
    assert desk.asked == 2


async def test_one_persons_token_never_finds_another_person() -> None:
    desk = Desk()
    await desk.comes()
    desk.claims = Claims(subject=UUID(int=1), session_id=desk.claims.session_id, expires_at=NOON)
    desk.found = None
    assert await desk.comes() is None
