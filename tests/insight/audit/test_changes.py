"""What the journal keeps of a change: what somebody had before, and no secret."""

from httpx import AsyncClient
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.platform.journal.models import JournalEntry
from tests.conftest import Person, SignIn
from tests.lending.parties.test_parties import GUARANTOR
from tests.lending.steps import URL, Draft


async def test_whoever_stood_behind_a_loan_is_on_record_when_they_are_taken_off_it(
    client: AsyncClient, officer: Person, sign_in: SignIn, draft: Draft
) -> None:
    loan = await draft(officer, **GUARANTOR)
    gone = await client.delete(f"{URL}/{loan['id']}/parties/{loan['parties'][0]['id']}", headers=officer.headers)
    assert gone.status_code == 204
    auditor = await sign_in("auditor")
    page = (await client.get(f"/api/v1/audit?application_id={loan['id']}", headers=auditor.headers)).json()
    (party,) = [row for row in page["items"][0]["changes"] if row["of"] == "application_parties"]
    assert party["fields"]["full_name_latin"] == [loan["parties"][0]["full_name_latin"], None]


async def test_that_a_password_was_changed_is_on_record_and_no_word_of_it(
    client: AsyncClient, session: AsyncSession, officer: Person, sign_in: SignIn
) -> None:
    admin = await sign_in("admin")
    wish = {"password": "Next#2026pass", "first_name": "Bopha"}
    changed = await client.patch(f"/api/v1/users/{officer.user.id}", json=wish, headers=admin.headers)
    assert changed.status_code == 200, changed.text
    told = (await session.scalars(select(JournalEntry).where(JournalEntry.subject_id == officer.user.id))).all()
    kept = str([(entry.facts, entry.changes) for entry in told])
    assert "Bopha" in kept
    assert not [word for word in ("password_hash", "$2b$", "Next#2026pass") if word in kept]
