"""Hours and holidays over HTTP."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from httpx import AsyncClient
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.organization.branches.models import Branch
from lc_workflow.organization.hours.service import calendars
from lc_workflow.platform.journal.models import JournalEntry
from tests.conftest import SignIn

DAY = {"weekday": 6, "opens": "07:30", "closes": "12:00"}
HOLIDAYS = "/api/v1/holidays"


def hours_of(branch: Branch) -> str:
    return f"/api/v1/branches/{branch.id}/hours"


async def test_a_branch_keeps_office_hours_until_it_says_otherwise(
    client: AsyncClient, branch: Branch, sign_in: SignIn
) -> None:
    officer, admin = await sign_in("officer"), await sign_in("admin")
    before = (await client.get(hours_of(branch), headers=officer.headers)).json()
    assert (before["is_default"], [day["weekday"] for day in before["week"]]) == (True, [1, 2, 3, 4, 5])
    lunch = {"weekday": 1, "opens": "08:00", "closes": "00:00", "lunch_begins": "12:00", "lunch_ends": "14:00"}
    answer = await client.put(hours_of(branch), json={"week": [DAY, lunch]}, headers=admin.headers)
    assert answer.status_code == 200, answer.text
    after = (await client.get(hours_of(branch), headers=officer.headers)).json()
    assert after == answer.json()
    assert (after["is_default"], after["time_zone"]) == (False, "Asia/Phnom_Penh")
    assert [(day["weekday"], day["opens"]) for day in after["week"]] == [(1, "08:00"), (6, "07:30")]
    refused = await client.put(hours_of(branch), json={"week": [DAY]}, headers=officer.headers)
    assert refused.status_code == 403


async def test_each_branch_keeps_its_own_hours(
    client: AsyncClient, branch: Branch, sign_in: SignIn, other_branch: Branch
) -> None:
    admin = await sign_in("admin")
    for place, opens in ((branch, "07:30"), (other_branch, "09:00")):
        answer = await client.put(hours_of(place), json={"week": [DAY | {"opens": opens}]}, headers=admin.headers)
        assert answer.status_code == 200, answer.text
    for place, opens in ((branch, "07:30"), (other_branch, "09:00")):
        shown = (await client.get(hours_of(place), headers=admin.headers)).json()
        assert [day["opens"] for day in shown["week"]] == [opens]


async def test_a_branch_that_is_not_there_has_no_hours(client: AsyncClient, sign_in: SignIn) -> None:
    admin = await sign_in("admin")
    nowhere = f"/api/v1/branches/{uuid4()}/hours"
    assert (await client.get(nowhere, headers=admin.headers)).status_code == 404
    assert (await client.put(nowhere, json={"week": [DAY]}, headers=admin.headers)).status_code == 404


async def test_the_journal_says_which_hours_a_branch_had_before(
    client: AsyncClient, session: AsyncSession, branch: Branch, sign_in: SignIn
) -> None:
    admin = await sign_in("admin")
    for opens in ("07:30", "09:00"):
        await client.put(hours_of(branch), json={"week": [DAY | {"opens": opens}]}, headers=admin.headers)
    changes = await session.scalar(
        select(JournalEntry.changes).where(JournalEntry.kind == "HoursSet").order_by(JournalEntry.number.desc())
    )
    assert changes is not None
    assert [[day["opens"] for day in week] for week in changes[0]["fields"]["week"]] == [["07:30"], ["09:00"]]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"week": [DAY, DAY]}, "BadHours"),
        ({"week": [{**DAY, "closes": "07:00"}]}, "BadHours"),
        ({"week": [{**DAY, "closes": DAY["opens"]}]}, "BadHours"),
        ({"week": [{**DAY, "lunch_begins": "10:00"}]}, "BadHours"),
        ({"week": [{**DAY, "lunch_ends": "10:00"}]}, "BadHours"),
        ({"week": [{**DAY, "lunch_begins": "11:00", "lunch_ends": "13:00"}]}, "BadHours"),
        ({"week": [DAY], "time_zone": "Asia/Angkor"}, "UnknownTimeZone"),
        ({"week": [DAY], "time_zone": "../../etc/passwd"}, "UnknownTimeZone"),
        ({"week": [DAY], "time_zone": "localtime"}, "UnknownTimeZone"),
    ],
)
async def test_hours_that_cannot_be_are_refused(
    client: AsyncClient, branch: Branch, sign_in: SignIn, change: dict[str, Any], code: str
) -> None:
    admin = await sign_in("admin")
    answer = await client.put(hours_of(branch), json=change, headers=admin.headers)
    assert (answer.status_code, answer.json()["code"]) == (422, code)


async def test_a_holiday_is_added_once_and_removed(client: AsyncClient, branch: Branch, sign_in: SignIn) -> None:
    admin = await sign_in("admin")
    king = {"day": "2026-11-09", "name": "Independence Day"}
    added = await client.post(HOLIDAYS, json=king, headers=admin.headers)
    assert added.status_code == 201, added.text
    again = await client.post(HOLIDAYS, json=king, headers=admin.headers)
    assert (again.status_code, again.json()["code"]) == (422, "HolidayExists")
    own = {"day": "2026-11-10", "name": "Inventory", "branch_id": str(branch.id)}
    assert (await client.post(HOLIDAYS, json=own, headers=admin.headers)).status_code == 201
    listed = await client.get(HOLIDAYS, params={"year": 2026, "branch_id": str(branch.id)}, headers=admin.headers)
    assert [day["name"] for day in listed.json()] == ["Independence Day", "Inventory"]
    assert (await client.get(HOLIDAYS, params={"year": 2027}, headers=admin.headers)).json() == []
    nowhere = {**own, "branch_id": str(uuid4())}
    assert (await client.post(HOLIDAYS, json=nowhere, headers=admin.headers)).status_code == 404
    gone = f"{HOLIDAYS}/{added.json()['id']}"
    assert (await client.delete(gone, headers=admin.headers)).status_code == 204
    assert (await client.delete(gone, headers=admin.headers)).status_code == 404


async def test_holidays_are_listed_by_year_and_branch(
    client: AsyncClient, branch: Branch, sign_in: SignIn, other_branch: Branch
) -> None:
    admin = await sign_in("admin")
    days = {
        "2027-01-01": None,
        "2025-12-31": None,
        "2026-12-31": branch,
        "2026-01-01": None,
        "2026-04-14": other_branch,
    }
    for day, place in days.items():
        wish = {"day": day, "name": "Free", "branch_id": str(place.id) if place else None}
        assert (await client.post(HOLIDAYS, json=wish, headers=admin.headers)).status_code == 201

    async def listed(**wanted: Any) -> list[str]:
        answer = await client.get(HOLIDAYS, params=wanted, headers=admin.headers)
        return [holiday["day"] for holiday in answer.json()]

    assert await listed() == sorted(days)
    assert await listed(year=2026) == ["2026-01-01", "2026-04-14", "2026-12-31"]
    assert await listed(year=2026, branch_id=str(branch.id)) == ["2026-01-01", "2026-12-31"]


async def test_a_calendar_knows_the_hours_and_both_kinds_of_holiday(
    client: AsyncClient, session: AsyncSession, branch: Branch, sign_in: SignIn
) -> None:
    admin = await sign_in("admin")
    await client.put(hours_of(branch), json={"week": [DAY], "time_zone": "Asia/Tokyo"}, headers=admin.headers)
    for day, branch_id in (("2026-11-28", None), ("2026-12-05", str(branch.id))):
        await client.post(HOLIDAYS, json={"day": day, "name": "Free", "branch_id": branch_id}, headers=admin.headers)
    found = await calendars(session, [branch.id, None], since=date(2026, 11, 1))
    friday = datetime(2026, 11, 27, 12, tzinfo=UTC)
    # both Saturdays are free, so the branch opens on the third, at half past seven in Tokyo
    assert found[branch.id].after(friday, timedelta(minutes=1)) == datetime(2026, 12, 11, 22, 31, tzinfo=UTC)
    assert found[None].after(friday, timedelta(minutes=1)) == datetime(2026, 11, 30, 1, 1, tzinfo=UTC)
