"""What forms say of people's numbers: it makes nobody lose theirs, and nobody somebody else."""

from typing import Any

from httpx import AsyncClient
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.lending.customers.models import Customer
from tests.conftest import Person
from tests.lending.customers.test_accounts import MISTYPED, changed
from tests.lending.customers.test_customers import CUSTOMERS
from tests.lending.steps import Draft


async def numbers_of(client: AsyncClient, person: Person, loan: dict[str, Any]) -> tuple[int, int]:
    """How many papers and telephones are known of who borrows."""
    answer = await client.get(f"{CUSTOMERS}/{loan['customer_id']}", headers=person.headers)
    assert answer.status_code == 200, answer.text
    return len(answer.json()["identities"]), len(answer.json()["phones"])


async def test_whoever_corrects_the_numbers_of_one_customer_leaves_everybody_elses(
    client: AsyncClient, officer: Person, draft: Draft
) -> None:
    neighbour, loan = await draft(officer), await draft(officer, **MISTYPED)
    corrected = await changed(client, officer, loan, id_number="010234588", phone="+85512777666")
    assert corrected["customer_id"] == loan["customer_id"]
    assert await numbers_of(client, officer, loan) == (1, 1), "the mistyped ones are gone"
    assert await numbers_of(client, officer, neighbour) == (1, 1)


async def test_a_telephone_that_two_share_is_known_of_both(client: AsyncClient, officer: Person, draft: Draft) -> None:
    wife, husband = await draft(officer), await draft(officer, full_name_latin="CHAN DARA", **MISTYPED)
    again = await draft(officer, phone=MISTYPED["phone"])
    assert again["customer_id"] == wife["customer_id"] != husband["customer_id"]
    assert await numbers_of(client, officer, wife) == (1, 2)
    assert await numbers_of(client, officer, husband) == (1, 1)


async def test_a_returning_customer_stays_who_they_are_when_their_numbers_are_emptied_on_the_form(
    client: AsyncClient, officer: Person, draft: Draft
) -> None:
    first, second = await draft(officer), await draft(officer)
    emptied = await changed(client, officer, second, id_number=None, phone=None)
    assert emptied["customer_id"] == first["customer_id"]
    assert await numbers_of(client, officer, first) == (1, 1)


async def test_a_form_that_says_of_nobody_who_they_are_makes_no_customer(
    session: AsyncSession, officer: Person, draft: Draft
) -> None:
    unsaid = dict.fromkeys(("id_number", "phone", "full_name_khmer", "full_name_latin"))
    assert (await draft(officer, **unsaid))["customer_id"] is None
    assert await session.scalar(select(func.count()).select_from(Customer)) == 0
