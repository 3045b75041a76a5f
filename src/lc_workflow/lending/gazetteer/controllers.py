"""The path of the gazetteer."""

from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import FromQuery

from lc_workflow.lending.gazetteer.schemas import PlaceAnswer
from lc_workflow.lending.gazetteer.service import GazetteerService
from lc_workflow.platform.http.paging import WIDE_WINDOW, Page, Window
from lc_workflow.platform.http.provide import provide
from lc_workflow.platform.http.shapes import shaped
from lc_workflow.platform.security.guards import signed_in


class GazetteerController(Controller):
    """Places: provinces, districts, communes and villages with their official codes."""

    path = "/api/v1/gazetteer"
    tags = ("Gazetteer",)
    dependencies = {"gazetteer": provide(GazetteerService), **WIDE_WINDOW}

    @get(guards=[signed_in])
    async def list_places(
        self,
        gazetteer: NamedDependency[GazetteerService],
        window: NamedDependency[Window],
        parent: FromQuery[str | None] = None,
        search: FromQuery[str | None] = None,
    ) -> Page[PlaceAnswer]:
        """List the places within `parent` by code, or the provinces; `search` finds parts of names in either script."""
        rows, total = await gazetteer.page(window, parent=parent, search=search)
        return Page.of([shaped(row, PlaceAnswer) for row in rows], total=total, window=window)
