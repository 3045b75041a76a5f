"""The paths of people's sessions."""

from uuid import UUID

from litestar import Controller, delete, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from lc_workflow.identity.devices.schemas import DeviceSession, Ended
from lc_workflow.identity.devices.service import DeviceService
from lc_workflow.identity.users.access import MANAGE
from lc_workflow.kernel.principal import Principal
from lc_workflow.platform.clock import Clock
from lc_workflow.platform.http.provide import provide
from lc_workflow.platform.security.guards import requires, signed_in

DEVICES = {"devices": provide(DeviceService)}


class MySessionController(Controller):
    """Where one is signed in oneself."""

    path = "/api/v1/auth/sessions"
    tags = ("Sign-in",)
    dependencies = DEVICES

    @get(guards=[signed_in])
    async def list_mine(
        self,
        devices: NamedDependency[DeviceService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> list[DeviceSession]:
        """List where one is signed in, the latest used first."""
        return await devices.mine(principal=principal, at=clock())

    @delete("/{session_id:uuid}", guards=[signed_in])
    async def end(
        self,
        session_id: FromPath[UUID],
        devices: NamedDependency[DeviceService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> None:
        """End one of one's own sessions; its tokens stop working at once."""
        await devices.end_mine(session_id, principal=principal, at=clock())

    @delete(guards=[signed_in], status_code=200)
    async def end_others(
        self,
        devices: NamedDependency[DeviceService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> Ended:
        """End all of one's own sessions but this one."""
        return Ended(await devices.end_my_others(principal=principal, at=clock()))


class UserSessionController(Controller):
    """Where others are signed in."""

    path = "/api/v1/users/{user_id:uuid}/sessions"
    tags = ("Users",)
    dependencies = DEVICES
    guards = (requires(MANAGE),)

    @get()
    async def list_theirs(
        self,
        user_id: FromPath[UUID],
        devices: NamedDependency[DeviceService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> list[DeviceSession]:
        """List where somebody is signed in."""
        return await devices.of(user_id, principal=principal, at=clock())

    @delete("/{session_id:uuid}")
    async def end(
        self,
        user_id: FromPath[UUID],
        session_id: FromPath[UUID],
        devices: NamedDependency[DeviceService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> None:
        """End one of somebody's sessions."""
        await devices.end_of(user_id, session_id, principal=principal, at=clock())

    @delete(status_code=200)
    async def end_all(
        self,
        user_id: FromPath[UUID],
        devices: NamedDependency[DeviceService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> Ended:
        """End all of somebody's sessions."""
        return Ended(await devices.end_of(user_id, None, principal=principal, at=clock()))
