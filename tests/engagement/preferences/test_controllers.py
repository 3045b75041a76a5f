"""How people say how they want to hear of things."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from httpx import AsyncClient

from tests.conftest import Person, SignIn

URL = "/api/v1/users/notifications/preferences"
BEGINNING = {
    "email_notifications": {},
    "in_app_notifications": {},
    "notification_frequency": "immediate",
    "quiet_hours": {"enabled": False, "start_time": "22:00", "end_time": "08:00"},
}


@pytest.fixture
async def teller(sign_in: SignIn) -> Person:
    return await sign_in("teller")


async def test_who_never_chose_hears_everything_at_once(client: AsyncClient, teller: Person) -> None:
    answer = await client.get(URL, headers=teller.headers)
    assert (answer.status_code, answer.json()) == (200, {"preferences": BEGINNING})


async def test_a_person_chooses_and_it_stays_and_is_on_record(
    client: AsyncClient, teller: Person, sign_in: SignIn, announced: Callable[[], Awaitable[list[str]]]
) -> None:
    wish = {"email_notifications": {"application_task": False}, "notification_frequency": "daily"}
    first = await client.put(URL, json=wish, headers=teller.headers)
    assert first.json()["preferences"] == BEGINNING | wish
    more = {"email_notifications": {"application_update": True}, "quiet_hours": {"enabled": True, "end_time": "07:30"}}
    await client.put(URL, json=more, headers=teller.headers)
    chosen = (await client.get(URL, headers=teller.headers)).json()["preferences"]
    assert chosen["email_notifications"] == {"application_task": False, "application_update": True}
    assert chosen["quiet_hours"] == {"enabled": True, "start_time": "22:00", "end_time": "07:30"}
    assert chosen["notification_frequency"] == "daily"
    assert await announced() == ["NotificationPreferencesSet"] * 2
    other = await sign_in("officer")
    assert (await client.get(URL, headers=other.headers)).json()["preferences"] == BEGINNING


async def test_what_was_read_can_be_sent_back_changed(client: AsyncClient, teller: Person) -> None:
    read = (await client.get(URL, headers=teller.headers)).json()
    read["preferences"] |= {"notification_frequency": "daily", "email_notifications": {"application_task": False}}
    sent = await client.put(URL, json=read, headers=teller.headers)
    assert (sent.status_code, sent.json()) == (200, read)
    assert (await client.get(URL, headers=teller.headers)).json() == read


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({"notification_frequency": "hourly"}, "notification_frequency"),
        ({"quiet_hours": {"start_time": "24:00"}}, "quiet_hours.start_time"),
        ({"quiet_hours": {"end_time": "8 o'clock"}}, "quiet_hours.end_time"),
        ({"email_notifications": {"application_task": "perhaps"}}, "email_notifications.application_task"),
        ({"email_notifications": {f"type {n}": True for n in range(201)}}, "email_notifications"),
    ],
)
async def test_what_is_no_choice_is_refused_with_its_field(
    client: AsyncClient, teller: Person, wish: dict[str, Any], field: str
) -> None:
    answer = await client.put(URL, json=wish, headers=teller.headers)
    assert answer.status_code == 422, answer.text
    assert [error["field"] for error in answer.json()["errors"]] == [field]


async def test_nobody_decides_about_more_types_than_there_can_be(client: AsyncClient, teller: Person) -> None:
    answers = [
        await client.put(
            URL, json={"in_app_notifications": {f"t{part}.{n}": True for n in range(100)}}, headers=teller.headers
        )
        for part in range(3)
    ]
    assert [answer.status_code for answer in answers] == [200, 200, 422]
    read = (await client.get(URL, headers=teller.headers)).json()
    assert (await client.put(URL, json=read, headers=teller.headers)).json() == read, "all of it is taken back"
    assert answers[-1].json()["code"] == "TooManyChoices"
