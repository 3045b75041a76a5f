"""Settings over HTTP."""

import json
import re
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.system.settings.models import DEFAULTS, Setting
from tests.conftest import Person, SignIn
from tests.house.test_layout import SOURCE
from tests.moments import NOON

URL = "/api/v1/settings"
NOTHING = "00000000-0000-4000-8000-000000000000"


def a_setting(**changes: Any) -> Setting:
    return Setting(
        **{
            "category": "general",
            "key": "company_name",
            "value": "ម៉ៃក្រូ",
            "is_public": True,
            "created_at": NOON,
            "updated_at": NOON,
            **changes,
        }
    )


async def test_an_installation_is_initialized_once(
    client: AsyncClient, admin: Person, announced: Callable[[], Awaitable[list[str]]]
) -> None:
    assert (await client.get(f"{URL}/", headers=admin.headers)).json() == {}
    first = await client.post(f"{URL}/initialize", headers=admin.headers)
    assert first.status_code == 200, first.text
    total = len(DEFAULTS)
    assert first.json() | {"message": ""} == {"message": "", "created": total, "skipped": 0, "total": total}
    again = (await client.post(f"{URL}/initialize", headers=admin.headers)).json()
    assert again == {
        "message": "All settings are there already.",
        "created": 0,
        "skipped": total,
        "total": total,
    }
    assert await announced() == ["SettingAdded"] * total


async def test_what_was_set_before_is_left_alone_by_initializing(
    client: AsyncClient, session: AsyncSession, admin: Person
) -> None:
    session.add(a_setting(key="timezone", value="UTC"))
    await session.commit()
    answer = (await client.post(f"{URL}/initialize", headers=admin.headers)).json()
    assert (answer["created"], answer["skipped"]) == (len(DEFAULTS) - 1, 1)
    assert (await client.get(f"{URL}/timezone", headers=admin.headers)).json()["value"] == "UTC"


async def test_settings_are_listed_by_category_and_key(
    client: AsyncClient, session: AsyncSession, admin: Person
) -> None:
    session.add_all([a_setting(description="Name"), a_setting(category="loans", key="grace_days", value=3)])
    await session.commit()
    found = (await client.get(f"{URL}?category=", headers=admin.headers)).json()
    assert {category: list(entries) for category, entries in found.items()} == {
        "general": ["company_name"],
        "loans": ["grace_days"],
    }
    assert found["general"]["company_name"] == {
        "id": found["general"]["company_name"]["id"],
        "value": "ម៉ៃក្រូ",
        "description": "Name",
        "is_public": True,
        "type": "text",
        "obeyed_by": "server",
        "created_at": "2026-11-24T05:00:00Z",
        "updated_at": "2026-11-24T05:00:00Z",
    }
    assert list((await client.get(f"{URL}?category=loans", headers=admin.headers)).json()) == ["loans"]
    assert (await client.get(f"{URL}/categories", headers=admin.headers)).json() == ["general", "loans"]


@pytest.mark.parametrize(
    ("role", "sees_secret"),
    [("admin", True), ("auditor", True), ("manager", False), ("officer", False), ("viewer", False)],
)
async def test_what_is_not_public_is_for_those_who_look_after_the_system(
    client: AsyncClient, session: AsyncSession, sign_in: SignIn, role: str, *, sees_secret: bool
) -> None:
    session.add_all([a_setting(), a_setting(category="internal", key="note", is_public=False)])
    await session.commit()
    person = await sign_in(role)
    found = (await client.get(URL, headers=person.headers)).json()
    assert ("internal" in found) is sees_secret
    assert "general" in found
    one = await client.get(f"{URL}/note", headers=person.headers)
    assert one.status_code == (200 if sees_secret else 404)
    assert ("internal" in (await client.get(f"{URL}/categories", headers=person.headers)).json()) is sees_secret


async def test_before_anybody_signs_in_only_what_is_public_is_known(
    client: AsyncClient, session: AsyncSession, admin: Person
) -> None:
    begun = (await client.get(f"{URL}/public")).json()
    assert (begun["theme_mode"], begun["company_name"]) == ("light", None)
    session.add_all([a_setting(), a_setting(key="timezone", value="UTC", is_public=False)])
    await session.commit()
    shown = (await client.get(f"{URL}/public")).json()
    assert shown["company_name"] == "ម៉ៃក្រូ"
    assert "timezone" not in shown


async def test_a_form_sends_numbers_as_text_and_empty_fields_for_nothing(client: AsyncClient, admin: Person) -> None:
    await client.post(f"{URL}/initialize", headers=admin.headers)
    sent = {"approval_valid_days": "45", "khr_per_usd": "៤០៥០", "company_email": ""}
    saved = await client.patch(f"{URL}/bulk", json=sent, headers=admin.headers)
    assert saved.status_code == 200, saved.text
    shown = (await client.get(URL, headers=admin.headers)).json()
    held = {key: entry["value"] for entries in shown.values() for key, entry in entries.items()}
    assert [held[key] for key in sent] == [45, 4050, None]
    await client.put(f"{URL}/khr_per_usd", json={"value": "4100"}, headers=admin.headers)
    shown = (await client.get(URL, headers=admin.headers)).json()
    assert [entries["khr_per_usd"]["value"] for entries in shown.values() if "khr_per_usd" in entries] == [4100]


async def test_what_the_house_knows_holds_only_what_fits(client: AsyncClient, admin: Person) -> None:
    await client.post(f"{URL}/initialize", headers=admin.headers)
    for key, unfit, fit in (
        ("approval_valid_days", 0, 45),
        ("khr_per_usd", "4100.5", 4_050),
        ("auto_assign_tasks", "yes", True),
        ("theme_mode", "neon", "dark"),
        ("primary_color", "red", "#aa0000"),
        ("company_email", "nobody", "office@branch.example"),
        ("logo_url", "javascript:alert(1)", "https://branch.example/logo.svg"),
        ("company_name", "two\nlines", "Micro"),
        ("timezone", "localtime", "Asia/Bangkok"),
        ("date_format", "as you like", "D MMM YYYY"),
        ("company_name_khmer", " \u00a0", "ម៉ៃក្រូ"),
    ):
        refused = await client.put(f"{URL}/{key}", json={"value": unfit}, headers=admin.headers)
        assert (refused.status_code, refused.json()["code"]) == (422, "UnfitValue"), refused.text
        both = await client.patch(f"{URL}/bulk", json={key: unfit, "app_name": "LC"}, headers=admin.headers)
        assert (both.status_code, both.json()["errors"][0]["field"]) == (422, key)
        assert (await client.put(f"{URL}/{key}", json={"value": fit}, headers=admin.headers)).status_code == 200
        assert (await client.put(f"{URL}/{key}", json={"value": None}, headers=admin.headers)).status_code == 200
    entries = (await client.get(URL, headers=admin.headers)).json()
    assert entries["lending"]["auto_assign_tasks"]["obeyed_by"] == "server"
    assert entries["theme"]["theme_mode"]["obeyed_by"] == "web_app"


async def test_nobody_reads_settings_without_signing_in(client: AsyncClient) -> None:
    for path in ("", "/theme", "/categories", "/company_name"):
        assert (await client.get(f"{URL}{path}")).status_code == 401


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "", {"category": "general", "key": "mine", "value": 1}),
        ("POST", "/initialize", None),
        ("PATCH", "/bulk", {"company_name": "Mine"}),
        ("PUT", "/company_name", {"value": "Mine"}),
        ("DELETE", "/company_name", None),
    ],
)
async def test_an_officer_changes_no_setting(
    client: AsyncClient, session: AsyncSession, officer: Person, method: str, path: str, body: object
) -> None:
    session.add(a_setting())
    await session.commit()
    answer = await client.request(method, f"{URL}{path}", json=body, headers=officer.headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "NotPermitted")


async def test_a_setting_is_added_read_changed_and_removed(
    client: AsyncClient, admin: Person, announced: Callable[[], Awaitable[list[str]]]
) -> None:
    wish = {"category": "loans", "key": "grace_days", "value": 3, "description": "Days of grace", "is_public": True}
    added = await client.post(f"{URL}/", json=wish, headers=admin.headers)
    assert added.status_code == 201, added.text
    setting = added.json()
    assert {name: setting[name] for name in wish} == wish
    assert (await client.get(f"{URL}/{setting['id']}", headers=admin.headers)).json() == setting
    assert (await client.get(f"{URL}/grace_days", headers=admin.headers)).json() == setting
    changed = await client.put(f"{URL}/{setting['id']}", json={"value": 5}, headers=admin.headers)
    assert (changed.json()["value"], changed.json()["description"]) == (5, "Days of grace")
    changed = await client.put(f"{URL}/grace_days", json={"description": None}, headers=admin.headers)
    assert (changed.json()["value"], changed.json()["description"]) == (5, None)
    removed = await client.delete(f"{URL}/grace_days", headers=admin.headers)
    assert (removed.status_code, removed.json()) == (200, {"message": "The setting grace_days was removed."})
    assert (await client.get(f"{URL}/grace_days", headers=admin.headers)).status_code == 404
    assert await announced() == ["SettingAdded", "SettingChanged", "SettingChanged", "SettingRemoved"]


@pytest.mark.parametrize(
    "value",
    [True, False, None, 0, 12.5, "ភាសាខ្មែរ", [1, "two", {"three": 3.25}], {"deep": {"rate": 18.4321, "list": []}}],
    ids=repr,
)
async def test_a_value_comes_back_as_it_was_given(client: AsyncClient, admin: Person, value: object) -> None:
    body = {"category": "general", "key": "thing", "value": value}
    assert (await client.post(URL, json=body, headers=admin.headers)).status_code == 201
    answer = await client.get(f"{URL}/thing", headers=admin.headers)
    assert json.dumps(answer.json()["value"], sort_keys=True) == json.dumps(value, sort_keys=True)


async def test_no_two_settings_share_a_key(client: AsyncClient, session: AsyncSession, admin: Person) -> None:
    session.add(a_setting())
    await session.commit()
    answer = await client.post(URL, json={"category": "other", "key": "company_name"}, headers=admin.headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "SettingExists")


async def test_several_settings_are_set_at_once(
    client: AsyncClient, session: AsyncSession, admin: Person, announced: Callable[[], Awaitable[list[str]]]
) -> None:
    session.add_all([a_setting(), a_setting(key="timezone", value="UTC"), a_setting(key="other", value=1)])
    await session.commit()
    answer = await client.patch(
        f"{URL}/bulk", json={"company_name": "New", "timezone": "Asia/Phnom_Penh", "other": ""}, headers=admin.headers
    )
    assert answer.status_code == 200, answer.text
    assert answer.json()["settings"] == {"company_name": "New", "timezone": "Asia/Phnom_Penh"}
    assert (await client.get(f"{URL}/other", headers=admin.headers)).json()["value"] == 1
    assert await announced() == ["SettingChanged", "SettingChanged"]


async def test_a_form_that_is_saved_as_it_was_changes_nothing(
    client: AsyncClient, admin: Person, announced: Callable[[], Awaitable[list[str]]]
) -> None:
    await client.post(f"{URL}/initialize", headers=admin.headers)
    shown = (await client.get(URL, headers=admin.headers)).json()
    values = {key: one["value"] for entries in shown.values() for key, one in entries.items()}
    for body in (values, values | {"app_name": "Loans"}):
        answer = await client.patch(f"{URL}/bulk", json=body, headers=admin.headers)
        assert (answer.status_code, answer.json()["settings"]) == (200, body)
    assert (await announced()).count("SettingChanged") == 1


async def test_what_is_set_to_nothing_counts_as_an_installation_begins(client: AsyncClient, admin: Person) -> None:
    await client.post(f"{URL}/initialize", headers=admin.headers)
    for key in ("theme_mode", "app_name"):
        answer = await client.put(f"{URL}/{key}", json={"value": None}, headers=admin.headers)
        assert answer.status_code == 200, answer.text
    assert (await client.get(f"{URL}/theme", headers=admin.headers)).json()["theme_mode"] == "light"
    public = (await client.get(f"{URL}/public")).json()
    assert (public["theme_mode"], public["app_name"]) == ("light", "LC Workflow")


async def test_of_several_settings_all_are_set_or_none(
    client: AsyncClient, session: AsyncSession, admin: Person
) -> None:
    session.add(a_setting())
    await session.commit()
    answer = await client.patch(f"{URL}/bulk", json={"company_name": "New", "unknown": 1}, headers=admin.headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "NoSuchSetting")
    assert "unknown" in answer.json()["detail"]
    assert (await client.get(f"{URL}/company_name", headers=admin.headers)).json()["value"] == "ម៉ៃក្រូ"


async def test_the_theme_is_known_before_anybody_sets_it(
    client: AsyncClient, session: AsyncSession, admin: Person, officer: Person
) -> None:
    assert (await client.get(f"{URL}/theme", headers=officer.headers)).json()["theme_mode"] == "light"
    await client.post(f"{URL}/initialize", headers=admin.headers)
    await client.put(f"{URL}/primary_color", json={"value": "#102030"}, headers=admin.headers)
    session.add(a_setting(category="theme", key="hidden_color", is_public=False))
    await session.commit()
    theme = (await client.get(f"{URL}/theme", headers=officer.headers)).json()
    assert theme == {"theme_mode": "light", "primary_color": "#102030", "accent_color": "#0f766e", "logo_url": None}


@pytest.mark.parametrize(
    "body",
    [
        {"key": "x"},
        {"category": "general"},
        {"category": "9 lives", "key": "x"},
        {"category": "general", "key": "not a key"},
        {"category": "general", "key": "x\n"},
        {"category": "general\n", "key": "x"},
        {"category": "general", "key": NOTHING},
        {"category": "general", "key": "k" * 101},
        {"category": "c" * 61, "key": "x"},
        {"category": "general", "key": "x", "value": "x" * 20_000},
        {"category": "general", "key": "x", "value": {"deep": "\0"}},
        {"category": "general", "key": "x", "description": "x" * 4_001},
        {"category": "general", "key": "x", "is_public": "perhaps"},
        [],
        "text",
    ],
    ids=lambda body: json.dumps(body)[:60],
)
async def test_what_is_no_setting_is_not_added(
    client: AsyncClient, session: AsyncSession, admin: Person, body: object
) -> None:
    answer = await client.post(URL, json=body, headers=admin.headers)
    assert answer.status_code == 422, answer.text
    assert await session.scalar(select(func.count()).select_from(Setting)) == 0


@pytest.mark.parametrize(
    "body",
    [{}, [], [1], "text", 7, {"company_name": "x" * 20_000}, {f"key_{n}": n for n in range(101)}],
    ids=lambda body: str(body)[:40],
)
async def test_what_are_no_values_sets_nothing(
    client: AsyncClient, session: AsyncSession, admin: Person, body: object
) -> None:
    session.add(a_setting())
    await session.commit()
    answer = await client.patch(f"{URL}/bulk", json=body, headers=admin.headers)
    assert answer.status_code == 422, answer.text
    assert answer.json()["detail"]


@pytest.mark.parametrize("name", ["nothing", NOTHING, "-", "a-b", "%00", "x" * 300])
async def test_a_setting_that_is_not_there_is_missing(client: AsyncClient, admin: Person, name: str) -> None:
    answer = await client.get(f"{URL}/{name}", headers=admin.headers)
    assert answer.status_code == (422 if name == "%00" else 404)


async def test_each_setting_that_is_offered_says_who_goes_by_it_and_the_server_reads_what_it_obeys(
    client: AsyncClient, admin: Person
) -> None:
    await client.post(f"{URL}/initialize", headers=admin.headers)
    offered = (await client.get(f"{URL}/", headers=admin.headers)).json()
    obeyed_by = {key: one["obeyed_by"] for category in offered.values() for key, one in category.items()}
    assert obeyed_by.keys() == {default.key for default in DEFAULTS}
    assert set(obeyed_by.values()) == {"server", "web_app"}
    modules = [path.read_text("utf-8") for path in SOURCE.rglob("*.py") if path.parent.name != "settings"]
    for key, who in obeyed_by.items():
        # The server reads a setting by a name for its key, which stands with the code that obeys or with the settings.
        named = [text for text in modules if re.search(rf'Final = "{key}"|\b{key.upper()}\b', text)]
        assert bool(named) == (who == "server"), key
