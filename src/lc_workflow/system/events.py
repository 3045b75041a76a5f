"""Facts that the installation announces about itself."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from lc_workflow.kernel.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class AboutSetting(Event):
    """A fact about one setting, which `key` names."""

    subject: ClassVar[str] = "setting"
    setting_id: UUID
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingAdded(AboutSetting):
    """A setting was added."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingChanged(AboutSetting):
    """A setting got another value, description or audience."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingRemoved(AboutSetting):
    """A setting was removed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRetried(Event):
    """A job that had failed was given back to the queue by hand; `number` is its number there."""

    subject: ClassVar[str] = "job"
    job_id: UUID
    number: int
    name: str
