"""The paths of reports."""

import re
import shutil
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any, Final
from uuid import UUID

import anyio
import msgspec
from litestar import Controller, Response, get
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import OpenAPIFormat, OpenAPIMediaType, OpenAPIResponse, OpenAPIType, Schema
from litestar.params import FromPath, FromQuery, QueryParameter

from lc_workflow.insight.figures.access import READ
from lc_workflow.insight.reports.queries import Reports
from lc_workflow.insight.reports.schemas import MonthlyReport, ReportFormat
from lc_workflow.insight.rules.monthly import pages_of
from lc_workflow.kernel.dates import local_day
from lc_workflow.kernel.errors import FieldError
from lc_workflow.kernel.principal import Principal
from lc_workflow.lending.rules.dossier import Language
from lc_workflow.platform.clock import Clock
from lc_workflow.platform.http.answers import Answer
from lc_workflow.platform.http.fields import cannot_take
from lc_workflow.platform.http.operations import WithOurRefusals
from lc_workflow.platform.http.provide import provide
from lc_workflow.platform.security.guards import requires
from lc_workflow.platform.storage.disposition import content_disposition
from lc_workflow.platform.typesetting.press import TEMPLATE, set_pages

PDF: Final = "application/pdf"
MONTH: Final = r"^(19|20|21)[0-9]{2}-(0[1-9]|1[0-2])$(?!\n)"


@dataclass
class AlsoAsPdf(WithOurRefusals):
    """An operation that answers with figures, or with a document of them."""

    def __post_init__(self) -> None:
        """Name the other kind."""
        super().__post_init__()
        if isinstance(answer := (self.responses or {}).get("200"), OpenAPIResponse) and answer.content is not None:
            answer.content[PDF] = OpenAPIMediaType(Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.BINARY))


class ReportController(Controller):
    """What branches did, to read and to print."""

    path = "/api/v1/reports"
    tags = ("Figures",)
    guards = (requires(READ),)
    dependencies = {"reports": provide(Reports)}

    @get(
        "/branches/{branch_id:uuid}/monthly",
        operation_class=AlsoAsPdf,
        responses={200: ResponseSpec(MonthlyReport, description="The figures; with format=pdf a document of them.")},
    )
    async def monthly(
        self,
        branch_id: FromPath[UUID],
        reports: NamedDependency[Reports],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
        month: Annotated[
            str | None,
            QueryParameter(
                schema_extra={"pattern": MONTH}, description="Year and month; the month before this without it."
            ),
        ] = None,
        report_format: Annotated[ReportFormat, QueryParameter(name="format")] = ReportFormat.JSON,
        language: FromQuery[Language] = Language.ENGLISH,
    ) -> Response[Any]:
        """Tell what a branch did in a month, as JSON or printed in English or Khmer.

        Raises:
            Missing: There is no such branch, or its figures are not this person's to see.
        """
        now = clock()
        if month and not re.match(MONTH, month):
            raise cannot_take([FieldError("month", "must be a month like 2026-10", loc="query")])
        this_month = local_day(now).replace(day=1)
        day = date.fromisoformat(f"{month}-01") if month else this_month - timedelta(days=1)
        report = await reports.monthly(branch_id, day, principal, at=now)
        if report_format is ReportFormat.JSON:
            return Answer(report)
        name = content_disposition(f"{report.branch_code}-{report.month}-{language}.pdf")
        return Response(await _printed(report, language), media_type=PDF, headers={"Content-Disposition": name})


async def _printed(report: MonthlyReport, language: Language) -> bytes:
    """Print a report in a process of its own, which takes about a second."""
    with TemporaryDirectory(prefix="report-") as name:
        folder = Path(name)
        pages = pages_of(msgspec.to_builtins(report), language)
        (folder / "pages.json").write_bytes(msgspec.json.encode(pages))
        shutil.copyfile(Path(__file__).with_name("monthly.typ"), folder / TEMPLATE)
        return await anyio.Path(await set_pages(folder)).read_bytes()
