"""Preferences as requests and answers."""

from typing import Annotated, ClassVar, Final

from msgspec import UNSET, Meta, Struct, UnsetType

from lc_workflow.engagement.rules.quiet import MailFrequency

Type = Annotated[str, Meta(min_length=1, max_length=60)]
MOST_TYPES: Final = 200
"""How many types of notifications one person decides about."""

Choices = Annotated[dict[Type, bool], Meta(max_length=MOST_TYPES)]
"""By type of notification: wanted or not."""

TimeOfDay = Annotated[
    str, Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$(?!\n)", extra={"form": "be a time of day like 21:30"})
]
"""Hours and minutes as the branches' clocks show them, like 22:00."""


class QuietHours(Struct, frozen=True):
    """When a person does not want to be disturbed; they may go over midnight."""

    enabled: bool = False
    start_time: TimeOfDay = "22:00"
    end_time: TimeOfDay = "08:00"


class QuietHoursChange(Struct, frozen=True):
    """What to change about the quiet hours; absent fields stay."""

    enabled: bool | UnsetType = UNSET
    start_time: TimeOfDay | UnsetType = UNSET
    end_time: TimeOfDay | UnsetType = UNSET


class PreferencesChange(Struct, frozen=True, kw_only=True):
    """What to change; absent fields stay, and so do types that are not named."""

    EXAMPLE: ClassVar[dict[str, object]] = {
        "email_notifications": {"application_moved": True},
        "notification_frequency": "daily",
        "quiet_hours": {"enabled": True, "start_time": "20:00", "end_time": "07:00"},
    }

    email_notifications: Choices | UnsetType | None = UNSET
    in_app_notifications: Choices | UnsetType | None = UNSET
    notification_frequency: MailFrequency | UnsetType | None = UNSET
    quiet_hours: QuietHoursChange | UnsetType | None = UNSET


class PreferencesWish(PreferencesChange, frozen=True, kw_only=True):
    """The same, or what to change under `preferences`, as the answers have it."""

    EXAMPLE: ClassVar[dict[str, object]] = PreferencesChange.EXAMPLE

    preferences: PreferencesChange | UnsetType | None = UNSET


class Preferences(Struct, frozen=True):
    """How a person wants to hear of things; a type that is not named is wanted."""

    email_notifications: dict[str, bool]
    in_app_notifications: dict[str, bool]
    notification_frequency: MailFrequency
    quiet_hours: QuietHours


class PreferencesAnswer(Struct, frozen=True):
    """The preferences, where the web app looks for them."""

    preferences: Preferences
