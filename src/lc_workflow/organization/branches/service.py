"""Opening, changing and closing branches."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, or_

from lc_workflow.kernel.errors import FieldError, Invalid
from lc_workflow.kernel.principal import Principal
from lc_workflow.organization.branches.access import visible_to
from lc_workflow.organization.branches.models import Branch
from lc_workflow.organization.branches.schemas import BranchChange, NewBranch
from lc_workflow.organization.events import BranchChanged, BranchClosed, BranchOpened
from lc_workflow.organization.rules.naming import codes_for
from lc_workflow.platform.db.alike import first_free, is_taken
from lc_workflow.platform.http.paging import Window
from lc_workflow.platform.http.shapes import differing, given
from lc_workflow.platform.phones import check_phones
from lc_workflow.platform.search import contains
from lc_workflow.platform.service import Service


class BranchCodeTaken(Invalid):
    """Another branch has this code."""

    def __init__(self) -> None:
        super().__init__(
            "Another branch already has this code; capital letters make no difference.",
            errors=(FieldError("code", "is taken"),),
        )


class BranchService(Service[Branch]):
    """The branches of the institution."""

    noun = "branch"

    async def page(
        self, window: Window, *, search: str | None, is_active: bool | None, principal: Principal
    ) -> tuple[Sequence[Branch], int]:
        """List branches by name, with how many there are in all."""
        where: list[ColumnElement[bool]] = [visible_to(principal)]
        if search:
            where.append(or_(contains(Branch.name, search), contains(Branch.code, search)))
        if is_active is not None:
            where.append(Branch.is_active.is_(is_active))
        return await self.page_of(window, *where, by=[Branch.name, Branch.id])

    async def open(self, wish: NewBranch, *, principal: Principal, at: datetime) -> Branch:
        """Open a branch; without a code it gets one from its name.

        Raises:
            BranchCodeTaken: Another branch has the code.
            NoSuchManager: The manager is nobody.
        """
        check_phones(given(wish), "phone_number")
        async with self.transaction():
            code = wish.code
            if code is None:
                code = await first_free(self.session, Branch.code, codes_for(wish.name, otherwise="BR"))
            elif await is_taken(self.session, Branch.code, code):
                raise BranchCodeTaken
            branch = await self.create(Branch(**given(wish) | {"code": code}, created_at=at, updated_at=at))
            self.announce(BranchOpened(actor_id=principal.id, at=at, branch_id=branch.id, code=branch.code))
        return branch

    async def change(self, branch_id: UUID, wish: BranchChange, *, principal: Principal, at: datetime) -> Branch:
        """Change what the wish names.

        Raises:
            Missing: There is no such branch.
            BranchCodeTaken: Another branch has the code.
            NoSuchManager: The manager is nobody.
        """
        async with self.transaction():
            branch = await self.find(visible_to(principal), id=branch_id, lock=True)
            if changes := differing(branch, wish):
                check_phones(changes, "phone_number")
                if "code" in changes and await is_taken(self.session, Branch.code, changes["code"], but=branch.id):
                    raise BranchCodeTaken
                branch.change(changes, at=at)
                self.announce(
                    BranchChanged(actor_id=principal.id, at=at, branch_id=branch.id, fields=tuple(sorted(changes)))
                )
        return branch

    async def close(self, branch_id: UUID, *, principal: Principal, at: datetime) -> None:
        """Close a branch; what happened there stays on record, and closing it again changes nothing.

        Raises:
            Missing: There is no such branch.
        """
        async with self.transaction():
            branch = await self.find(visible_to(principal), id=branch_id, lock=True)
            if branch.is_active:
                branch.change({"is_active": False}, at=at)
                self.announce(BranchClosed(actor_id=principal.id, at=at, branch_id=branch.id))
