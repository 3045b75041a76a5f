"""Who read whose identity and telephone numbers: shown to holders of the right and recorded, masked for others."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final, Protocol, Self, TypeVar
from uuid import UUID, uuid4

from litestar.di import NamedDependency
from sqlalchemy import Index, String, insert, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column
from structlog.contextvars import get_contextvars

from lc_workflow.kernel.principal import Principal
from lc_workflow.platform.clock import Clock
from lc_workflow.platform.db.base import Row
from lc_workflow.platform.db.reading import READING
from lc_workflow.platform.db.written import Written
from lc_workflow.platform.journal.origin import ADDRESS, SESSION, UNSEEN
from lc_workflow.platform.security.personal import READ


class PersonalRead(Row):
    """Somebody was shown numbers in full: those of `subject_id`, or of a list of `how_many`.

    It is a table beside the journal, because readers must not wait for those who change what they read, and no listener
    needs to hear of it.
    """

    __tablename__ = "personal_reads"
    __table_args__ = (
        Index("ix_personal_reads_subject_id_at", "subject_id", "at", postgresql_where=text("subject_id IS NOT NULL")),
        Index("ix_personal_reads_reader_id_at", "reader_id", "at"),
        Index("ix_personal_reads_at", "at"),
    )

    reader_id: Mapped[UUID]
    subject: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[UUID | None]
    how_many: Mapped[int]
    at: Mapped[datetime]
    session_id: Mapped[UUID | None]
    address: Mapped[str | None] = mapped_column(String(64))
    request_id: Mapped[str | None] = mapped_column(String(64))


class Personal(Protocol):
    """An answer that may contain somebody's numbers, and can be shown without them."""

    @property
    def id(self) -> UUID:
        """The id of whom or what it shows."""

    def masked(self) -> Self:
        """The same with its numbers masked."""


AnswerT = TypeVar("AnswerT", bound=Personal)


class Reader:
    """The person who reads: sees numbers in full as far as their right reaches, and that is recorded."""

    def __init__(self, session: AsyncSession, principal: Principal, at: datetime) -> None:
        """Read on the request's session; commit what is pending there first."""
        self._session = session
        self._principal = principal
        self._at = at

    def reaches(self, *, owner_id: UUID | None, branch_id: UUID | None) -> bool:
        """Whether the person may read the numbers of something, given whose it is and in which branch."""
        return self._principal.reaches(READ, owner_id=owner_id, branch_id=branch_id)

    def may(self) -> bool:
        """Whether the person may read numbers at all, for what is seen as part of something else they may see."""
        return self._principal.may(READ)

    async def show(
        self, answers: Sequence[AnswerT], subject: str, *, allowed: Callable[[AnswerT], bool], listed: bool = True
    ) -> list[AnswerT]:
        """Mask what the person may not read, and record in one row that they were shown the rest."""
        shown: list[AnswerT] = []
        whole: list[UUID] = []
        for answer in answers:
            hidden = answer.masked()
            if hidden == answer or answer.id == self._principal.id:  # one's own number is no secret from oneself
                shown.append(answer)
            elif allowed(answer):
                shown.append(answer)
                whole.append(answer.id)
            else:
                shown.append(hidden)
        if whole:
            await self.note(subject, None if listed else whole[0], how_many=len(whole))
        return shown

    async def show_one(self, answer: AnswerT, subject: str, *, allowed: Callable[[AnswerT], bool]) -> AnswerT:
        """Show one thing; the record says whose numbers were read."""
        return (await self.show([answer], subject, allowed=allowed, listed=False))[0]

    async def note(self, subject: str, subject_id: UUID | None, *, how_many: int = 1) -> None:
        """Record that the person was shown numbers, unless nobody sees the answer (HEAD)."""
        if UNSEEN.get():
            return
        await _NOTE.rows(
            self._session,
            id=uuid4(),
            reader_id=self._principal.id,
            subject=subject,
            subject_id=subject_id,
            how_many=how_many,
            at=self._at,
            session_id=SESSION.get(),
            address=ADDRESS.get(),
            request_id=get_contextvars().get("request_id"),
        )
        if READING not in self._session.info:  # else it stands already
            await self._session.commit()


_NOTE: Final = Written(insert(PersonalRead))


def open_reader(
    db_session: NamedDependency[AsyncSession],
    principal: NamedDependency[Principal],
    clock: NamedDependency[Clock],
) -> Reader:
    """Provide the person who reads."""
    return Reader(db_session, principal, clock())
