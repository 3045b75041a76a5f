"""The paths of figures."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

from litestar import Controller, Response, get
from litestar.di import NamedDependency
from litestar.openapi.spec import OpenAPIFormat, OpenAPIMediaType, OpenAPIResponse, OpenAPIType, Schema
from litestar.params import FromPath, FromQuery
from litestar.response import Stream

from lc_workflow.insight.figures.access import READ
from lc_workflow.insight.figures.queries import Figures
from lc_workflow.insight.figures.schemas import Figure, FigureAnswer, FileFormat, Period, Table
from lc_workflow.insight.rules.charts import bars
from lc_workflow.kernel.dates import local_day
from lc_workflow.kernel.errors import FieldError, Invalid
from lc_workflow.kernel.principal import Principal
from lc_workflow.platform.clock import Clock
from lc_workflow.platform.http import csv, xlsx
from lc_workflow.platform.http.operations import WithOurRefusals
from lc_workflow.platform.http.provide import Provider, provide
from lc_workflow.platform.security.guards import requires

DAYS: Final = 30
"""How many days count where none are named, today included."""

SVG: Final = "image/svg+xml"


class PeriodReversed(Invalid):
    """The period ends before it begins."""


def wanted_period(
    clock: NamedDependency[Clock],
    date_from: FromQuery[date | None] = None,
    date_to: FromQuery[date | None] = None,
    branch_id: FromQuery[UUID | None] = None,
) -> Period:
    """Read which days and which branch are wanted; without days the last thirty.

    Raises:
        PeriodReversed: The last day comes before the first.
    """
    last = date_to or max(local_day(clock()), date_from or date.min)
    first = date_from or (last - timedelta(days=DAYS - 1) if last.toordinal() >= DAYS else date.min)
    if first > last:
        raise PeriodReversed(
            "Give a first day that is not after the last.", errors=(FieldError("date_from", "is late", "query"),)
        )
    return Period(first, last, branch_id)


@dataclass
class InTwoFormats(WithOurRefusals):
    """An operation that answers with a file of the kind its path names."""

    def __post_init__(self) -> None:
        """Name both kinds."""
        super().__post_init__()
        file = Schema(type=OpenAPIType.STRING, format=OpenAPIFormat.BINARY)
        kinds = {kind: OpenAPIMediaType(file) for kind in (csv.MEDIA_TYPE, xlsx.MEDIA_TYPE)}
        self.responses = (self.responses or {}) | {"200": OpenAPIResponse("The file.", content=kinds)}


class FigureController(Controller):
    """Figures of lending within what somebody may count, as tables, files and charts."""

    path = "/api/v1/figures"
    tags = ("Figures",)
    guards = (requires(READ),)
    dependencies = {
        "figures": provide(Figures),
        "period": Provider(wanted_period),
    }

    @get()
    async def list_figures(self) -> list[Figure]:
        """Name what can be counted."""
        return list(Figure)

    @get("/{figure:str}")
    async def table(
        self,
        figure: FromPath[Figure],
        figures: NamedDependency[Figures],
        period: NamedDependency[Period],
        principal: NamedDependency[Principal],
    ) -> FigureAnswer:
        """Count one table, over what the person may see; without days over the last thirty.

        `states`, `funnel`, `branches`, `departments` and `users` follow the applications drafted in the period, as they
        stand today: an approval of this month for a draft of the last is not among them. `exceptions` and `currencies`
        count what was approved in the period, `disbursed` what was paid out, `returns` what was returned, `turnaround`
        and `sla` the stages left and the tasks closed in it, whenever the application was drafted.
        """
        found = await figures.table(figure, period, principal)
        rows = [dict(zip(found.columns, row, strict=True)) for row in found.rows]
        return FigureAnswer(figure, period.first, period.last, period.branch_id, list(found.columns), rows)

    @get("/{figure:str}/file/{file_format:str}", operation_class=InTwoFormats)
    async def as_file(
        self,
        figure: FromPath[Figure],
        file_format: FromPath[FileFormat],
        figures: NamedDependency[Figures],
        period: NamedDependency[Period],
        principal: NamedDependency[Principal],
    ) -> Stream:
        """Give one table out as CSV or as an Excel workbook."""
        found = await figures.table(figure, period, principal)
        name = f"{figure}-{period.first}-{period.last}.{file_format}"
        download = csv.download if file_format is FileFormat.CSV else xlsx.download
        return await download(name, found.columns, _rows(found))

    @get("/{figure:str}/chart", media_type=SVG)
    async def chart(
        self,
        figure: FromPath[Figure],
        figures: NamedDependency[Figures],
        period: NamedDependency[Period],
        principal: NamedDependency[Principal],
    ) -> Response[bytes]:
        """Draw one table as SVG."""
        found = await figures.table(figure, period, principal)
        values = [(str(row[found.label]), float(row[found.drawn] or 0)) for row in found.rows]
        title = f"{figure}: {found.columns[found.drawn].replace('_', ' ')}, {period.first} to {period.last}"
        return Response(bars(title, values).encode(), media_type=SVG)


async def _rows(table: Table) -> AsyncGenerator[Sequence[Any], None]:
    for row in table.rows:
        yield row
