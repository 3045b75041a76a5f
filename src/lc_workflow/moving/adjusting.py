"""Settings of the old service: those that this house has too."""

from typing import Any, Final

from sqlalchemy import select

from lc_workflow.moving.taking import Taking
from lc_workflow.platform.journal.models import JournalEntry
from lc_workflow.system.events import SettingChanged
from lc_workflow.system.settings.models import KNOWN, Setting

NOT_OURS: Final = "this house has no such setting"
UNFIT: Final = "the setting cannot hold this value here"
SET_HERE: Final = "it is set here already, to something else"


async def take_settings(taking: Taking) -> None:
    """Take the values of settings that nobody has set here; what was set here stays."""
    part = taking.report.of("settings")
    rows = {row.key: row for row in await taking.session.scalars(select(Setting))}
    async for old in taking.old.rows("settings", order="key"):
        part.read += 1
        default, value, row = KNOWN.get(old["key"]), old["value"], rows.get(old["key"])
        if default is None:
            part.refuse(NOT_OURS, old["id"])
        elif default.kind.refusal(value) is not None:
            part.refuse(UNFIT, old["id"])
        elif row is not None and row.value == value:
            part.there_already += 1
        elif row is not None and row.value != default.value:
            part.refuse(SET_HERE, old["id"])
        elif row is not None:
            row.value, row.updated_at = value, taking.at
            taking.session.add(JournalEntry.of(_changed(row, taking)))
            await taking.session.flush()
            taking.taken(part, old["id"], None)
        elif await taking.put(part, old["id"], added := _setting(old["key"], value, taking)):
            taking.session.add(JournalEntry.of(_changed(added, taking)))


def _changed(row: Setting, taking: Taking) -> SettingChanged:
    return SettingChanged(actor_id=None, at=taking.at, setting_id=row.id, key=row.key)


def _setting(key: str, value: Any, taking: Taking) -> Setting:
    default = KNOWN[key]
    return Setting(
        category=default.category,
        key=key,
        value=value,
        description=default.description,
        is_public=True,
        created_at=taking.at,
        updated_at=taking.at,
    )
