"""Drafting and publishing checklists."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import to_builtins
from sqlalchemy import func, select

from lc_workflow.documents.kinds.models import PaperKind
from lc_workflow.kernel.errors import Invalid
from lc_workflow.kernel.principal import Principal
from lc_workflow.lending.checklists.access import visible_to
from lc_workflow.lending.checklists.models import Checklist
from lc_workflow.lending.checklists.schemas import ChecklistChange, ChecklistDocument, NewChecklist, as_rules
from lc_workflow.lending.events import ChecklistChanged, ChecklistDrafted, ChecklistPublished
from lc_workflow.lending.rules.checklist import ChecklistStatus, check_checklist
from lc_workflow.platform.db.locks import Lock, take
from lc_workflow.platform.http.paging import Window
from lc_workflow.platform.http.shapes import given
from lc_workflow.platform.service import Service


class ChecklistPublishedAlready(Invalid):
    """A published checklist does not change: applications are measured by it."""


class ChecklistService(Service[Checklist]):
    """The versions of the checklist."""

    noun = "checklist"

    async def page(self, window: Window, *, principal: Principal) -> tuple[Sequence[Checklist], int]:
        """List the versions, the newest first, with how many there are in all."""
        return await self.page_of(window, visible_to(principal), by=[Checklist.number.desc()])

    async def current_id(self) -> UUID | None:
        """The checklist that applications to come are given; None as long as nothing was published."""
        found: UUID | None = await self.session.scalar(select(func.checklist_in_force()))
        return found

    async def draft(self, wish: NewChecklist, *, principal: Principal, at: datetime) -> Checklist:
        """Write down a new version.

        Raises:
            BadChecklist: It contradicts itself, or asks for a paper nobody knows.
        """
        document = ChecklistDocument(rules=wish.rules)
        async with self.transaction():
            await self._check(document)
            await take(self.session, Lock.NUMBER_CHECKLISTS)
            last = await self.session.scalar(select(func.max(Checklist.number)))
            checklist = await self.create(
                Checklist(
                    number=(last or 0) + 1,
                    name=wish.name,
                    status=ChecklistStatus.DRAFT,
                    document=_written(document),
                    created_by=principal.id,
                    created_at=at,
                )
            )
            self.announce(
                ChecklistDrafted(actor_id=principal.id, at=at, checklist_id=checklist.id, number=checklist.number)
            )
        return checklist

    async def change(
        self, checklist_id: UUID, wish: ChecklistChange, *, principal: Principal, at: datetime
    ) -> Checklist:
        """Change a draft.

        Raises:
            Missing: There is no such checklist.
            ChecklistPublishedAlready: It is no draft any more.
            BadChecklist: It would contradict itself.
        """
        async with self.transaction():
            checklist = await self._draft(checklist_id, principal)
            changes = given(wish)
            checklist.name = changes.get("name", checklist.name)
            if "rules" in changes:
                document = ChecklistDocument(rules=changes["rules"])
                await self._check(document)
                checklist.document = _written(document)
            self.announce(
                ChecklistChanged(actor_id=principal.id, at=at, checklist_id=checklist.id, number=checklist.number)
            )
        return checklist

    async def publish(self, checklist_id: UUID, *, principal: Principal, at: datetime) -> Checklist:
        """Give a draft to the applications to come; those that are open keep theirs.

        Raises:
            Missing: There is no such checklist.
            ChecklistPublishedAlready: It is no draft any more.
        """
        async with self.transaction():
            checklist = await self._draft(checklist_id, principal)
            checklist.status = ChecklistStatus.PUBLISHED
            checklist.published_by, checklist.published_at = principal.id, at
            self.announce(
                ChecklistPublished(actor_id=principal.id, at=at, checklist_id=checklist.id, number=checklist.number)
            )
        return checklist

    async def _draft(self, checklist_id: UUID, principal: Principal) -> Checklist:
        checklist = await self.find(visible_to(principal), id=checklist_id, lock=True)
        if checklist.status is not ChecklistStatus.DRAFT:
            raise ChecklistPublishedAlready("A published checklist does not change; draft a new version.")
        return checklist

    async def _check(self, document: ChecklistDocument) -> None:
        known = await self.session.scalars(select(PaperKind.code))
        check_checklist(as_rules(document), known_types=frozenset(known))


def _written(document: ChecklistDocument) -> dict[str, Any]:
    """The document as JSON; amounts are text, to keep their digits."""
    written: dict[str, Any] = to_builtins(document)
    return written
