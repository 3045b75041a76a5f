"""Jobs over HTTP, and what the house itself does in the background."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from httpx import AsyncClient
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.identity.sessions.jobs import FORGET_OLD_SESSIONS
from lc_workflow.identity.users.jobs import FORGET_FORMER_TELEPHONES
from lc_workflow.identity.users.models import FormerTelephone, RefreshToken, Session
from lc_workflow.platform.jobs import Workplace, ask_for
from lc_workflow.platform.journal.anchoring import ANCHOR_JOURNAL
from lc_workflow.platform.journal.models import JournalAnchor
from tests.conftest import SignIn
from tests.identity.factories import a_session
from tests.moments import NOON

URL = "/api/v1/jobs"


async def a_failed_job(session: AsyncSession) -> int:
    number = await ask_for(session, ANCHOR_JOURNAL, secret="not to be shown")
    await session.execute(
        text("UPDATE procrastinate_jobs SET status = 'failed' WHERE id = :number"), {"number": number}
    )
    await session.commit()
    return number


async def test_an_administrator_sees_what_failed_and_tries_it_again(
    client: AsyncClient, session: AsyncSession, sign_in: SignIn, announced: Callable[[], Awaitable[list[str]]]
) -> None:
    admin = await sign_in("admin")
    number = await a_failed_job(session)
    await ask_for(session, ANCHOR_JOURNAL)
    await session.commit()
    page = (await client.get(URL, params={"status": "failed"}, headers=admin.headers)).json()
    assert [(job["id"], job["name"], job["status"]) for job in page["items"]] == [(number, "anchor_journal", "failed")]
    assert "not to be shown" not in str(page)
    assert (await client.get(URL, headers=admin.headers)).json()["total"] == 2
    again = await client.post(f"{URL}/{number}/retry", headers=admin.headers)
    assert (again.status_code, again.json()["status"], again.json()["attempts"]) == (200, "todo", 1)
    assert await announced() == ["JobRetried"]


async def test_only_a_failed_job_is_tried_again(client: AsyncClient, session: AsyncSession, sign_in: SignIn) -> None:
    admin = await sign_in("admin")
    number = await ask_for(session, ANCHOR_JOURNAL)
    await session.commit()
    refused = await client.post(f"{URL}/{number}/retry", headers=admin.headers)
    assert (refused.status_code, refused.json()["code"]) == (422, "NotFailed")
    for unknown in (number + 1, 0, 2**64):
        assert (await client.post(f"{URL}/{unknown}/retry", headers=admin.headers)).status_code == 404


@pytest.mark.parametrize(("role", "sees"), [("auditor", 200), ("manager", 403)])
async def test_who_looks_after_the_system_sees_its_jobs(
    client: AsyncClient, session: AsyncSession, sign_in: SignIn, role: str, sees: int
) -> None:
    person = await sign_in(role)
    number = await a_failed_job(session)
    assert (await client.get(URL, headers=person.headers)).status_code == sees
    assert (await client.post(f"{URL}/{number}/retry", headers=person.headers)).status_code == 403


async def test_the_journal_is_sealed_once_a_day(session: AsyncSession, workplace: Workplace) -> None:
    for _ in range(2):
        await ANCHOR_JOURNAL.do(workplace, {})
    days = (await session.scalars(select(JournalAnchor.day))).all()
    assert [day.isoformat() for day in days] == ["2026-11-23"]


@pytest.mark.parametrize(("minute", "day"), [(59, "2026-11-23"), (60, "2026-11-24")])
async def test_a_day_is_sealed_when_it_has_been_over_for_an_hour_in_phnom_penh(
    session: AsyncSession, workplace: Workplace, minute: int, day: str
) -> None:
    at = datetime(2026, 11, 24, 17, tzinfo=UTC) + timedelta(minutes=minute)
    await ANCHOR_JOURNAL.do(replace(workplace, clock=lambda: at), {})
    assert [sealed.isoformat() for sealed in await session.scalars(select(JournalAnchor.day))] == [day]


async def test_sessions_that_nothing_renews_are_forgotten(
    session: AsyncSession, sign_in: SignIn, workplace: Workplace
) -> None:
    person = await sign_in("officer")
    session.add_all([old := a_session(person.user.id), kept := a_session(person.user.id)])
    old.created_at = kept.created_at = NOON - timedelta(days=30)
    await session.flush()
    for visit, expires in ((old, NOON - timedelta(days=2)), (kept, NOON + timedelta(days=2))):
        session.add(
            RefreshToken(
                session_id=visit.id, digest=visit.id.bytes * 2, created_at=NOON - timedelta(days=5), expires_at=expires
            )
        )
    await session.commit()
    await FORGET_OLD_SESSIONS.do(workplace, {})
    assert set(await session.scalars(select(Session.id).where(Session.created_at < NOON))) == {kept.id}
    assert (await session.scalars(select(RefreshToken.session_id))).all() == [kept.id]


async def test_telephones_that_were_given_up_long_ago_are_forgotten(
    session: AsyncSession, sign_in: SignIn, workplace: Workplace
) -> None:
    person = (await sign_in("officer")).user.id
    session.add_all(
        FormerTelephone(user_id=person, phone_number=number, given_up_at=NOON - timedelta(days=days))
        for number, days in (("012345671", 368), ("012345672", 366))
    )
    await session.commit()
    await FORGET_FORMER_TELEPHONES.do(workplace, {})
    assert (await session.scalars(select(FormerTelephone.phone_number))).all() == ["012345672"]
