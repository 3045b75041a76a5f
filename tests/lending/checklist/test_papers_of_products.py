"""Papers that a product asks for itself: whatever the checklist says, nothing of it is submitted without them."""

from typing import Any

from httpx import AsyncClient

from tests.conftest import Person
from tests.lending.checklist.steps import NID, blocked, hand_in, put_in_force, shown
from tests.lending.products.test_controllers import CONDITIONS, NEW, URL, published
from tests.lending.steps import URL as APPLICATIONS
from tests.lending.steps import Draft, Take
from tests.moments import NOON

CARD_AND_TITLE = ["borrower_id_card", "land_title"]


async def asked(client: AsyncClient, person: Person, application: dict[str, Any]) -> dict[str, str]:
    return {item["rule"]: item["status"] for item in (await shown(client, person, application))["items"]}


async def test_an_application_waits_for_the_papers_of_its_product(
    client: AsyncClient, admin: Person, officer: Person, draft: Draft, take: Take
) -> None:
    before = await draft(officer, id_number="010234561", phone="+85512345671")
    await published(client, admin, required_documents=CARD_AND_TITLE)
    application = await draft(officer, collaterals=[{"type": "land", "title_number": "PP-0001", "value": 9000}])
    assert (await shown(client, officer, before))["items"] == []

    assert await asked(client, officer, application) == {"PRODUCT-1": "missing", "PRODUCT-2": "missing"}
    assert await blocked(client, officer, application, "submit") == ["PaperMissing", "PaperMissing"]
    refused = await take(officer, application, "submit")
    assert (refused.status_code, refused.json()["detail"]) == (422, "Paper missing: Identity card of the borrower.")
    await hand_in(client, officer, application, "borrower_id_card")
    title = await hand_in(client, officer, application, "land_title")
    # of whom or what a paper is does not matter to the product
    (land,) = (await client.get(f"{APPLICATIONS}/{application['id']}/collaterals", headers=officer.headers)).json()
    about = await client.put(
        f"{APPLICATIONS}/{application['id']}/checklist/papers/{title}",
        json={"subject_id": land["id"]},
        headers=officer.headers,
    )
    assert about.status_code == 200, about.text
    assert await asked(client, officer, application) == {"PRODUCT-1": "met", "PRODUCT-2": "met"}
    assert (await take(officer, application, "submit")).status_code == 200


async def test_what_the_checklist_asks_for_as_well_is_asked_for_once(
    client: AsyncClient, admin: Person, officer: Person, draft: Draft
) -> None:
    await put_in_force(client, admin, NID)
    await published(client, admin, required_documents=CARD_AND_TITLE)
    assert await asked(client, officer, await draft(officer)) == {"NID": "missing", "PRODUCT-2": "missing"}


async def test_a_paper_of_the_product_can_be_waived(
    client: AsyncClient, admin: Person, officer: Person, manager: Person, draft: Draft, take: Take
) -> None:
    await published(client, admin, required_documents=CARD_AND_TITLE[:1])
    application = await draft(officer)
    waived = await client.post(
        f"{APPLICATIONS}/{application['id']}/checklist/waivers",
        json={"rule": "PRODUCT-1", "reason": "The card burnt; the commune knows her.", "ends_on": str(NOON.date())},
        headers=manager.headers,
    )
    assert waived.status_code == 201, waived.text
    assert (await take(officer, application, "submit")).status_code == 200


async def test_a_product_asks_only_for_papers_the_house_knows(client: AsyncClient, admin: Person) -> None:
    wish = NEW | {"conditions": CONDITIONS | {"required_documents": ["horoscope"]}}
    refused = await client.post(URL, json=wish, headers=admin.headers)
    assert (refused.status_code, refused.json()["code"]) == (422, "ProductIncomplete")
    assert refused.json()["detail"] == "The product asks for horoscope, which is no kind of paper here."
