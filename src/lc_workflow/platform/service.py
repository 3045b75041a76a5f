"""The base of every service: one transaction a verb, and facts announced inside it."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, ClassVar, Generic, TypeVar, get_args
from uuid import UUID

from advanced_alchemy.repository import SQLAlchemyAsyncRepository
from advanced_alchemy.service import SQLAlchemyAsyncRepositoryService
from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql.base import ExecutableOption

from lc_workflow.kernel.errors import Missing
from lc_workflow.kernel.events import Event
from lc_workflow.platform.db.base import Row
from lc_workflow.platform.db.reading import DONE, begins_to_write
from lc_workflow.platform.http.paging import Window, read_page
from lc_workflow.platform.journal import changes as changes  # noqa: PLC0414 - imported for what it notices
from lc_workflow.platform.journal.models import JournalEntry
from lc_workflow.platform.journal.origin import UNSEEN

RowT = TypeVar("RowT", bound=Row)


class Service(SQLAlchemyAsyncRepositoryService[RowT, SQLAlchemyAsyncRepository[RowT]], Generic[RowT]):
    """A repository service whose verbs commit once and announce what happened.

    `BranchService(Service[Branch])` works on branches. `noun` is what a person calls the row; it stands in the refusal
    when there is none. With `lets_be_named`, a row that is locked to be changed may still be referred to by others.
    """

    noun: ClassVar[str]
    lets_be_named: ClassVar[bool] = False

    def __init_subclass__(cls) -> None:
        """Give the service a repository of the rows it is declared for."""
        super().__init_subclass__()
        (row,) = get_args(cls.__orig_bases__[0])  # type: ignore[attr-defined]
        cls.repository_type = type(f"{row.__name__}Repository", (SQLAlchemyAsyncRepository,), {"model_type": row})

    def __init__(self, session: AsyncSession) -> None:
        self.session = session
        self._has_repository = False

    @property
    def repository(self) -> SQLAlchemyAsyncRepository[RowT]:
        """The library's repository, made when a verb first asks for it.

        Making one takes longer than a statement. Services are built on others, ten of them for one move, and most never
        need their repository.
        """
        if not self._has_repository:
            super().__init__(self.session, wrap_exceptions=False, auto_refresh=False, count_with_window_function=False)
            self._has_repository = True
        return super().repository

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        """Commit all that the block did, or nothing of it; a failed commit is an error for the caller.

        A HEAD request, which only asks for the headers of an answer, leaves nothing behind.
        """
        await begins_to_write(self.session)
        try:
            yield
            if UNSEEN.get():
                self.session.expunge_all()  # so that the answer can still be made from what was read
                await self.session.rollback()
            else:
                await self.session.commit()
            self.session.info[DONE] = True
        except BaseException:
            await self.session.rollback()
            raise

    def announce(self, event: Event) -> None:
        """Write the fact into the journal, inside the running transaction; call it after changing the rows it is about.

        What the transaction changed about the same subject goes on record with it.
        """
        self.session.add(JournalEntry.of(event))

    async def page_of(
        self,
        window: Window,
        *where: ColumnElement[bool],
        by: Sequence[InstrumentedAttribute[Any] | ColumnElement[Any]],
        load: Sequence[ExecutableOption] = (),
    ) -> tuple[Sequence[RowT], int]:
        """Load one page of the rows that `where` matches, sorted `by` these columns, and count them all."""
        kind: type[RowT] = self.repository_type.model_type
        rows, total = await read_page(self.session, select(kind).where(*where).order_by(*by).options(*load), window)
        return [row for (row,) in rows], total

    async def find(
        self,
        *where: ColumnElement[bool],
        id: UUID,  # noqa: A002 - the column's name
        load: Sequence[ExecutableOption] = (),
        lock: bool = False,
    ) -> RowT:
        """Load one row within what `where` lets the person see; `lock` keeps others from changing it meanwhile.

        Raises:
            Missing: There is none, or the person may not see it; the two read alike.
        """
        kind: type[RowT] = self.repository_type.model_type
        wanted = select(kind).where(kind.id == id, *where).options(*load)
        row = await self.session.scalar(wanted.with_for_update(key_share=self.lets_be_named) if lock else wanted)
        if row is None:
            raise Missing(f"There is no such {self.noun}, or it is not yours to see or to change.")
        return row
