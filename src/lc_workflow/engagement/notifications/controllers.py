"""The paths of notifications."""

from typing import Annotated
from uuid import UUID

from litestar import Controller, get, put
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, QueryParameter

from lc_workflow.engagement.notifications.access import READ
from lc_workflow.engagement.notifications.schemas import Count, NotificationAnswer, NotificationSummary
from lc_workflow.engagement.notifications.service import NotificationService
from lc_workflow.kernel.principal import Principal
from lc_workflow.platform.clock import Clock
from lc_workflow.platform.http.long_lists import LONG_WINDOW, LongPage
from lc_workflow.platform.http.paging import Window
from lc_workflow.platform.http.provide import provide
from lc_workflow.platform.http.shapes import shaped
from lc_workflow.platform.security.guards import requires


class NotificationController(Controller):
    """One's own notifications."""

    path = "/api/v1/users/notifications"
    tags = ("Notifications",)
    dependencies = {"notifications": provide(NotificationService), **LONG_WINDOW}

    @get(guards=[requires(READ)])
    async def list_notifications(
        self,
        notifications: NamedDependency[NotificationService],
        principal: NamedDependency[Principal],
        window: NamedDependency[Window],
        unread_only: FromQuery[bool] = False,
    ) -> LongPage[NotificationAnswer]:
        """List one's own notifications, the newest first; dismissed ones are among them."""
        part = await notifications.page(window, unread_only=unread_only, principal=principal)
        return LongPage.of([shaped(row, NotificationAnswer) for row in part.rows], part=part, window=window)

    @get("/summary", guards=[requires(READ)])
    async def summary(
        self,
        notifications: NamedDependency[NotificationService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
        days: Annotated[int, QueryParameter(ge=1, le=365, description="How many days back to look.")] = 30,
    ) -> NotificationSummary:
        """Count one's own notifications of the last days and show the newest; what was dismissed is left out."""
        return await notifications.summary(days=days, principal=principal, at=clock())

    @put("/mark-all-read", guards=[requires(READ)])
    async def mark_all_read(
        self,
        notifications: NamedDependency[NotificationService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> Count:
        """Mark all of one's own notifications as read."""
        return Count(await notifications.mark_all_read(principal=principal, at=clock()))

    @put("/{notification_id:uuid}/read", guards=[requires(READ)])
    async def mark_read(
        self,
        notification_id: FromPath[UUID],
        notifications: NamedDependency[NotificationService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> NotificationAnswer:
        """Mark one notification as read."""
        row = await notifications.mark_read(notification_id, principal=principal, at=clock())
        return shaped(row, NotificationAnswer)

    @put("/{notification_id:uuid}/dismiss", guards=[requires(READ)])
    async def dismiss(
        self,
        notification_id: FromPath[UUID],
        notifications: NamedDependency[NotificationService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> NotificationAnswer:
        """Put one notification aside."""
        row = await notifications.dismiss(notification_id, principal=principal, at=clock())
        return shaped(row, NotificationAnswer)
