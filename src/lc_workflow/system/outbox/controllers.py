"""The paths of the outbox."""

from typing import Annotated
from uuid import UUID

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter

from lc_workflow.kernel.principal import Principal
from lc_workflow.platform.clock import Clock
from lc_workflow.platform.http.paging import WINDOW, Page, Window
from lc_workflow.platform.http.provide import provide
from lc_workflow.platform.security.guards import requires
from lc_workflow.system.outbox.access import MANAGE, READ
from lc_workflow.system.outbox.schemas import Replayed, UntoldAnswer
from lc_workflow.system.outbox.service import OutboxService


class OutboxController(Controller):
    """Facts that listeners could not be told."""

    path = "/api/v1/outbox"
    tags = ("System",)
    dependencies = {"outbox": provide(OutboxService), **WINDOW}

    @get(guards=[requires(READ)])
    async def list_untold(
        self,
        outbox: NamedDependency[OutboxService],
        window: NamedDependency[Window],
        given_up: Annotated[bool, QueryParameter(description="Only what nobody tries to tell any more.")] = False,
    ) -> Page[UntoldAnswer]:
        """List facts that wait to be told, the oldest first."""
        rows, total = await outbox.page(window, given_up_only=given_up)
        return Page.of(rows, total=total, window=window)

    @post("/replay", guards=[requires(MANAGE)], status_code=200)
    async def replay_given_up(
        self,
        outbox: NamedDependency[OutboxService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> Replayed:
        """Tell everything again that was given up."""
        return Replayed(await outbox.replay_given_up(principal=principal, at=clock()))

    @post("/{fact_id:uuid}/replay", guards=[requires(MANAGE)], status_code=200)
    async def replay(
        self,
        fact_id: FromPath[UUID],
        outbox: NamedDependency[OutboxService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> Replayed:
        """Tell one fact again."""
        return Replayed(await outbox.replay(fact_id, principal=principal, at=clock()))
