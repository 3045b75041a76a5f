"""Facts that could not be told are seen, and told again."""

from httpx import AsyncClient
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.platform.journal.models import JournalEntry, Untold
from tests.conftest import Person, SignIn
from tests.moments import NOON

URL = "/api/v1/outbox"


async def test_what_was_given_up_is_told_again(client: AsyncClient, session: AsyncSession, admin: Person) -> None:
    for number in range(3):
        wish = {"name": f"Credit {number}", "code": f"CR{number}"}
        await client.post("/api/v1/departments", json=wish, headers=admin.headers)
    entries = (await session.scalars(select(JournalEntry.id).order_by(JournalEntry.number))).all()
    await session.execute(
        update(Untold).where(Untold.id.in_(entries[:2])).values(attempts=6, due_at=NOON, given_up_at=NOON)
    )
    await session.commit()
    page = (await client.get(f"{URL}?given_up=true", headers=admin.headers)).json()
    assert [(fact["kind"], fact["attempts"]) for fact in page["items"]] == [("DepartmentOpened", 6)] * 2
    one = await client.post(f"{URL}/{entries[0]}/replay", headers=admin.headers)
    assert (one.status_code, one.json()) == (200, {"count": 1})
    rest = await client.post(f"{URL}/replay", headers=admin.headers)
    assert (rest.status_code, rest.json()) == (200, {"count": 1})
    assert (await client.get(f"{URL}?given_up=true", headers=admin.headers)).json()["total"] == 0
    waiting = (await session.scalars(select(Untold.attempts).where(Untold.id.in_(entries)))).all()
    assert list(waiting) == [0, 0, 0]


async def test_only_administrators_have_facts_told_again(client: AsyncClient, sign_in: SignIn) -> None:
    auditor, manager = await sign_in("auditor"), await sign_in("manager")
    assert (await client.get(URL, headers=auditor.headers)).status_code == 200
    assert (await client.post(f"{URL}/replay", headers=auditor.headers)).status_code == 403
    assert (await client.get(URL, headers=manager.headers)).status_code == 403
