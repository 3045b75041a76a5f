"""Reading, adding, changing and removing settings."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from advanced_alchemy.filters import OrderBy
from msgspec.json import encode
from sqlalchemy import String, bindparam, select
from sqlalchemy.dialects.postgresql import insert

from lc_workflow.kernel.errors import FieldError, Invalid, Missing
from lc_workflow.kernel.principal import Principal
from lc_workflow.platform.db.written import Written
from lc_workflow.platform.http.shapes import given
from lc_workflow.platform.service import Service
from lc_workflow.system.events import SettingAdded, SettingChanged, SettingRemoved
from lc_workflow.system.settings.access import visible_to
from lc_workflow.system.settings.models import DEFAULTS, THEME, Setting, kind_of
from lc_workflow.system.settings.schemas import Initialized, NewSetting, SettingChange, check_values

_BEGUN: Final = {default.key: default.value for default in DEFAULTS}


class SettingExists(Invalid):
    """There is a setting with this key."""


class UnfitValue(Invalid):
    """A setting cannot hold this value."""


class NoSuchSetting(Invalid):
    """A key that is to be set names no setting."""


class SettingService(Service[Setting]):
    """What an administrator may adjust without a deploy."""

    noun = "setting"

    async def all(self, *, category: str | None, principal: Principal) -> Sequence[Setting]:
        """List settings by category and key."""
        where = [visible_to(principal)]
        if category:
            where.append(Setting.category == category)
        return await self.get_many(*where, OrderBy("category"), OrderBy("key"))

    async def categories(self, *, principal: Principal) -> list[str]:
        """Name the categories there are."""
        known = select(Setting.category).where(visible_to(principal)).distinct().order_by(Setting.category)
        return list(await self.session.scalars(known))

    async def theme(self) -> dict[str, Any]:
        """What the web app looks like, by key, or the defaults."""
        values = {default.key: default.value for default in DEFAULTS if default.category == THEME}
        rows = await self.get_many(Setting.category == THEME, Setting.is_public.is_(True), OrderBy("key"))
        return values | {row.key: or_begun(row.key, row.value) for row in rows}

    async def public(self) -> dict[str, Any]:
        """The settings everybody may know, by key, or their defaults."""
        rows = await self.get_many(OrderBy("key"))
        begun = {key: value for key, value in _BEGUN.items() if key not in {row.key for row in rows}}
        return begun | {row.key: or_begun(row.key, row.value) for row in rows if row.is_public}

    async def value_of(self, key: str) -> Any:
        """Read a setting that the server uses, or its default."""
        return or_begun(key, await _VALUE.value(self.session, key=key))

    async def named(self, name: str, *, principal: Principal, lock: bool = False) -> Setting:
        """Find a setting by its id or its key.

        Raises:
            Missing: There is none, or the person may not see it.
        """
        with suppress(ValueError):
            if "-" in name:
                return await self.find(visible_to(principal), id=UUID(name), lock=lock)
        setting = await self.get_one_or_none(visible_to(principal), Setting.key == name, with_for_update=lock or None)
        if setting is None:
            raise Missing.unseen("setting")
        return setting

    async def add(self, wish: NewSetting, *, principal: Principal, at: datetime) -> Setting:
        """Add a setting.

        Raises:
            SettingExists: There is one with this key.
        """
        fields = given(wish) | {"value": _taken({wish.key: wish.value})[wish.key]}
        async with self.transaction():
            setting = await self.create(Setting(**fields, created_at=at, updated_at=at))
            self.announce(SettingAdded(actor_id=principal.id, at=at, setting_id=setting.id, key=setting.key))
        return setting

    async def change(self, name: str, wish: SettingChange, *, principal: Principal, at: datetime) -> Setting:
        """Change what the wish names.

        Raises:
            Missing: There is no such setting.
            UnfitValue: The setting cannot hold this.
        """
        async with self.transaction():
            setting = await self.named(name, principal=principal, lock=True)
            fields = given(wish)
            if "value" in fields:
                fields |= {"value": _taken({setting.key: wish.value})[setting.key]}
            self._write(setting, fields, principal, at=at)
        return setting

    async def set_all(self, values: Mapping[str, Any], *, principal: Principal, at: datetime) -> dict[str, Any]:
        """Set several values by key, all of them or none; return the values they have now.

        Raises:
            NoSuchSetting: A key names no setting.
            InvalidInput: A value is too large, or there are none or too many.
        """
        check_values(values)
        taken = _taken(values)
        async with self.transaction():
            wanted = select(Setting).where(visible_to(principal), Setting.key.in_(values)).order_by(Setting.key)
            rows = (await self.session.scalars(wanted.with_for_update())).all()
            if unknown := sorted(values.keys() - {row.key for row in rows}):
                raise NoSuchSetting(f"There is no setting named {', '.join(key[:100] for key in unknown[:5])}.")
            for setting in rows:
                self._write(setting, {"value": taken[setting.key]}, principal, at=at)
        return {setting.key: setting.value for setting in rows}

    async def remove(self, name: str, *, principal: Principal, at: datetime) -> str:
        """Remove a setting; return its key.

        Raises:
            Missing: There is no such setting.
        """
        async with self.transaction():
            setting = await self.named(name, principal=principal, lock=True)
            await self.session.delete(setting)
            self.announce(SettingRemoved(actor_id=principal.id, at=at, setting_id=setting.id, key=setting.key))
        return setting.key

    async def initialize(self, *, principal: Principal, at: datetime) -> Initialized:
        """Add the settings an installation begins with, and leave those that are there as they are."""
        rows = [
            {
                "category": default.category,
                "key": default.key,
                "value": default.value,
                "description": default.description,
                "is_public": True,
                "created_at": at,
                "updated_at": at,
            }
            for default in DEFAULTS
        ]
        async with self.transaction():
            added = await self.session.execute(
                insert(Setting).on_conflict_do_nothing(index_elements=[Setting.key]).returning(Setting.id, Setting.key),
                rows,
            )
            created = 0
            for setting_id, key in added:
                self.announce(SettingAdded(actor_id=principal.id, at=at, setting_id=setting_id, key=key))
                created += 1
        return Initialized(
            message=f"Settings added: {created}." if created else "All settings are there already.",
            created=created,
            skipped=len(DEFAULTS) - created,
            total=len(DEFAULTS),
        )

    def _write(self, setting: Setting, fields: Mapping[str, Any], principal: Principal, *, at: datetime) -> None:
        """Change what is different; saving an unchanged form changes nothing."""
        changes = {name: value for name, value in fields.items() if not _same(getattr(setting, name), value)}
        if not changes:
            return
        setting.change(changes, at=at)
        self.announce(SettingChanged(actor_id=principal.id, at=at, setting_id=setting.id, key=setting.key))


def _taken(values: Mapping[str, Any]) -> dict[str, Any]:
    """Read values as forms send them; refuse what a known setting cannot hold.

    Raises:
        UnfitValue: Names each of them.
    """
    taken = {key: kind_of(key).read(value) for key, value in values.items()}
    refused = {key: sentence for key, value in taken.items() if (sentence := kind_of(key).refusal(value))}
    if refused:
        raise UnfitValue(
            "; ".join(f"{key} {sentence}" for key, sentence in refused.items()) + ".",
            errors=tuple(FieldError(key, sentence) for key, sentence in refused.items()),
        )
    return taken


def _same(one: object, other: object) -> bool:
    """Whether two values are written alike; for Python, true also equals 1."""
    return encode(one, order="sorted") == encode(other, order="sorted")


def or_begun(key: str, value: object) -> Any:
    """The value of a setting, or its default."""
    return value if value is not None else _BEGUN.get(key)


_VALUE: Final = Written(select(Setting.value).where(Setting.key == bindparam("key", type_=String)))
