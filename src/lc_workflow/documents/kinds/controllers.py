"""The paths of kinds of papers."""

from litestar import Controller, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody

from lc_workflow.documents.kinds.access import READ, UPDATE
from lc_workflow.documents.kinds.models import PaperKind
from lc_workflow.documents.kinds.schemas import DocumentType, DocumentTypeChange, NewDocumentType
from lc_workflow.documents.kinds.service import PaperKindService
from lc_workflow.kernel.principal import Principal
from lc_workflow.platform.clock import Clock
from lc_workflow.platform.http.provide import provide
from lc_workflow.platform.security.guards import requires


class PaperKindController(Controller):
    """Kinds of papers."""

    path = "/api/v1/folders/document-types"
    tags = ("Folders",)
    dependencies = {"kinds": provide(PaperKindService)}

    @get(guards=[requires(READ)])
    async def list_document_types(
        self, kinds: NamedDependency[PaperKindService], with_retired: FromQuery[bool] = False
    ) -> list[DocumentType]:
        """List the kinds of papers, and the folder each is filed in."""
        return [_shown(row) for row in await kinds.all(with_retired=with_retired)]

    @post(guards=[requires(UPDATE)])
    async def add(
        self,
        data: JSONBody[NewDocumentType],
        kinds: NamedDependency[PaperKindService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> DocumentType:
        """Add a kind of paper."""
        return _shown(await kinds.add(data, principal=principal, at=clock()))

    @patch("/{value:str}", guards=[requires(UPDATE)])
    async def change(
        self,
        value: FromPath[str],
        data: JSONBody[DocumentTypeChange],
        kinds: NamedDependency[PaperKindService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> DocumentType:
        """Change a kind of paper."""
        return _shown(await kinds.change(value, data, principal=principal, at=clock()))


def _shown(row: PaperKind) -> DocumentType:
    return DocumentType(row.code, row.label_en, row.label_km, row.folder, row.position, row.offered)
