"""Reading and changing how a person wants to hear of things."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert

from lc_workflow.engagement.events import NotificationPreferencesSet
from lc_workflow.engagement.preferences.models import NotificationPreference
from lc_workflow.engagement.preferences.schemas import MOST_TYPES, Preferences, PreferencesChange, QuietHours
from lc_workflow.engagement.rules.quiet import MailFrequency
from lc_workflow.kernel.errors import Invalid
from lc_workflow.kernel.principal import Principal
from lc_workflow.platform.http.shapes import given
from lc_workflow.platform.service import Service


class TooManyChoices(Invalid):
    """More types of notifications are named than there can be."""


class PreferenceService(Service[NotificationPreference]):
    """How people want to hear of things."""

    noun = "preference"

    async def of(self, principal: Principal) -> Preferences:
        """Read a person's preferences; the default is everything, at once, at any hour."""
        row = await self.get_one_or_none(user_id=principal.id)
        return _shown(row) if row else Preferences({}, {}, MailFrequency.IMMEDIATE, QuietHours())

    async def change(self, wish: PreferencesChange, *, principal: Principal, at: datetime) -> Preferences:
        """Change what the wish names.

        Raises:
            TooManyChoices: The person would decide about more than `MOST_TYPES` types.
        """
        async with self.transaction():
            await self.session.execute(
                insert(NotificationPreference)
                .values(**_beginning(principal.id), created_at=at, updated_at=at)
                .on_conflict_do_nothing(index_elements=[NotificationPreference.user_id])
            )
            row = await self.get_one(user_id=principal.id, with_for_update=True)
            changed = _columns(row, wish)
            for column, value in changed.items():
                setattr(row, column, value)
            row.updated_at = at
            self.announce(
                NotificationPreferencesSet(
                    actor_id=principal.id, at=at, user_id=principal.id, fields=tuple(sorted(changed))
                )
            )
        return _shown(row)


def _beginning(user_id: UUID) -> dict[str, Any]:
    hours = QuietHours()
    return {
        "user_id": user_id,
        "email_notifications": {},
        "in_app_notifications": {},
        "notification_frequency": MailFrequency.IMMEDIATE,
        "is_quiet": hours.enabled,
        "quiet_from": hours.start_time,
        "quiet_until": hours.end_time,
    }


def _columns(row: NotificationPreference, wish: PreferencesChange) -> dict[str, Any]:
    columns: dict[str, Any] = {}
    for name, value in given(wish).items():
        if value is None:
            continue
        if name == "quiet_hours":
            names = {"enabled": "is_quiet", "start_time": "quiet_from", "end_time": "quiet_until"}
            columns |= {names[field]: part for field, part in given(value).items()}
        elif isinstance(value, Mapping):
            columns[name] = {**getattr(row, name), **value}
            if len(columns[name]) > MOST_TYPES:
                raise TooManyChoices(f"At most {MOST_TYPES} types of notifications can be chosen about.")
        else:
            columns[name] = value
    return columns


def _shown(row: NotificationPreference) -> Preferences:
    return Preferences(
        email_notifications=row.email_notifications,
        in_app_notifications=row.in_app_notifications,
        notification_frequency=row.notification_frequency,
        quiet_hours=QuietHours(enabled=row.is_quiet, start_time=row.quiet_from, end_time=row.quiet_until),
    )
