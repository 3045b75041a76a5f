"""Accounts go with whoever borrows, and are given up only where they belong to somebody else."""

from collections.abc import Awaitable, Callable
from typing import Any

from httpx import AsyncClient
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.platform.journal.models import JournalEntry
from tests.conftest import Person
from tests.lending.customers.test_customers import CUSTOMERS
from tests.lending.steps import URL, WISH, Draft, Take

ToReview = Callable[..., Awaitable[dict[str, Any]]]

MISTYPED = {"id_number": "010234599", "phone": "+85512999888"}


async def changed(client: AsyncClient, person: Person, loan: dict[str, Any], **fields: Any) -> dict[str, Any]:
    answer = await client.put(f"{URL}/{loan['id']}", json=fields, headers=person.headers)
    assert answer.status_code == 200, answer.text
    now: dict[str, Any] = answer.json()
    return now


async def test_an_account_goes_with_its_loan_to_the_customer_who_turns_out_to_borrow(
    client: AsyncClient, session: AsyncSession, officer: Person, teller: Person, draft: Draft, take: Take
) -> None:
    known, loan = (await draft(officer))["customer_id"], await draft(officer, **MISTYPED)
    for person, action, said in (
        (officer, "submit", {}),
        (teller, "start", {"account_id": "00077"}),
        (teller, "return", {"reason": "Look at the card again"}),
    ):
        assert (await take(person, loan, action, **said)).status_code == 200
    now = await changed(client, officer, loan, id_number=WISH["id_number"])
    assert (now["customer_id"], now["account_id"]) == (known, "00077")
    accounts = (await client.get(f"{CUSTOMERS}/{known}/accounts", headers=officer.headers)).json()
    assert [account["account_id"] for account in accounts] == ["00077"]
    gone = select(JournalEntry).where(JournalEntry.kind == "CustomerForgotten")
    entry = (await session.scalars(gone)).one()
    assert (str(entry.subject_id), entry.facts["into_id"]) == (loan["customer_id"], known), (
        "an auditor finds who they were"
    )


async def test_an_account_that_is_nobodys_yet_stays_on_the_form_when_the_telephone_is_corrected(
    client: AsyncClient, officer: Person, draft: Draft
) -> None:
    loan = await draft(officer, account_id="00077")
    assert (await changed(client, officer, loan, phone="+85512999888"))["account_id"] == "00077"


async def test_an_account_that_was_checked_stays_its_customers_when_the_loan_is_refused(
    officer: Person, teller: Person, manager: Person, to_review: ToReview, draft: Draft, take: Take
) -> None:
    loan = await to_review(officer, teller, account_id="00077")
    assert (await take(manager, loan, "reject", reason="The stall is closed")).status_code == 200
    theirs = await draft(officer, full_name_latin="CHAN DARA", **MISTYPED)
    assert (await take(officer, theirs, "submit")).status_code == 200
    refused = await take(teller, theirs, "start", account_id="00077")
    assert (refused.status_code, refused.json()["code"]) == (422, "AccountOfAnother")
