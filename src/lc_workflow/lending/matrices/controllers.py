"""The paths of approval matrices."""

from uuid import UUID

from litestar import Controller, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from lc_workflow.kernel.principal import Principal
from lc_workflow.lending.matrices.access import MANAGE, READ, visible_to
from lc_workflow.lending.matrices.models import ApprovalMatrix
from lc_workflow.lending.matrices.schemas import (
    MatrixAnswer,
    MatrixChange,
    NewMatrix,
    PathAnswer,
    Simulation,
    StageDocument,
    Vacancy,
    read_document,
)
from lc_workflow.lending.matrices.service import MatrixService
from lc_workflow.platform.clock import Clock
from lc_workflow.platform.http.paging import WINDOW, Page, Window
from lc_workflow.platform.http.provide import provide
from lc_workflow.platform.http.shapes import shaped
from lc_workflow.platform.security.guards import requires


class MatrixController(Controller):
    """Who has to agree to which loan."""

    path = "/api/v1/approval-matrices"
    tags = ("Approval matrices",)
    dependencies = {"matrices": provide(MatrixService), **WINDOW}

    @get(guards=[requires(READ)])
    async def list_matrices(
        self,
        matrices: NamedDependency[MatrixService],
        principal: NamedDependency[Principal],
        window: NamedDependency[Window],
    ) -> Page[MatrixAnswer]:
        """List the versions of the matrix, the newest first."""
        rows, total = await matrices.page(window, principal=principal)
        current = await matrices.current()
        return Page.of([_shown(row, current) for row in rows], total=total, window=window)

    @post(guards=[requires(MANAGE)])
    async def draft(
        self,
        data: JSONBody[NewMatrix],
        matrices: NamedDependency[MatrixService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> MatrixAnswer:
        """Draft a new version."""
        row = await matrices.draft(data, principal=principal, at=clock())
        return _shown(row, await matrices.current())

    @get("/current", guards=[requires(READ)])
    async def read_current(self, matrices: NamedDependency[MatrixService]) -> MatrixAnswer:
        """Show the version that new applications are given."""
        current = await matrices.current()
        return _shown(current, current)

    @get("/current/vacancies", guards=[requires(READ)])
    async def vacancies(self, matrices: NamedDependency[MatrixService], clock: NamedDependency[Clock]) -> Page[Vacancy]:
        """List the stages of that version at which too few people may decide, and where; empty if there are none."""
        found = await matrices.vacancies(at=clock())
        return Page.of(found, total=len(found), window=Window(1, max(1, len(found))))

    @post("/simulate", guards=[requires(READ)], status_code=200)
    async def simulate(
        self,
        data: JSONBody[Simulation],
        matrices: NamedDependency[MatrixService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> PathAnswer:
        """Show the stages a loan would have to pass."""
        matrix, document, path, rate = await matrices.simulate(data, principal=principal, at=clock())
        return PathAnswer(
            matrix_id=matrix.id,
            matrix_number=matrix.number,
            rule_priority=path.priority,
            basis=document.basis,
            basis_amount=path.basis,
            base_currency=document.base_currency,
            khr_per_usd=rate,
            stages=[shaped(stage, StageDocument) for stage in path.stages],
        )

    @get("/{matrix_id:uuid}", guards=[requires(READ)])
    async def read(
        self,
        matrix_id: FromPath[UUID],
        matrices: NamedDependency[MatrixService],
        principal: NamedDependency[Principal],
    ) -> MatrixAnswer:
        """Show one version."""
        row = await matrices.find(visible_to(principal), id=matrix_id)
        return _shown(row, await matrices.current())

    @put("/{matrix_id:uuid}", guards=[requires(MANAGE)])
    async def change(
        self,
        matrix_id: FromPath[UUID],
        data: JSONBody[MatrixChange],
        matrices: NamedDependency[MatrixService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> MatrixAnswer:
        """Change a draft."""
        row = await matrices.change(matrix_id, data, principal=principal, at=clock())
        return _shown(row, await matrices.current())

    @post("/{matrix_id:uuid}/publish", guards=[requires(MANAGE)], status_code=200)
    async def publish(
        self,
        matrix_id: FromPath[UUID],
        matrices: NamedDependency[MatrixService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> MatrixAnswer:
        """Publish a draft: new applications are decided by it."""
        row = await matrices.publish(matrix_id, principal=principal, at=clock())
        return _shown(row, await matrices.current())


def _shown(row: ApprovalMatrix, current: ApprovalMatrix) -> MatrixAnswer:
    return MatrixAnswer(
        id=row.id,
        number=row.number,
        name=row.name,
        status=row.status,
        is_current=row.id == current.id,
        document=read_document(row.document),
        created_by=row.created_by,
        created_at=row.created_at,
        published_by=row.published_by,
        published_at=row.published_at,
    )
