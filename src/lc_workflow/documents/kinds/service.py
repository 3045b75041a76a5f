"""Listing, adding and changing kinds of papers, and finding the folder of one."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.documents.events import DocumentTypeChanged
from lc_workflow.documents.kinds.models import PaperKind
from lc_workflow.documents.kinds.schemas import LAST, DocumentTypeChange, NewDocumentType
from lc_workflow.kernel.errors import FieldError, Invalid, Missing
from lc_workflow.kernel.names import plain
from lc_workflow.kernel.principal import Principal
from lc_workflow.platform.http.shapes import given
from lc_workflow.platform.service import Service

FOLDER_OF_OTHERS: Final = "Supporting Documents"
"""Where a paper is filed that says no kind which the house knows."""

COLUMNS: Final = {"label": "label_en", "label_khmer": "label_km"}
"""The columns of those fields that are called otherwise."""


class DocumentTypeTaken(Invalid):
    """Another kind of paper has this code."""

    def __init__(self) -> None:
        super().__init__(
            "There is a kind of paper of this name already.", errors=(FieldError("value", "is taken already"),)
        )


class PaperKindService(Service[PaperKind]):
    """The kinds of papers of the house."""

    noun = "kind of paper"

    async def all(self, *, with_retired: bool = False) -> Sequence[PaperKind]:
        """List the kinds that are offered, or all there ever were, in the order people look for them."""
        statement = select(PaperKind).order_by(PaperKind.position, PaperKind.code)
        return (await self.session.scalars(statement if with_retired else statement.where(PaperKind.offered))).all()

    async def add(self, wish: NewDocumentType, *, principal: Principal, at: datetime) -> PaperKind:
        """Add a kind of paper.

        Raises:
            DocumentTypeTaken: There is one of this code.
        """
        async with self.transaction():
            last = await self.session.scalar(select(func.max(PaperKind.position)))
            row = await self.create(
                PaperKind(
                    code=wish.value,
                    label_en=wish.label,
                    label_km=wish.label_khmer,
                    folder=wish.folder,
                    position=min((last or 0) + 10, LAST) if wish.position is None else wish.position,
                    offered=True,
                    created_at=at,
                    updated_at=at,
                )
            )
            self.announce(DocumentTypeChanged(actor_id=principal.id, at=at, document_type_id=row.id, code=row.code))
        return row

    async def change(self, code: str, wish: DocumentTypeChange, *, principal: Principal, at: datetime) -> PaperKind:
        """Change what a kind of paper is called, where papers of it are filed, or whether it is offered.

        Raises:
            Missing: There is no such kind.
        """
        async with self.transaction():
            row = await self.get_one_or_none(code=code, with_for_update=True)
            if row is None:
                raise Missing("There is no such kind of paper.")
            for name, value in given(wish).items():
                setattr(row, COLUMNS.get(name, name), value)
            row.updated_at = at
            self.announce(DocumentTypeChanged(actor_id=principal.id, at=at, document_type_id=row.id, code=row.code))
        return row


async def folder_for(session: AsyncSession, document_type: str) -> str:
    """Name the folder a paper of this kind is filed in.

    A kind nobody knows is filed among the supporting ones: a paper handed in must not be sent back for the lack of a
    label.
    """
    folder = await session.scalar(select(PaperKind.folder).where(PaperKind.code == document_type))
    return plain(folder or "") or FOLDER_OF_OTHERS
