"""The paths of one's own preferences."""

from litestar import Controller, get, put
from litestar.di import NamedDependency
from litestar.params import JSONBody

from lc_workflow.engagement.preferences.schemas import PreferencesAnswer, PreferencesWish
from lc_workflow.engagement.preferences.service import PreferenceService
from lc_workflow.kernel.principal import Principal
from lc_workflow.platform.clock import Clock
from lc_workflow.platform.http.provide import provide
from lc_workflow.platform.security.guards import signed_in


class PreferenceController(Controller):
    """How one wants to hear of things."""

    path = "/api/v1/users/notifications/preferences"
    tags = ("Notifications",)
    dependencies = {"preferences": provide(PreferenceService)}

    @get(guards=[signed_in])
    async def read(
        self, preferences: NamedDependency[PreferenceService], principal: NamedDependency[Principal]
    ) -> PreferencesAnswer:
        """Show how one wants to hear of things."""
        return PreferencesAnswer(await preferences.of(principal))

    @put(guards=[signed_in])
    async def change(
        self,
        data: JSONBody[PreferencesWish],
        preferences: NamedDependency[PreferenceService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> PreferencesAnswer:
        """Change how one wants to hear of things: the fields that are there, the others stay."""
        wish = data.preferences or data
        return PreferencesAnswer(await preferences.change(wish, principal=principal, at=clock()))
