"""What people were told, and what they did with it."""

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from advanced_alchemy.filters import LimitOffset, OrderBy
from sqlalchemy import func, select, update

from lc_workflow.engagement.notifications.access import visible_to
from lc_workflow.engagement.notifications.models import Notification
from lc_workflow.engagement.notifications.schemas import NotificationAnswer, NotificationSummary
from lc_workflow.kernel.principal import Principal
from lc_workflow.platform.http.long_lists import Key, Part, cut
from lc_workflow.platform.http.paging import Window
from lc_workflow.platform.http.shapes import shaped
from lc_workflow.platform.service import Service

_NEWEST: Final = (Key(Notification.created_at, descending=True), Key(Notification.id))

MOST_RECENT: Final = 20
"""How many notifications a summary shows."""


class NotificationService(Service[Notification]):
    """What people were told."""

    noun = "notification"

    async def page(self, window: Window, *, unread_only: bool, principal: Principal) -> Part[Notification]:
        """List a person's notifications, the newest first.

        Raises:
            BadCursor: The cursor is none of this list.
        """
        where = [visible_to(principal)]
        if unread_only:
            where.append(Notification.read_at.is_(None))
        count = select(func.count()).select_from(Notification).where(*where)
        part = await cut(self.session, select(Notification).where(*where), window, *_NEWEST, count=count)
        return replace(part, rows=[notification for (notification,) in part.rows])

    async def summary(self, *, days: int, principal: Principal, at: datetime) -> NotificationSummary:
        """Count what a person was told in the last days, and show the newest of it."""
        where = (
            visible_to(principal),
            Notification.dismissed_at.is_(None),
            Notification.created_at > at - timedelta(days=days),
        )
        kinds = await self.session.execute(
            select(
                Notification.type,
                Notification.priority,
                func.count(),
                func.count().filter(Notification.read_at.is_(None)),
            )
            .where(*where)
            .group_by(Notification.type, Notification.priority)
        )
        by_type, by_priority, unread_count = Counter[str](), Counter[str](), 0
        for type_, priority, count, unread in kinds:
            by_type[type_] += count
            by_priority[priority] += count
            unread_count += unread
        recent = await self.get_many(*where, LimitOffset(MOST_RECENT, 0), OrderBy("created_at", "desc"), OrderBy("id"))
        return NotificationSummary(
            period_days=days,
            total_notifications=by_type.total(),
            unread_count=unread_count,
            by_type=by_type,
            by_priority=by_priority,
            recent_notifications=[shaped(row, NotificationAnswer) for row in recent],
            generated_at=at,
        )

    async def mark_read(self, notification_id: UUID, *, principal: Principal, at: datetime) -> Notification:
        """Record that a person read a notification; the first time counts.

        Raises:
            Missing: There is no such notification of theirs.
        """
        async with self.transaction():
            notification = await self.find(visible_to(principal), id=notification_id, lock=True)
            notification.read_at = notification.read_at or at
        return notification

    async def dismiss(self, notification_id: UUID, *, principal: Principal, at: datetime) -> Notification:
        """Record that a person does not want to see a notification any more.

        Raises:
            Missing: There is no such notification of theirs.
        """
        async with self.transaction():
            notification = await self.find(visible_to(principal), id=notification_id, lock=True)
            notification.dismissed_at = notification.dismissed_at or at
        return notification

    async def mark_all_read(self, *, principal: Principal, at: datetime) -> int:
        """Record that a person read everything; return how many were unread."""
        async with self.transaction():
            read = await self.session.scalars(
                update(Notification)
                .where(visible_to(principal), Notification.read_at.is_(None))
                .values(read_at=at)
                .returning(Notification.id)
            )
        return len(read.all())
