"""Idempotency keys: written down before the work begins, settled after it."""

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, delete, exists, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.kernel.errors import Busy, Invalid
from lc_workflow.platform.clock import Clock
from lc_workflow.platform.db.reading import begins_to_write
from lc_workflow.platform.idempotency.models import RememberedRequest
from lc_workflow.platform.jobs import Job, Workplace
from lc_workflow.platform.journal.models import JournalEntry

KEPT_FOR: Final = timedelta(hours=24)
IN_FLIGHT_FOR: Final = timedelta(seconds=90)
"""A request without an answer after this time was lost with its process: no client waits that long."""

LONGEST_KEY: Final = 200


class KeyUsedOtherwise(Invalid):
    """The key was used before, with another request."""


class BadKey(Invalid):
    """The key is empty, too long, or not plain text."""


class InFlight(Busy):
    """The first request with this key has not been answered yet."""


class AnswerLost(Invalid):
    """The first request did its work, but its answer was lost; doing the work again would do it twice."""


class Keys:
    """The keys of one person; every verb commits, so the session must not hold anything unfinished.

    Only successful answers are remembered: a refusal has changed nothing, so its key is free again and a corrected
    request may use it. When a process dies in between, the journal tells whether the work was done.
    """

    def __init__(
        self,
        session: AsyncSession,
        person_id: UUID,
        clock: Clock,
        *,
        settles: str | None = None,
        kept_for: timedelta = KEPT_FOR,
    ) -> None:
        """Look after the keys of `person_id`; when another request took a key over, `settles` settles nothing."""
        self._session = session
        self._person_id = person_id
        self._clock = clock
        self._settles = settles
        self._kept_for = kept_for

    async def begin(self, key: str, digest: bytes, *, request_id: str) -> RememberedRequest | None:
        """Write down a key for the request with this `digest`; return the finished request that used it before, if any.

        The journal must be able to tell this work by its `request_id` from all other work.

        Raises:
            KeyUsedOtherwise: That was another request.
            InFlight: It has not been answered yet.
            AnswerLost: It did its work, and nobody knows its answer.
        """
        now = self._clock()
        row = {"id": uuid4(), "person_id": self._person_id, "key": key, "digest": digest, "request_id": request_id}
        row |= {"begun_at": now, "kept_until": now + self._kept_for}
        await begins_to_write(self._session)
        written = await self._session.scalar(
            insert(RememberedRequest)
            .values(**row)
            .on_conflict_do_update(
                index_elements=["person_id", "key"],
                set_={**row, "status": None, "headers": None, "body": None},
                where=RememberedRequest.kept_until <= now,
            )
            .returning(RememberedRequest.id)
        )
        if written is not None:
            await self._session.commit()
            return None
        known = await self._session.scalar(
            select(RememberedRequest).where(*self._is(key)).execution_options(populate_existing=True)
        )
        if known is None:  # released in this very moment
            raise InFlight("The same request was just refused; send it again.", retry_after=1)
        if known.digest != digest:
            raise KeyUsedOtherwise("This idempotency key came before with another request; use a new one.")
        if known.status is not None:
            return known
        await self._take_over(known, now, request_id)
        return None

    async def remember(self, key: str, *, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        """Keep a successful answer."""
        await self._settle(key, status=status, headers=headers, body=body)

    async def free(self, key: str) -> None:
        """Release a key whose request was refused."""
        await begins_to_write(self._session)
        await self._session.execute(delete(RememberedRequest).where(*self._mine(key)))
        await self._session.commit()

    async def leave_open(self, key: str) -> None:
        """Say that nobody knows what was done; the next request asks the journal, without waiting.

        However late this is said, the key keeps the moment it was begun: the journal is asked from then on.
        """
        await self._settle(key, begun_at=func.least(RememberedRequest.begun_at, self._clock() - IN_FLIGHT_FOR))

    async def _settle(self, key: str, **values: Any) -> None:
        await begins_to_write(self._session)
        await self._session.execute(update(RememberedRequest).where(*self._mine(key)).values(**values))
        await self._session.commit()

    async def _take_over(self, known: RememberedRequest, now: datetime, request_id: str) -> None:
        """Continue for a process that died before it did anything."""
        if known.begun_at > now - IN_FLIGHT_FOR:
            raise InFlight("The same request is being worked on; ask again in a moment.", retry_after=1)
        done = exists().where(
            JournalEntry.request_id == known.request_id,
            JournalEntry.actor_id == known.person_id,
            JournalEntry.at >= known.begun_at,
            # Anything later is other work: some clients send the same id with all their requests.
            JournalEntry.at <= known.begun_at + IN_FLIGHT_FOR,
        )
        if await self._session.scalar(select(done)):
            raise AnswerLost("This request was carried out and its answer was lost; look for what it made.")
        taken = await self._session.scalar(
            update(RememberedRequest)
            .where(RememberedRequest.id == known.id, RememberedRequest.begun_at == known.begun_at)
            .values(begun_at=now, request_id=request_id)
            .returning(RememberedRequest.id)
        )
        await self._session.commit()
        if taken is None:
            raise InFlight("The same request is being worked on; ask again in a moment.", retry_after=1)

    def _is(self, key: str) -> tuple[ColumnElement[bool], ...]:
        return RememberedRequest.person_id == self._person_id, RememberedRequest.key == key

    def _mine(self, key: str) -> tuple[ColumnElement[bool], ...]:
        of_the_request = [] if self._settles is None else [RememberedRequest.request_id == self._settles]
        return *self._is(key), *of_the_request


def check_key(key: str) -> str:
    """Accept a key that is plain text.

    Raises:
        BadKey: It is not, or is empty or too long.
    """
    if not 1 <= len(key) <= LONGEST_KEY or not (key.isascii() and key.isprintable()):
        raise BadKey(f"An idempotency key is 1 to {LONGEST_KEY} plain characters.")
    return key


async def forget_requests(place: Workplace) -> None:
    """Delete keys whose time is over."""
    async with place.sessions() as session:
        await session.execute(delete(RememberedRequest).where(RememberedRequest.kept_until <= place.clock()))
        await session.commit()


FORGET_REQUESTS: Final = Job(name="forget_requests", work=forget_requests, every="40 * * * *")
