"""The paths of exports."""

from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.response import Stream

from lc_workflow.kernel.dates import PHNOM_PENH
from lc_workflow.kernel.principal import Principal
from lc_workflow.lending.applications.queries import Wanted
from lc_workflow.lending.exports.access import EXPORT
from lc_workflow.lending.exports.queries import HEADER, ExportQueries
from lc_workflow.lending.exports.service import ExportService
from lc_workflow.platform.clock import Clock
from lc_workflow.platform.http import csv, xlsx
from lc_workflow.platform.http.provide import provide
from lc_workflow.platform.security.guards import requires


class ExportController(Controller):
    """Applications as files; the filters are those of the list."""

    path = "/api/v1/applications/export"
    tags = ("Applications",)
    dependencies = {
        "exports": provide(ExportService),
        "exported": provide(ExportQueries),
    }

    @get("/csv", guards=[requires(EXPORT)], media_type=csv.MEDIA_TYPE)
    async def as_csv(
        self,
        exports: NamedDependency[ExportService],
        exported: NamedDependency[ExportQueries],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
        wanted_applications: NamedDependency[Wanted],
    ) -> Stream:
        """Export applications as CSV, UTF-8 with a byte order mark so that Excel shows Khmer."""
        at = clock()
        await exports.begin(wanted_applications, "csv", principal=principal, at=at)
        name = f"applications-{at.astimezone(PHNOM_PENH):%Y-%m-%d}.csv"
        return await csv.download(name, HEADER, exported.rows(wanted_applications, principal=principal))

    @get("/xlsx", guards=[requires(EXPORT)], media_type=xlsx.MEDIA_TYPE)
    async def as_xlsx(
        self,
        exports: NamedDependency[ExportService],
        exported: NamedDependency[ExportQueries],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
        wanted_applications: NamedDependency[Wanted],
    ) -> Stream:
        """Export applications as an Excel workbook."""
        at = clock()
        await exports.begin(wanted_applications, "xlsx", principal=principal, at=at)
        name = f"applications-{at.astimezone(PHNOM_PENH):%Y-%m-%d}.xlsx"
        return await xlsx.download(name, HEADER, exported.rows(wanted_applications, principal=principal))
