"""The paths of the profiles of the law."""

from uuid import UUID

from litestar import Controller, get, patch, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody

from lc_workflow.kernel.principal import Principal
from lc_workflow.lending.jurisdictions.access import CONFIRM, READ, UPDATE, visible_to
from lc_workflow.lending.jurisdictions.schemas import InUse, NewProfile, ProfileAnswer, ProfileChange, ProfileChoice
from lc_workflow.lending.jurisdictions.service import JurisdictionService
from lc_workflow.platform.clock import Clock
from lc_workflow.platform.http.paging import WINDOW, Page, Window
from lc_workflow.platform.http.provide import provide
from lc_workflow.platform.http.shapes import shaped
from lc_workflow.platform.security.guards import requires


class JurisdictionController(Controller):
    """Profiles of the law."""

    path = "/api/v1/jurisdiction-profiles"
    tags = ("Jurisdictions",)
    dependencies = {"jurisdictions": provide(JurisdictionService), **WINDOW}

    @get(guards=[requires(READ)])
    async def list_profiles(
        self,
        jurisdictions: NamedDependency[JurisdictionService],
        principal: NamedDependency[Principal],
        window: NamedDependency[Window],
        code: FromQuery[str | None] = None,
    ) -> Page[ProfileAnswer]:
        """List the legal profiles, the latest of each law first."""
        rows, total = await jurisdictions.page(window, code=code, principal=principal)
        return Page.of([shaped(row, ProfileAnswer) for row in rows], total=total, window=window)

    @post(guards=[requires(UPDATE)])
    async def write(
        self,
        data: JSONBody[NewProfile],
        jurisdictions: NamedDependency[JurisdictionService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> ProfileAnswer:
        """Add a legal profile; it applies once somebody else has confirmed it."""
        return shaped(await jurisdictions.write(data, principal=principal, at=clock()), ProfileAnswer)

    @get("/in-use", guards=[requires(READ)])
    async def in_use(self, jurisdictions: NamedDependency[JurisdictionService], clock: NamedDependency[Clock]) -> InUse:
        """Show which law is followed."""
        return await _in_use(jurisdictions, clock)

    @put("/in-use", guards=[requires(CONFIRM)])
    async def choose(
        self,
        data: JSONBody[ProfileChoice],
        jurisdictions: NamedDependency[JurisdictionService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> InUse:
        """Follow a law from now on."""
        await jurisdictions.choose(data.code, principal=principal, at=clock())
        return await _in_use(jurisdictions, clock)

    @get("/{profile_id:uuid}", guards=[requires(READ)])
    async def read(
        self,
        profile_id: FromPath[UUID],
        jurisdictions: NamedDependency[JurisdictionService],
        principal: NamedDependency[Principal],
    ) -> ProfileAnswer:
        """Show one profile."""
        return shaped(await jurisdictions.find(visible_to(principal), id=profile_id), ProfileAnswer)

    @patch("/{profile_id:uuid}", guards=[requires(UPDATE)])
    async def change(
        self,
        profile_id: FromPath[UUID],
        data: JSONBody[ProfileChange],
        jurisdictions: NamedDependency[JurisdictionService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> ProfileAnswer:
        """Change a profile that nobody has confirmed."""
        return shaped(await jurisdictions.change(profile_id, data, principal=principal, at=clock()), ProfileAnswer)

    @post("/{profile_id:uuid}/confirm", guards=[requires(CONFIRM)], status_code=200)
    async def confirm(
        self,
        profile_id: FromPath[UUID],
        jurisdictions: NamedDependency[JurisdictionService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> ProfileAnswer:
        """Confirm a profile as a compliance officer."""
        return shaped(await jurisdictions.confirm(profile_id, principal=principal, at=clock()), ProfileAnswer)


async def _in_use(jurisdictions: JurisdictionService, clock: Clock) -> InUse:
    code, profile = await jurisdictions.in_use(at=clock())
    return InUse(code, shaped(profile, ProfileAnswer) if profile else None)
