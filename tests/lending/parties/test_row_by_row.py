"""Who and what stands behind an application, one at a time: only what is its own, and only what means something."""

from typing import Any

from httpx import AsyncClient, Response
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.lending.backing.models import Party
from lc_workflow.lending.rules.backing import PartyRole
from tests.conftest import Person
from tests.lending.parties.test_parties import CAR, GUARANTOR
from tests.lending.steps import URL, Draft
from tests.moments import NOON


def code(answer: Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def test_what_stands_behind_another_application_is_not_reached_through_ones_own(
    client: AsyncClient, officer: Person, draft: Draft
) -> None:
    own = await draft(officer)
    other = await draft(
        officer, id_number="250123456", phone="011 555 777", full_name_latin="KEO", **GUARANTOR, collaterals=[CAR]
    )
    (collateral,) = (await client.get(f"{URL}/{other['id']}/collaterals", headers=officer.headers)).json()
    for what, row, change in (
        ("parties", other["parties"][0], {"relation": "uncle"}),
        ("collaterals", collateral, {"estimated_value": 1}),
    ):
        through = f"{URL}/{own['id']}/{what}/{row['id']}"
        assert code(await client.patch(through, json=change, headers=officer.headers)) == (404, "Missing")
        assert code(await client.delete(through, headers=officer.headers)) == (404, "Missing")
    assert (await client.get(f"{URL}/{other['id']}", headers=officer.headers)).json() == other


async def test_whoever_stands_behind_a_loan_has_a_name_and_a_number_that_rings(
    client: AsyncClient, officer: Person, draft: Draft
) -> None:
    loan = await draft(officer, **GUARANTOR)
    parties = f"{URL}/{loan['id']}/parties"
    nobody: dict[str, Any] = {"role": "co_borrower", "full_name_khmer": " ", "phone": "012 345 679"}
    assert code(await client.post(parties, json=nobody, headers=officer.headers)) == (422, "PartyNameNeeded")
    party = f"{parties}/{loan['parties'][0]['id']}"
    assert code(await client.patch(party, json={"phone": "12"}, headers=officer.headers)) == (422, "NotAPhone")
    spaced = await client.patch(party, json={"full_name_latin": " KEO   BOPHA "}, headers=officer.headers)
    assert (spaced.status_code, spaced.json()["full_name_latin"]) == (200, "KEO BOPHA")


async def test_no_more_than_fifty_people_stand_behind_one_loan(
    client: AsyncClient, session: AsyncSession, officer: Person, draft: Draft
) -> None:
    loan = await draft(officer)
    known = {"application_id": loan["id"], "role": PartyRole.GUARANTOR, "created_at": NOON, "updated_at": NOON}
    session.add_all(Party(full_name_latin="KEO BOPHA", position=place, **known) for place in range(49))
    await session.commit()
    one_more = {"role": "guarantor", "full_name_latin": "KEO DARA"}
    joined = [
        await client.post(f"{URL}/{loan['id']}/parties", json=one_more, headers=officer.headers) for _ in range(2)
    ]
    assert joined[0].status_code == 201, joined[0].text
    assert code(joined[1]) == (422, "TooManyBehind")
