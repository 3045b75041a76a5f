"""Notifications over HTTP."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from httpx import AsyncClient
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.engagement.notifications.models import Notification
from lc_workflow.engagement.rules.wording import NAMING_A_CUSTOMER
from lc_workflow.identity.rules.roles import Role
from tests.conftest import Person, SignIn
from tests.lending.factories import an_application
from tests.moments import NOON

URL = "/api/v1/users/notifications"


def a_notification(user_id: UUID, **changes: Any) -> Notification:
    return Notification(
        **{
            "user_id": user_id,
            "event_id": uuid4(),
            "type": "application_update",
            "title": "Application approved",
            "message": "Dara Chan approved the application of SOK CHANTHY.",
            "priority": "normal",
            "data": {"application_id": "7", "message_khmer": "បានអនុម័ត"},
            "created_at": NOON,
            **changes,
        }
    )


@pytest.mark.parametrize("role", Role)
async def test_everybody_has_a_summary_and_an_empty_one_is_true(
    client: AsyncClient, sign_in: SignIn, role: Role
) -> None:
    person = await sign_in(role)
    answer = await client.get(f"{URL}/summary", headers=person.headers)
    assert answer.json() == {
        "period_days": 30,
        "total_notifications": 0,
        "unread_count": 0,
        "by_type": {},
        "by_priority": {},
        "recent_notifications": [],
        "generated_at": "2026-11-24T05:00:00Z",
    }


async def test_a_summary_counts_what_the_person_was_told_lately(
    client: AsyncClient, session: AsyncSession, officer: Person, sign_in: SignIn
) -> None:
    me, other = officer.user.id, (await sign_in("teller")).user.id
    session.add_all(
        [
            newest := a_notification(me),
            a_notification(me, priority="high", created_at=NOON - timedelta(days=1)),
            a_notification(me, type="application_task", read_at=NOON, created_at=NOON - timedelta(days=29)),
            a_notification(me, dismissed_at=NOON),
            a_notification(me, created_at=NOON - timedelta(days=31)),
            a_notification(other),
        ]
    )
    await session.commit()
    summary = (await client.get(f"{URL}/summary?days=30", headers=officer.headers)).json()
    assert (summary["total_notifications"], summary["unread_count"]) == (3, 2)
    assert summary["by_type"] == {"application_update": 2, "application_task": 1}
    assert summary["by_priority"] == {"normal": 2, "high": 1}
    assert summary["recent_notifications"][0] == {
        "id": str(newest.id),
        "type": "application_update",
        "title": "Application approved",
        "message": "Dara Chan approved the application of SOK CHANTHY.",
        "priority": "normal",
        "is_read": False,
        "is_dismissed": False,
        "created_at": "2026-11-24T05:00:00Z",
        "data": {"application_id": "7", "message_khmer": "បានអនុម័ត"},
    }
    assert [row["is_read"] for row in summary["recent_notifications"]] == [False, False, True]
    week = (await client.get(f"{URL}/summary?days=7", headers=officer.headers)).json()
    assert (week["period_days"], week["total_notifications"]) == (7, 2)


async def test_a_summary_shows_the_newest_and_counts_the_rest(
    client: AsyncClient, session: AsyncSession, officer: Person
) -> None:
    session.add_all(
        a_notification(officer.user.id, title=str(age), created_at=NOON - timedelta(hours=age)) for age in range(30)
    )
    await session.commit()
    summary = (await client.get(f"{URL}/summary", headers=officer.headers)).json()
    assert summary["total_notifications"] == 30
    assert [row["title"] for row in summary["recent_notifications"]] == [str(age) for age in range(20)]


@pytest.mark.parametrize("days", ["0", "-1", "366", "9999999999999999999", "x", "1.5"])
async def test_a_summary_looks_back_a_year_at_most(client: AsyncClient, officer: Person, days: str) -> None:
    answer = await client.get(f"{URL}/summary?days={days}", headers=officer.headers)
    assert answer.status_code == 422, answer.text


async def test_notifications_are_listed_in_pages_the_newest_first(
    client: AsyncClient, session: AsyncSession, officer: Person, sign_in: SignIn
) -> None:
    other = await sign_in("teller")
    session.add_all(
        [
            a_notification(officer.user.id, title="old", created_at=NOON - timedelta(days=400), read_at=NOON),
            a_notification(officer.user.id, title="new", dismissed_at=NOON),
            a_notification(officer.user.id, title="middle", created_at=NOON - timedelta(days=1)),
            a_notification(other.user.id, title="another's"),
        ]
    )
    await session.commit()
    page = (await client.get(f"{URL}/?page=1&size=2", headers=officer.headers)).json()
    assert ([row["title"] for row in page["items"]], page["total"], page["pages"]) == (["new", "middle"], 3, 2)
    assert page["items"][0]["is_dismissed"] is True
    unread = (await client.get(f"{URL}?unread_only=true", headers=officer.headers)).json()
    assert [row["title"] for row in unread["items"]] == ["new", "middle"]


@pytest.mark.parametrize(("verb", "mark"), [("read", "is_read"), ("dismiss", "is_dismissed")])
async def test_a_notification_is_marked_once_and_stays_so(
    client: AsyncClient, session: AsyncSession, officer: Person, verb: str, mark: str
) -> None:
    session.add(row := a_notification(officer.user.id))
    await session.commit()
    for _ in range(2):
        answer = await client.put(f"{URL}/{row.id}/{verb}", headers=officer.headers)
        assert (answer.status_code, answer.json()["id"], answer.json()[mark]) == (200, str(row.id), True)


async def test_a_notification_keeps_the_moment_it_was_first_read(
    client: AsyncClient, session: AsyncSession, officer: Person
) -> None:
    session.add(row := a_notification(officer.user.id, read_at=NOON - timedelta(days=1)))
    await session.commit()
    await client.put(f"{URL}/{row.id}/read", headers=officer.headers)
    await client.put(f"{URL}/mark-all-read", headers=officer.headers)
    await session.refresh(row)
    assert row.read_at == NOON - timedelta(days=1)


async def test_everything_is_marked_read_at_once(
    client: AsyncClient, session: AsyncSession, officer: Person, sign_in: SignIn
) -> None:
    other = await sign_in("teller")
    session.add_all([a_notification(officer.user.id) for _ in range(3)])
    session.add_all([a_notification(officer.user.id, read_at=NOON), a_notification(other.user.id)])
    await session.commit()
    assert (await client.put(f"{URL}/mark-all-read", headers=officer.headers)).json() == {"count": 3}
    assert (await client.put(f"{URL}/mark-all-read", headers=officer.headers)).json() == {"count": 0}
    assert (await client.get(f"{URL}/summary", headers=officer.headers)).json()["unread_count"] == 0
    assert (await client.get(f"{URL}/summary", headers=other.headers)).json()["unread_count"] == 1


@pytest.mark.parametrize("verb", ["read", "dismiss"])
async def test_another_persons_notification_is_not_there_even_for_an_administrator(
    client: AsyncClient, session: AsyncSession, officer: Person, sign_in: SignIn, verb: str
) -> None:
    admin = await sign_in("admin")
    session.add(row := a_notification(officer.user.id))
    await session.commit()
    answer = await client.put(f"{URL}/{row.id}/{verb}", headers=admin.headers)
    assert (answer.status_code, answer.json()["code"]) == (404, "Missing")
    await session.refresh(row)
    assert (row.read_at, row.dismissed_at) == (None, None)


@pytest.mark.parametrize("type_", sorted(NAMING_A_CUSTOMER))
async def test_what_names_the_customer_of_an_application_that_one_may_not_see_is_not_shown(
    client: AsyncClient, session: AsyncSession, officer: Person, sign_in: SignIn, type_: str
) -> None:
    other = await sign_in("teller")
    session.add_all([application := an_application(other.user.id), an_application(officer.user.id)])
    await session.flush()
    session.add(a_notification(officer.user.id, type=type_, data={"application_id": str(application.id)}))
    await session.commit()
    assert (await client.get(URL, headers=officer.headers)).json()["total"] == 0
    assert (await client.get(f"{URL}/summary", headers=officer.headers)).json()["unread_count"] == 0


async def test_what_a_colleague_writes_is_shown_whatever_application_it_brings_along(
    client: AsyncClient, session: AsyncSession, officer: Person, sign_in: SignIn
) -> None:
    other = await sign_in("teller")
    session.add(application := an_application(other.user.id))
    await session.flush()
    session.add(a_notification(officer.user.id, type="announcement", data={"application_id": str(application.id)}))
    await session.commit()
    assert (await client.get(URL, headers=officer.headers)).json()["total"] == 1


async def test_notifications_are_for_people_who_are_signed_in(client: AsyncClient) -> None:
    assert (await client.get(f"{URL}/summary")).status_code == 401
    assert (await client.put(f"{URL}/mark-all-read")).status_code == 401
