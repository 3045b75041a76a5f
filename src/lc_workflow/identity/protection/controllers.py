"""The paths of security."""

from typing import Annotated
from uuid import UUID

from litestar import Controller, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter, SkipValidation

from lc_workflow.identity.protection.access import MANAGE, READ
from lc_workflow.identity.protection.models import BlockedAddress
from lc_workflow.identity.protection.queries import Alarms
from lc_workflow.identity.protection.schemas import Alert, BlockAnswer, NewBlock, Severity
from lc_workflow.identity.protection.service import ProtectionService
from lc_workflow.kernel.principal import Principal
from lc_workflow.platform.clock import Clock
from lc_workflow.platform.http.paging import WINDOW, Page, Window
from lc_workflow.platform.http.provide import DbSession, Provider, provide
from lc_workflow.platform.http.requests import CheckedRequest
from lc_workflow.platform.security.blocklist import Blocklist
from lc_workflow.platform.security.guards import requires


def open_protection(db_session: DbSession, blocklist: NamedDependency[SkipValidation[Blocklist]]) -> ProtectionService:
    """Provide the protection service with what this process knows of blocked addresses."""
    return ProtectionService(db_session, blocklist=blocklist)


class SecurityController(Controller):
    """Threats to the installation, and blocked addresses."""

    path = "/api/v1/security"
    tags = ("Security",)
    dependencies = {
        "protection": Provider(open_protection),
        "alarms": provide(Alarms),
        **WINDOW,
    }

    @get("/alerts", guards=[requires(READ)])
    async def list_alerts(
        self,
        alarms: NamedDependency[Alarms],
        window: NamedDependency[Window],
        clock: NamedDependency[Clock],
        severity: FromQuery[Severity | None] = None,
        days: Annotated[int, QueryParameter(ge=1, le=365)] = 30,
    ) -> Page[Alert]:
        """List lockouts, reused tokens, refused decisions and the like, the latest first."""
        alerts, total = await alarms.page(window, days=days, severity=severity, at=clock())
        return Page.of(alerts, total=total, window=window)

    @get("/blocked-addresses", guards=[requires(READ)])
    async def list_blocked(
        self, protection: NamedDependency[ProtectionService], clock: NamedDependency[Clock]
    ) -> list[BlockAnswer]:
        """List the blocked addresses."""
        return [_shown(row) for row in await protection.blocked(at=clock())]

    @post("/blocked-addresses", guards=[requires(MANAGE)])
    async def block(
        self,
        data: JSONBody[NewBlock],
        request: CheckedRequest,
        protection: NamedDependency[ProtectionService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> BlockAnswer:
        """Block an address or a network; within a second no process answers it."""
        own = request.client.host if request.client else None
        return _shown(await protection.block(data, own_address=own, principal=principal, at=clock()))

    @delete("/blocked-addresses/{block_id:uuid}", guards=[requires(MANAGE)])
    async def unblock(
        self,
        block_id: FromPath[UUID],
        protection: NamedDependency[ProtectionService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> None:
        """Unblock an address."""
        await protection.unblock(block_id, principal=principal, at=clock())


def _shown(row: BlockedAddress) -> BlockAnswer:
    return BlockAnswer(
        id=row.id,
        address=row.network.removesuffix("/32").removesuffix("/128"),
        reason=row.reason,
        created_by=row.created_by,
        created_at=row.created_at,
        until=row.until,
    )
