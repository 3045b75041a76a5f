"""Writing to colleagues over HTTP."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
from httpx import AsyncClient
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.engagement.messages.access import SEND
from lc_workflow.engagement.messages.schemas import ToPeople
from lc_workflow.engagement.messages.service import MessageService
from lc_workflow.engagement.notifications.models import Notification
from lc_workflow.identity.rules.statuses import UserStatus
from lc_workflow.kernel.principal import Principal, Scope
from lc_workflow.platform.journal.models import JournalEntry
from tests.conftest import Person, SignIn
from tests.engagement.conftest import Sent, Tell
from tests.identity.factories import a_user
from tests.moments import NOON
from tests.organization.factories import a_branch, a_department

URL = "/api/v1/users/notifications"
LIVE = "/api/v1/notifications"
WORDS = {"notification_type": "system_maintenance", "title": "Tonight", "message": "The house is closed from 22:00."}


@pytest.fixture
async def stranger(sign_in: SignIn, session: AsyncSession) -> Person:
    session.add(other := a_branch())
    await session.flush()
    return await sign_in("teller", branch_id=other.id)


async def told(session: AsyncSession, answer: Any) -> set[UUID]:
    assert answer.status_code == 200, answer.text
    message_id = UUID(answer.json()["message_id"])
    found = set(await session.scalars(select(Notification.user_id).where(Notification.event_id == message_id)))
    assert answer.json()["total_users"] == len(found)
    return found


async def test_a_message_is_one_fact_and_reaches_the_people_named(
    client: AsyncClient, session: AsyncSession, admin: Person, teller: Person, stranger: Person
) -> None:
    body = WORDS | {"user_ids": [str(teller.user.id), str(stranger.user.id)], "priority": "high", "data": {"at": 22}}
    answer = await client.post(f"{URL}/send", json=body, headers=admin.headers)
    assert await told(session, answer) == {teller.user.id, stranger.user.id}
    entry = await session.get_one(JournalEntry, UUID(answer.json()["message_id"]))
    assert (entry.kind, entry.facts["audience"], entry.facts["recipients"]) == ("MessageSent", "people", 2)
    shown = (await client.get(f"{URL}", headers=teller.headers)).json()["items"][0]
    assert (shown["type"], shown["title"], shown["priority"], shown["data"]) == (
        "system_maintenance",
        "Tonight",
        "high",
        {"at": 22},
    )


async def test_a_manager_reaches_their_branch_and_nobody_else(
    client: AsyncClient, session: AsyncSession, admin: Person, manager: Person, teller: Person, stranger: Person
) -> None:
    answer = await client.post(f"{URL}/send-to-all", json=WORDS, headers=manager.headers)
    assert await told(session, answer) == {manager.user.id, teller.user.id}
    mine = await client.post(
        f"{URL}/send-to-branch", json=WORDS | {"branch_id": str(manager.user.branch_id)}, headers=manager.headers
    )
    assert await told(session, mine) == {manager.user.id, teller.user.id}
    for branch_id, person in ((stranger.user.branch_id, manager), (uuid4(), manager), (uuid4(), admin)):
        other = await client.post(
            f"{URL}/send-to-branch", json=WORDS | {"branch_id": str(branch_id)}, headers=person.headers
        )
        assert other.status_code == 404
    ids = [str(teller.user.id), str(stranger.user.id)]
    refused = await client.post(f"{URL}/send", json=WORDS | {"user_ids": ids}, headers=manager.headers)
    assert (refused.status_code, refused.json()["code"]) == (422, "NoSuchRecipients")
    assert [error["field"] for error in refused.json()["errors"]] == ["user_ids[1]"]
    one = WORDS | {"user_id": str(stranger.user.id)}
    refused = await client.post(f"{LIVE}/send-realtime", json=one, headers=manager.headers)
    assert [error["field"] for error in refused.json()["errors"]] == ["user_id"]
    hello = await client.post(f"/api/v1/users/{stranger.user.id}/notifications/welcome", headers=manager.headers)
    assert hello.status_code == 404


async def test_everybody_who_works_hears_what_is_said_to_all(
    client: AsyncClient, session: AsyncSession, admin: Person, teller: Person
) -> None:
    session.add(gone := a_user(status=UserStatus.INACTIVE))
    await session.commit()
    found = await told(session, await client.post(f"{URL}/send-to-all", json=WORDS, headers=admin.headers))
    assert {admin.user.id, teller.user.id} <= found
    assert gone.id not in found


async def test_a_department_hears_what_is_said_to_it(
    client: AsyncClient, session: AsyncSession, admin: Person, sign_in: SignIn
) -> None:
    session.add(department := a_department())
    await session.flush()
    person = await sign_in("teller", department_id=department.id)
    url = f"{URL}/send-to-department"
    answer = await client.post(url, json=WORDS | {"department_id": str(department.id)}, headers=admin.headers)
    assert await told(session, answer) == {person.user.id}
    missing = await client.post(url, json=WORDS | {"department_id": str(uuid4())}, headers=admin.headers)
    assert missing.status_code == 404


async def test_a_broadcast_reaches_who_listens_to_its_pattern(
    client: AsyncClient, session: AsyncSession, admin: Person, teller: Person, manager: Person
) -> None:
    async def broadcast(pattern: str) -> Any:
        return await client.post(f"{LIVE}/broadcast", json=WORDS | {"pattern": pattern}, headers=admin.headers)

    tellers = await told(session, answer := await broadcast("role:teller"))
    assert answer.json()["pattern"] == "role:teller"
    assert teller.user.id in tellers
    assert not {manager.user.id, admin.user.id} & tellers
    assert await told(session, await broadcast(f"user:{manager.user.id}")) == {manager.user.id}
    assert {teller.user.id, manager.user.id, admin.user.id} <= await told(session, await broadcast("general"))
    assert await told(session, await broadcast("role:auditor")) == set()  # nobody is one here
    for nobody in ("role:king", "user:me", "everyone", "user:", "user:teller", f"role:{manager.user.id}"):
        refused = await broadcast(nobody)
        assert (refused.status_code, refused.json()["code"]) == (422, "NoSuchPattern")
    unknown = await broadcast(f"user:{uuid4()}")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "Missing")


async def test_a_broadcast_to_a_role_reaches_whom_the_web_app_shows_in_it(
    client: AsyncClient, session: AsyncSession, admin: Person, manager: Person, sign_in: SignIn
) -> None:
    regional = await sign_in("regional_manager")
    reached = {}
    for role in ("manager", "regional_manager"):
        wish = WORDS | {"pattern": f"role:{role}"}
        answer = await client.post(f"{LIVE}/broadcast", json=wish, headers=admin.headers)
        reached[role] = await told(session, answer) & {regional.user.id, manager.user.id, admin.user.id}
    assert reached == {"manager": {regional.user.id, manager.user.id}, "regional_manager": {regional.user.id}}


async def test_who_is_online_hears_a_message_once_it_is_told(
    client: AsyncClient, admin: Person, teller: Person, tell: Tell, sent: Sent
) -> None:
    body = WORDS | {"user_id": str(teller.user.id)}
    assert (await client.post(f"{LIVE}/send-realtime", json=body, headers=admin.headers)).status_code == 200
    await tell()
    assert [(pattern, message["title"], message["sender"]["id"]) for pattern, message in sent] == [
        (f"user:{teller.user.id}", "Tonight", str(admin.user.id))
    ]
    await client.post(f"{LIVE}/send-realtime", json=body | {"title": "Tomorrow"}, headers=admin.headers)
    await tell()
    assert [message["title"] for _, message in sent] == ["Tonight", "Tomorrow"]


async def test_who_has_quiet_hours_hears_what_is_said_outside_them(
    client: AsyncClient, admin: Person, teller: Person, tell: Tell, sent: Sent
) -> None:
    wish = {"quiet_hours": {"enabled": True, "start_time": "13:00", "end_time": "11:00"}}
    await client.put(f"{URL}/preferences", json=wish, headers=teller.headers)
    await client.post(f"{LIVE}/send-realtime", json=WORDS | {"user_id": str(teller.user.id)}, headers=admin.headers)
    await tell()
    assert [pattern for pattern, _ in sent] == [f"user:{teller.user.id}"]


@pytest.mark.parametrize(
    ("wish", "is_dismissed"),
    [
        ({"in_app_notifications": {"system_maintenance": False}}, True),
        ({"quiet_hours": {"enabled": True, "start_time": "11:00", "end_time": "13:00"}}, False),
    ],
)
async def test_who_wants_to_be_left_alone_is_not_disturbed(
    client: AsyncClient, admin: Person, teller: Person, tell: Tell, sent: Sent, wish: Any, *, is_dismissed: bool
) -> None:
    await client.put(f"{URL}/preferences", json=wish, headers=teller.headers)
    body = WORDS | {"user_id": str(teller.user.id)}
    await client.post(f"{LIVE}/send-realtime", json=body, headers=admin.headers)
    await tell()
    assert sent == []
    shown = (await client.get(URL, headers=teller.headers)).json()["items"]
    assert [row["is_dismissed"] for row in shown] == [is_dismissed]


async def test_a_message_goes_the_ways_its_sender_ticked(
    client: AsyncClient, session: AsyncSession, admin: Person, teller: Person, tell: Tell, sent: Sent
) -> None:
    body = WORDS | {"user_ids": [str(teller.user.id)]}
    neither = await client.post(
        f"{URL}/send", json=body | {"send_email": False, "send_in_app": False}, headers=admin.headers
    )
    assert (neither.status_code, neither.json()["code"]) == (422, "NoWayChosen"), neither.text
    assert [error["field"] for error in neither.json()["errors"]] == ["send_in_app", "send_email"]
    by_mail = body | {"send_in_app": False}
    nobody_mails = await client.post(f"{URL}/send", json=by_mail, headers=admin.headers)
    assert (nobody_mails.status_code, nobody_mails.json()["code"]) == (422, "NoWayChosen"), nobody_mails.text
    assert [error["field"] for error in nobody_mails.json()["errors"]] == ["send_in_app"]

    sender = Principal(id=admin.user.id, role="admin", session_id=uuid4(), grants={SEND: Scope.ALL})
    where_mail_leaves = MessageService(session, mails=True)
    told = await where_mail_leaves.to_people(
        msgspec.convert(by_mail, ToPeople), [teller.user.id], principal=sender, at=NOON
    )
    assert told.total_users == 1
    await tell()
    assert sent == []
    in_the_app = await client.post(f"{URL}/send", json=body | {"send_email": False}, headers=admin.headers)
    assert in_the_app.status_code == 200, in_the_app.text
    shown = (await client.get(URL, headers=teller.headers)).json()["items"]
    assert sorted((row["title"], row["is_dismissed"]) for row in shown) == [("Tonight", False), ("Tonight", True)]


async def test_those_who_are_late_with_settling_in_are_reminded(
    client: AsyncClient, session: AsyncSession, admin: Person
) -> None:
    week = NOON - timedelta(days=8)
    session.add_all(
        [late := a_user(created_at=week), done := a_user(created_at=week, onboarding_completed=True), new := a_user()]
    )
    await session.commit()
    url = f"{URL}/onboarding-reminders?days_threshold=7"
    found = await told(session, await client.post(url, headers=admin.headers))
    assert late.id in found
    assert not {done.id, new.id} & found


async def test_one_person_is_welcomed_and_one_tries_it_out(
    client: AsyncClient, session: AsyncSession, admin: Person, teller: Person
) -> None:
    hello = await client.post(f"/api/v1/users/{teller.user.id}/notifications/welcome", headers=admin.headers)
    assert await told(session, hello) == {teller.user.id}
    trial = await client.post(f"{URL}/test", headers=admin.headers)
    assert await told(session, trial) == {admin.user.id}
    assert trial.json()["success"] is True


@pytest.mark.parametrize(
    ("method", "body"),
    [
        ("send-to-all", WORDS),
        ("send", WORDS | {"user_ids": [str(uuid4())]}),
        ("test", None),
        ("onboarding-reminders", None),
    ],
)
async def test_an_officer_writes_to_nobody(client: AsyncClient, sign_in: SignIn, method: str, body: Any) -> None:
    officer = await sign_in("officer")
    assert (await client.post(f"{URL}/{method}", json=body, headers=officer.headers)).status_code == 403


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({"title": " "}, "title"),
        ({"title": "\u200b \ufeff"}, "title"),
        ({"message": ""}, "message"),
        ({"message": "\u2060\u200e\n"}, "message"),
        ({"priority": "loud"}, "priority"),
        ({"data": {"x": "x" * 21_000}}, "data"),
        ({"user_ids": []}, "user_ids"),
        ({"user_ids": ["x"]}, "user_ids[0]"),
    ],
)
async def test_what_is_no_message_is_refused_with_its_field(
    client: AsyncClient, admin: Person, wish: dict[str, Any], field: str
) -> None:
    body = WORDS | {"user_ids": [str(admin.user.id)]} | wish
    answer = await client.post(f"{URL}/send", json=body, headers=admin.headers)
    assert answer.status_code == 422, answer.text
    assert [error["field"] for error in answer.json()["errors"]] == [field]
