"""The steps of seeding: each is taken once, by somebody, at a moment, and is found again in the journal."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.identity.rules.roles import STANDINGS, Role
from lc_workflow.identity.sessions.principals import principal_of
from lc_workflow.identity.users.models import User
from lc_workflow.kernel.events import Event
from lc_workflow.kernel.principal import Principal
from lc_workflow.platform.config import Settings
from lc_workflow.platform.journal.models import JournalEntry
from lc_workflow.platform.security.passwords import Passwords
from lc_workflow.platform.storage.base import ObjectStore
from lc_workflow.seeding.standing import SIGNED

HOUSE: Final = Principal(
    id=UUID(int=0),
    session_id=UUID(int=0),
    role=Role.ADMIN,
    level=STANDINGS[Role.ADMIN].level,
    grants=STANDINGS[Role.ADMIN].grants,
)
"""The actor of what is done before there is anybody."""


@dataclass(frozen=True, slots=True)
class Means:
    """What the verbs of the services need: the installation's settings, its store, and how it hashes passwords."""

    settings: Settings
    store: ObjectStore
    passwords: Passwords
    demo_password: str


@dataclass(frozen=True, slots=True)
class Turn:
    """What a step is given: who takes it, when, with what, and the ids of what earlier steps made."""

    session: AsyncSession
    principal: Principal
    at: datetime
    made: Mapping[str, UUID]
    means: Means


@dataclass(frozen=True, slots=True)
class Step:
    """One transaction of seeding.

    `key` is its permanent name, `by` the user name of whoever takes it (None for the application itself). `take` calls
    one verb of a service and returns the id of what it made. Steps of the same moment are independent of each other.
    """

    key: str
    at: datetime
    by: str | None
    take: Callable[[Turn], Awaitable[UUID]]


class DemoPlanted(Event, frozen=True, kw_only=True):
    """The demo institution stands, from its first branch to its last application."""

    subject: ClassVar[str] = "house"
    house_id: UUID = HOUSE.id


async def taken_steps(session: AsyncSession) -> dict[str, UUID]:
    """Read from the journal which steps were taken, and the id of what each made: the subject of its last fact."""
    rows = await session.execute(
        select(JournalEntry.request_id, JournalEntry.subject_id)
        .where(JournalEntry.request_id.startswith(SIGNED))
        .order_by(JournalEntry.number)
    )
    return {key.removeprefix(SIGNED): subject_id for key, subject_id in rows if key}


async def acting(session: AsyncSession, username: str | None, at: datetime) -> Principal:
    """Act as somebody, with the rights of their account; without a name as the application itself."""
    if username is None:
        return HOUSE
    user_id = (await session.scalars(select(User.id).where(User.username == username))).one()
    principal = await principal_of(session, user_id, at)
    assert principal is not None, username  # noqa: S101 - the accounts of the demo institution are active
    return principal
