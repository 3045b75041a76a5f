"""The paths by which written names become assignments."""

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery, JSONBody

from lc_workflow.kernel.principal import Principal
from lc_workflow.lending.officers.access import MIGRATE
from lc_workflow.lending.officers.schemas import (
    ManualMatch,
    MigrationReport,
    MigrationRequest,
    MigrationStatus,
    RevertReport,
    UnmatchedName,
)
from lc_workflow.lending.officers.service import OfficerService
from lc_workflow.platform.clock import Clock
from lc_workflow.platform.http.paging import WIDE_WINDOW, Page, Window
from lc_workflow.platform.http.provide import provide
from lc_workflow.platform.security.guards import requires


class OfficerController(Controller):
    """Officers' names on applications, and the employees they mean."""

    path = "/api/v1/admin"
    tags = ("Administration",)
    dependencies = {"officers": provide(OfficerService)}

    @get("/migration-status", guards=[requires(MIGRATE)])
    async def status(
        self, officers: NamedDependency[OfficerService], principal: NamedDependency[Principal]
    ) -> MigrationStatus:
        """Tell on how many applications an officer's name has become an assignment."""
        return await officers.status(principal=principal)

    @get("/unmatched-names", guards=[requires(MIGRATE)], dependencies=WIDE_WINDOW)
    async def unmatched(
        self,
        officers: NamedDependency[OfficerService],
        principal: NamedDependency[Principal],
        window: NamedDependency[Window],
    ) -> Page[UnmatchedName]:
        """List the names that mean nobody for sure, the most frequent first."""
        names, total = await officers.unmatched(window, principal=principal)
        return Page.of(names, total=total, window=window)

    @post("/migrate-employees", guards=[requires(MIGRATE)], status_code=200)
    async def migrate(
        self,
        officers: NamedDependency[OfficerService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
        data: JSONBody[MigrationRequest | None] = None,
        dry_run: FromQuery[bool] = False,
    ) -> MigrationReport:
        """Assign every employee whose name is clear; with `dry_run`, in body or query, only say what would happen."""
        dry = dry_run or bool(data and data.dry_run)
        return await officers.migrate(dry_run=dry, principal=principal, at=clock())

    @post("/manual-match", guards=[requires(MIGRATE)], status_code=200)
    async def match(
        self,
        data: JSONBody[ManualMatch],
        officers: NamedDependency[OfficerService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> MigrationReport:
        """Say whom a name means, and assign them wherever it stands in their branch."""
        return await officers.match(data, principal=principal, at=clock())

    @post("/revert-migration", guards=[requires(MIGRATE)], status_code=200)
    async def revert(
        self,
        officers: NamedDependency[OfficerService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> RevertReport:
        """End the assignments that were made from names."""
        return await officers.revert(principal=principal, at=clock())
