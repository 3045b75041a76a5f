"""Keeping the folders."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Final
from uuid import UUID, uuid4

from msgspec import UNSET
from msgspec.structs import asdict
from sqlalchemy import ColumnElement, Uuid, bindparam, func, literal, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.documents.events import FolderMade, FolderMoved, FolderRemoved, FolderRenamed
from lc_workflow.documents.library.access import (
    MAKE_FOLDERS,
    REMOVE_FOLDERS,
    files_visible_to,
    folders_visible_to,
    only,
    reaches,
)
from lc_workflow.documents.library.models import File, Folder
from lc_workflow.documents.library.schemas import FolderAnswer, FolderChange, FolderTree, Hierarchy, NewFolder
from lc_workflow.documents.library.service.refusals import (
    FolderElsewhere,
    FolderInItself,
    FolderNotEmpty,
    FolderTooDeep,
    NotYourFolder,
    PapersClosed,
)
from lc_workflow.documents.ports import ApplicationAccess
from lc_workflow.kernel.errors import Missing
from lc_workflow.kernel.names import plain
from lc_workflow.kernel.principal import Principal
from lc_workflow.platform.db.reach import Reach, brought
from lc_workflow.platform.db.written import Written
from lc_workflow.platform.service import Service

MOST_FOLDERS: Final = 1_000
"""Folders in one answer; an application has about ten."""

DEEPEST: Final = 10
"""How deep folders may be nested."""


class FolderService(Service[Folder]):
    """The folders a person may see."""

    noun = "folder"

    def __init__(self, session: AsyncSession, *, access: ApplicationAccess) -> None:
        """Open the service on the request's session; `access` knows who sees which application."""
        super().__init__(session)
        self._access = access

    async def listed(
        self, *, application_id: UUID | None, parent_id: UUID | None, principal: Principal
    ) -> list[FolderAnswer]:
        """List folders by name, at most a thousand."""
        where: list[ColumnElement[bool]] = []
        if application_id is not None:
            where.append(Folder.application_id == application_id)
        if parent_id is not None:
            where.append(Folder.parent_id == parent_id)
        return await self._counted(*where, principal=principal)

    async def read(self, folder_id: UUID, *, principal: Principal) -> FolderAnswer:
        """Show one folder.

        Raises:
            Missing: There is no such folder, or it is not theirs to see.
        """
        found = await self._counted(Folder.id == folder_id, principal=principal)
        if not found:
            raise Missing.unseen("folder")
        return found[0]

    async def tree_of(self, application_id: UUID, *, principal: Principal) -> Hierarchy:
        """Show all folders of an application as a tree.

        Raises:
            Missing: There is no such application, or it is not theirs to see.
        """
        if await self.session.scalar(only(self._access.readable(principal), application_id)) is None:
            raise Missing.unseen("application")
        folders = await self._counted(Folder.application_id == application_id, principal=principal)
        files = await self.session.scalar(
            select(func.count()).where(File.application_id == application_id, File.standing())
        )
        return Hierarchy(application_id, _trees(folders), len(folders), files or 0)

    async def make(self, wish: NewFolder, *, principal: Principal, at: datetime) -> tuple[FolderAnswer, bool]:
        """Make a folder, or find the one with this name in this place; the flag tells which it was.

        Raises:
            Missing: The application or the parent is not there.
            FolderElsewhere: The parent belongs to another application.
            FolderTooDeep: The parent lies too deep already.
            PapersClosed: The application takes no papers any more.
        """
        async with self.transaction():
            application_id = await self.place(wish.application_id, wish.parent_id, principal=principal)
            if wish.parent_id is not None and await self._depth_of(wish.parent_id) >= DEEPEST:
                raise FolderTooDeep(f"At most {DEEPEST} folders may lie in one another.")
            folder_id, made = await self.found_or_made(
                wish.name, application_id=application_id, parent_id=wish.parent_id, principal=principal, at=at
            )
            return await self.read(folder_id, principal=principal), made

    async def change(self, folder_id: UUID, wish: FolderChange, *, principal: Principal, at: datetime) -> FolderAnswer:
        """Rename a folder, or move it with all its contents.

        Raises:
            Missing: There is no such folder, or it is not theirs to see; or the one it is to lie in.
            NotYourFolder: It is another person's.
            PapersClosed: Its application takes no changes any more.
            FolderNameTaken: Another folder beside it has the name.
            FolderElsewhere: The one it is to lie in belongs to another application.
            FolderInItself: It would lie in itself.
            FolderTooDeep: It would lie too deep, or what is in it.
        """
        async with self.transaction():
            moves = wish.parent_id is not UNSET
            folder = await self._locked(folder_id, MAKE_FOLDERS, principal=principal, with_those_beside=moves)
            application_id = folder.application_id
            if wish.name is not UNSET and (name := plain(wish.name)) != folder.name:
                folder.name, folder.updated_at = name, at
                self.announce(
                    FolderRenamed(actor_id=principal.id, at=at, folder_id=folder_id, application_id=application_id)
                )
            if wish.parent_id is not UNSET and wish.parent_id != folder.parent_id:
                await self._put_into(folder, wish.parent_id, principal=principal)
                folder.updated_at = at
                self.announce(
                    FolderMoved(
                        actor_id=principal.id,
                        at=at,
                        folder_id=folder_id,
                        application_id=application_id,
                        parent_id=wish.parent_id,
                    )
                )
            await self.session.flush()
            return await self.read(folder_id, principal=principal)

    async def remove(self, folder_id: UUID, *, principal: Principal, at: datetime) -> None:
        """Remove an empty folder.

        Raises:
            Missing: There is no such folder, or it is not theirs to see.
            NotYourFolder: It is another person's.
            PapersClosed: Its application takes no changes any more.
            FolderNotEmpty: Something is in it.
        """
        async with self.transaction():
            folder = await self._locked(folder_id, REMOVE_FOLDERS, principal=principal)
            # nothing can be put into it any more: a row referring to it would need a lock that conflicts with ours
            inside = or_(
                select(File.id).where(File.folder_id == folder_id, File.deleted_at.is_(None)).exists(),
                select(Folder.id).where(Folder.parent_id == folder_id).exists(),
            )
            if await self.session.scalar(select(inside)):
                raise FolderNotEmpty("There are files or folders in it; take them out first.")
            # a removed file that comes back is filed by its kind
            await self.session.execute(update(File).where(File.folder_id == folder_id).values(folder_id=None))
            await self.session.delete(folder)
            self.announce(
                FolderRemoved(actor_id=principal.id, at=at, folder_id=folder.id, application_id=folder.application_id)
            )

    async def place(
        self, application_id: UUID | None, folder_id: UUID | None, *, principal: Principal, lock: bool = True
    ) -> UUID | None:
        """The application of what is put into a folder; keep that application open until the commit.

        Without a `lock` it is only checked whether it is open, because releasing a lock waits for the disk.

        Raises:
            Missing: The application or the folder is not there.
            FolderElsewhere: The folder belongs to another application.
            PapersClosed: The application takes no papers any more.
        """
        if folder_id is not None:
            folder = await self.find(folders_visible_to(principal, self._access), id=folder_id)
            application_id = application_id or folder.application_id
            if folder.application_id != application_id:
                raise FolderElsewhere("This folder is not one of this application; choose another.")
        if application_id is not None:
            await self.hold_open(application_id, principal=principal, lock=lock)
        return application_id

    async def hold_open(self, application_id: UUID, *, principal: Principal, lock: bool = True) -> None:
        """Make sure that papers may be added and removed, and keep the application undecided until the commit.

        Raises:
            Missing: There is no such application, or it is not theirs to see.
            PapersClosed: It is decided, or others work on it.
        """
        reach = Reach.of(principal, *sorted(principal.grants))  # applications know which of the rights is needed
        writable = _written_writable(self._access, reach, lock=lock)
        if await writable.value(self.session, **brought(principal), application=application_id) is not None:
            return
        if await self.session.scalar(only(self._access.readable(principal), application_id)) is None:
            raise Missing.unseen("application")
        raise PapersClosed("The papers of this application stay as they are: it is decided, or others work on it.")

    async def found_or_made(
        self, name: str, *, application_id: UUID | None, parent_id: UUID | None, principal: Principal, at: datetime
    ) -> tuple[UUID, bool]:
        """Find a folder by its name and place, or make it; of several at once, only one makes it."""
        name = plain(name)
        new_id = uuid4()
        folder_id = await self.session.scalar(
            insert(Folder)
            .values(
                id=new_id,
                name=name,
                parent_id=parent_id,
                application_id=application_id,
                created_by=principal.id,
                created_at=at,
                updated_at=at,
            )
            # an update without effect, so that PostgreSQL returns the existing row
            .on_conflict_do_update(constraint="uq_folders_application_id_parent_id_name", set_={"name": name})
            .returning(Folder.id)
        )
        if folder_id == new_id:
            self.announce(FolderMade(actor_id=principal.id, at=at, folder_id=new_id, application_id=application_id))
        return folder_id or new_id, folder_id == new_id

    async def _counted(self, *where: ColumnElement[bool], principal: Principal) -> list[FolderAnswer]:
        """Load folders with their file counts in one statement."""
        files = select(func.count()).where(
            File.folder_id == Folder.id, File.standing(), files_visible_to(principal, self._access)
        )
        rows = await self.session.execute(
            select(
                Folder.id,
                Folder.name,
                Folder.parent_id,
                Folder.application_id,
                files.scalar_subquery(),
                Folder.created_at,
                Folder.updated_at,
            )
            .where(folders_visible_to(principal, self._access), *where)
            .order_by(Folder.name, Folder.id)
            .limit(MOST_FOLDERS)
        )
        return [FolderAnswer(*row) for row in rows]

    async def _depth_of(self, folder_id: UUID) -> int:
        """How deep a folder is nested."""
        path = select(Folder.parent_id).where(Folder.id == folder_id).cte(recursive=True)
        path = path.union_all(select(Folder.parent_id).where(Folder.id == path.c.parent_id))
        return await self.session.scalar(select(func.count()).select_from(path)) or 0

    async def _put_into(self, folder: Folder, parent_id: UUID | None, *, principal: Principal) -> None:
        """Move a folder into another one, while no other folder beside it is moved."""
        if parent_id is not None:
            parent = await self.find(folders_visible_to(principal, self._access), id=parent_id)
            if parent.application_id != folder.application_id:
                raise FolderElsewhere("This folder is not one of this application; choose another.")
            inside = await self._inside(folder.id)
            if parent_id in inside:
                raise FolderInItself("A folder lies neither in itself nor in what is in it; choose another.")
            if await self._depth_of(parent_id) + max(inside.values()) > DEEPEST:
                raise FolderTooDeep(f"At most {DEEPEST} folders may lie in one another.")
        folder.parent_id = parent_id

    async def _inside(self, folder_id: UUID) -> dict[UUID, int]:
        """A folder and those in it, each with its depth below the folder."""
        found = select(Folder.id, literal(1).label("depth")).where(Folder.id == folder_id).cte(recursive=True)
        found = found.union_all(select(Folder.id, found.c.depth + 1).where(Folder.parent_id == found.c.id))
        return {row.id: row.depth for row in await self.session.execute(select(found.c.id, found.c.depth))}

    async def _locked(
        self, folder_id: UUID, permission: str, *, principal: Principal, with_those_beside: bool = False
    ) -> Folder:
        """Load and lock a folder that is to be changed, after its application, as everywhere.

        Moving a folder also locks all `with_those_beside` it: two moves at once could put each into the other.
        """
        visible = folders_visible_to(principal, self._access)
        folder = await self.find(visible, id=folder_id)
        application_id = folder.application_id
        if not reaches(principal, permission, owner_id=folder.created_by, application_id=application_id):
            raise NotYourFolder("Only the person who made this folder may change it.")
        if application_id is not None:
            await self.hold_open(application_id, principal=principal)
        if with_those_beside:
            of_one_place = Folder.application_id.is_not_distinct_from(application_id)
            await self.session.execute(select(Folder.id).where(of_one_place).order_by(Folder.id).with_for_update())
        return await self.find(visible, id=folder_id, lock=True)


@lru_cache(maxsize=64)
def _written_writable(access: ApplicationAccess, reach: Reach, *, lock: bool) -> Written:
    """Find an application that takes papers, for all who see as far."""
    writable = only(access.writable(reach.anybody), bindparam("application", type_=Uuid))
    return Written(writable.with_for_update(read=True) if lock else writable)


def _trees(folders: Sequence[FolderAnswer]) -> list[FolderTree]:
    """Arrange folders as trees."""
    children: dict[UUID | None, list[FolderAnswer]] = defaultdict(list)
    for folder in folders:
        children[folder.parent_id].append(folder)

    def under(parent_id: UUID | None) -> list[FolderTree]:
        return [FolderTree(**asdict(folder), children=under(folder.id)) for folder in children[parent_id]]

    return under(None)
