"""The paths of settings."""

from typing import Annotated, Any, Final

from litestar import Controller, delete, get, patch, post, put
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath, JSONBody, QueryParameter

from lc_workflow.kernel.principal import Principal
from lc_workflow.platform.clock import Clock
from lc_workflow.platform.http.provide import provide
from lc_workflow.platform.http.shapes import shaped
from lc_workflow.platform.security.guards import PUBLIC, requires, signed_in
from lc_workflow.system.settings.access import MANAGE
from lc_workflow.system.settings.schemas import (
    MOST_VALUES,
    Changed,
    Initialized,
    NewSetting,
    SettingAnswer,
    SettingChange,
    SettingEntry,
    SettingRemoved,
)
from lc_workflow.system.settings.service import SettingService

VALUES: Final = Body(
    media_type=RequestEncodingType.JSON,
    schema_extra={
        "examples": [{"receipt_footer": "Thank you for your trust"}],
        "min_properties": 1,
        "max_properties": MOST_VALUES,
    },
)


class SettingController(Controller):
    """Settings; one is named by its id or by its key."""

    path = "/api/v1/settings"
    tags = ("Settings",)
    dependencies = {"installation": provide(SettingService)}

    @get(guards=[signed_in])
    async def list_settings(
        self,
        installation: NamedDependency[SettingService],
        principal: NamedDependency[Principal],
        category: Annotated[str | None, QueryParameter(max_length=60)] = None,
    ) -> dict[str, dict[str, SettingEntry]]:
        """List settings by category and key."""
        found: dict[str, dict[str, SettingEntry]] = {}
        for setting in await installation.all(category=category, principal=principal):
            found.setdefault(setting.category, {})[setting.key] = shaped(setting, SettingEntry)
        return found

    @post(guards=[requires(MANAGE)])
    async def add(
        self,
        data: JSONBody[NewSetting],
        installation: NamedDependency[SettingService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> SettingAnswer:
        """Add a setting."""
        return shaped(await installation.add(data, principal=principal, at=clock()), SettingAnswer)

    @post("/initialize", guards=[requires(MANAGE)], status_code=200)
    async def initialize(
        self,
        installation: NamedDependency[SettingService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> Initialized:
        """Add the settings an installation begins with; doing it again changes nothing."""
        return await installation.initialize(principal=principal, at=clock())

    @get("/categories", guards=[signed_in])
    async def categories(
        self, installation: NamedDependency[SettingService], principal: NamedDependency[Principal]
    ) -> list[str]:
        """Name the categories of settings."""
        return await installation.categories(principal=principal)

    @get("/public", opt={PUBLIC: True})
    async def public(self, installation: NamedDependency[SettingService]) -> dict[str, Any]:
        """Say what everybody may know, before they sign in: the public settings by key."""
        return await installation.public()

    @get("/theme", guards=[signed_in])
    async def theme(self, installation: NamedDependency[SettingService]) -> dict[str, Any]:
        """Say what the web app looks like: the public settings of the theme, by key."""
        return await installation.theme()

    @patch("/bulk", guards=[requires(MANAGE)])
    async def set_all(
        self,
        data: Annotated[dict[str, Any], VALUES],
        installation: NamedDependency[SettingService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> Changed:
        """Set several values at once, by key: all of them, or none when a key is unknown."""
        values = await installation.set_all(data, principal=principal, at=clock())
        return Changed(f"Settings set: {len(values)}.", values)

    @get("/{setting:str}", guards=[signed_in])
    async def read(
        self,
        setting: FromPath[str],
        installation: NamedDependency[SettingService],
        principal: NamedDependency[Principal],
    ) -> SettingAnswer:
        """Show one setting."""
        return shaped(await installation.named(setting, principal=principal), SettingAnswer)

    @put("/{setting:str}", guards=[requires(MANAGE)])
    async def change(
        self,
        setting: FromPath[str],
        data: JSONBody[SettingChange],
        installation: NamedDependency[SettingService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> SettingAnswer:
        """Change a setting: the fields that are there, the others stay."""
        return shaped(await installation.change(setting, data, principal=principal, at=clock()), SettingAnswer)

    @delete("/{setting:str}", guards=[requires(MANAGE)], status_code=200)
    async def remove(
        self,
        setting: FromPath[str],
        installation: NamedDependency[SettingService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> SettingRemoved:
        """Remove a setting."""
        key = await installation.remove(setting, principal=principal, at=clock())
        return SettingRemoved(f"The setting {key} was removed.")
