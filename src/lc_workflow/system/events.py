"""Facts that the installation announces about itself."""

from typing import ClassVar, Final
from uuid import UUID

from lc_workflow.kernel.events import Event


class AboutSetting(Event, frozen=True, kw_only=True):
    """A fact about one setting, which `key` names."""

    subject: ClassVar[str] = "setting"
    setting_id: UUID
    key: str


class SettingAdded(AboutSetting, frozen=True, kw_only=True):
    """A setting was added."""


class SettingChanged(AboutSetting, frozen=True, kw_only=True):
    """A setting got another value, description or audience."""


class SettingRemoved(AboutSetting, frozen=True, kw_only=True):
    """A setting was removed."""


OUTBOX: Final = UUID("6f0a5b0e-5d0c-4d3e-9b43-5c1f1f6f7a10")
"""What facts about the outbox are about: there is one in each installation."""


class FactsReplayed(Event, frozen=True, kw_only=True):
    """Facts that listeners could not be told are told again; `count` is how many."""

    subject: ClassVar[str] = "outbox"
    outbox_id: UUID = OUTBOX
    count: int


class JobRetried(Event, frozen=True, kw_only=True):
    """A job that had failed was given back to the queue by hand; `number` is its number there."""

    subject: ClassVar[str] = "job"
    job_id: UUID
    number: int
    name: str
