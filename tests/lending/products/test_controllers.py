"""Products over HTTP: drafts, publishing, and applications that keep what they were begun with."""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import pytest
from httpx import AsyncClient
from sqlalchemy import update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.lending.products.models import ProductVersion
from tests.conftest import Person
from tests.lending.steps import Draft, Take

URL = "/api/v1/products"
CONDITIONS: dict[str, Any] = {
    "limits": [{"currency": "USD", "amount_min": 100, "amount_max": 5000, "term_min": 3, "term_max": 24}],
    "frequencies": ["monthly"],
    "methods": ["annuity"],
    "rate_min": 12,
    "rate_max": 18,
    "rate_default": 17.5,
    "fees": [{"code": "processing", "kind": "percent", "value": 2, "timing": "deducted"}],
}
NEW = {"code": "harvest_loan", "name_en": "Harvest loan", "name_km": "កម្ចីប្រមូលផល", "conditions": CONDITIONS}


async def monthly(client: AsyncClient, person: Person) -> dict[str, Any]:
    page = (await client.get(f"{URL}?search=monthly_loan", headers=person.headers)).json()
    product: dict[str, Any] = page["items"][0]
    return product


async def published(client: AsyncClient, admin: Person, **changes: Any) -> dict[str, Any]:
    """Put a new version of the monthly loan in force."""
    at = f"{URL}/{(await monthly(client, admin))['id']}/versions"
    begun = await client.post(at, json=CONDITIONS | changes, headers=admin.headers)
    assert begun.status_code == 201, begun.text
    answer = await client.post(f"{at}/{begun.json()['number']}/publish", headers=admin.headers)
    assert answer.status_code == 200, answer.text
    version: dict[str, Any] = answer.json()
    return version


async def test_a_new_installation_lends_what_the_web_app_offers(client: AsyncClient, officer: Person) -> None:
    page = (await client.get(URL, headers=officer.headers)).json()
    assert [item["code"] for item in page["items"]] == ["biweekly_loan", "daily_loan", "monthly_loan", "weekly_loan"]
    assert {item["in_force"]["status"] for item in page["items"]} == {"published"}


async def test_an_amount_reads_as_people_write_it_however_it_was_sent(
    client: AsyncClient, admin: Person, officer: Person, draft: Draft, take: Take
) -> None:
    at = f"{URL}/{(await monthly(client, admin))['id']}/versions"
    body = msgspec.json.encode(CONDITIONS).replace(b":100,", b":1e2,").replace(b":5000,", b":5E+3,")
    begun = await client.post(at, content=body, headers=admin.headers | {"content-type": "application/json"})
    assert '"amount_min":100,"amount_max":5000,' in begun.text
    await client.post(f"{at}/{begun.json()['number']}/publish", headers=admin.headers)
    refused = await take(officer, await draft(officer, requested_amount=6000), "submit")
    assert refused.json()["detail"] == "This product is lent from 100 to 5000 USD."


async def test_a_fee_that_nobody_can_pay_is_not_offered(client: AsyncClient, admin: Person) -> None:
    at = f"{URL}/{(await monthly(client, admin))['id']}/versions"
    riel = {"currency": "KHR", "amount_min": 400_000, "amount_max": 20_000_000, "term_min": 3, "term_max": 24}
    fee = {"code": "stamp", "kind": "fixed", "value": 150, "timing": "deducted", "currency": "KHR"}
    body = CONDITIONS | {"limits": [riel], "fees": [fee]}
    refused = await client.post(at, json=body, headers=admin.headers)
    assert (refused.status_code, refused.json()["code"]) == (422, "ProductIncomplete")
    assert refused.json()["detail"] == "The fee stamp cannot be paid: amounts in KHR are multiples of 100."
    begun = await client.post(at, json=body | {"fees": [fee | {"value": 200}]}, headers=admin.headers)
    assert begun.status_code == 201, begun.text


async def test_a_product_is_drafted_published_and_drafted_again(
    client: AsyncClient, admin: Person, officer: Person, announced: Callable[[], Awaitable[list[str]]]
) -> None:
    offered = await client.post(URL, json=NEW, headers=admin.headers)
    assert offered.status_code == 201, offered.text
    product = offered.json()
    assert (product["in_force"], product["draft"]["number"]) == (None, 1)
    assert '"rate_default":17.5' in offered.text
    at = f"{URL}/{product['id']}/versions"
    rewritten = await client.put(f"{at}/1", json=CONDITIONS | {"rate_default": 15}, headers=admin.headers)
    assert rewritten.json()["conditions"]["rate_default"] == 15
    assert (await client.post(at, json=CONDITIONS, headers=admin.headers)).json()["code"] == "DraftUnderWay"
    assert (await client.post(f"{at}/1/publish", headers=officer.headers)).status_code == 403
    assert (await client.post(f"{at}/1/publish", headers=admin.headers)).json()["status"] == "published"
    for answer in (
        await client.put(f"{at}/1", json=CONDITIONS, headers=admin.headers),
        await client.post(f"{at}/1/publish", headers=admin.headers),
    ):
        assert (answer.status_code, answer.json()["code"]) == (422, "VersionPublished")
    assert (await client.post(at, json=CONDITIONS, headers=admin.headers)).json()["number"] == 2
    shown = (await client.get(f"{URL}/{product['id']}", headers=officer.headers)).json()
    assert (shown["in_force"]["number"], shown["draft"]["number"]) == (1, 2)
    assert [version["number"] for version in (await client.get(at, headers=officer.headers)).json()] == [2, 1]
    assert await announced() == [
        "ProductOffered",
        "ProductVersionWritten",
        "ProductVersionPublished",
        "ProductVersionWritten",
    ]


async def test_the_database_itself_keeps_a_published_version(
    client: AsyncClient, admin: Person, session: AsyncSession
) -> None:
    with pytest.raises(DBAPIError, match="history"):
        await session.execute(update(ProductVersion).values(number=9))


async def test_a_code_is_taken_once(client: AsyncClient, admin: Person) -> None:
    answer = await client.post(URL, json=NEW | {"code": "monthly_loan"}, headers=admin.headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "ProductCodeTaken")


async def test_a_product_that_contradicts_itself_is_refused(client: AsyncClient, admin: Person) -> None:
    answer = await client.post(URL, json=NEW | {"conditions": CONDITIONS | {"rate_min": 20}}, headers=admin.headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "ProductIncomplete")
    assert (await client.get(f"{URL}?search=harvest", headers=admin.headers)).json()["total"] == 0


async def test_publishing_a_version_changes_no_open_application(
    client: AsyncClient, admin: Person, officer: Person, draft: Draft, take: Take
) -> None:
    first = (await monthly(client, officer))["in_force"]
    before = await draft(officer)
    assert before["product_version_id"] == first["id"]
    second = await published(client, admin)
    at = f"/api/v1/applications/{before['id']}"
    assert (await client.put(at, json={"requested_amount": 9000}, headers=officer.headers)).json()[
        "product_version_id"
    ] == first["id"]
    submitted = await take(officer, before, "submit")
    assert submitted.json()["product_version_id"] == first["id"]
    after = await draft(officer, id_number="010234568")
    assert after["product_version_id"] == second["id"]
    old, new = [
        (await client.post(f"/api/v1/applications/{one['id']}/quote", headers=officer.headers)).json()
        for one in (before, await draft(officer, id_number="010234569", requested_amount=1500))
    ]
    assert (old["totals"]["fees"], new["totals"]["fees"]) == (0, 30)


async def test_a_reopened_application_is_begun_anew_with_the_version_in_force(
    client: AsyncClient, admin: Person, officer: Person, draft: Draft, take: Take
) -> None:
    loan = await draft(officer)
    assert (await take(officer, loan, "withdraw", reason="After the harvest")).status_code == 200
    newer = await published(client, admin, rate_default=15, rate_max=16)
    reopened = (await take(officer, loan, "reopen", reason="The harvest is in")).json()
    assert (reopened["cycle"], reopened["product_version_id"]) == (2, newer["id"])
    dear = await take(officer, loan, "submit")
    assert (dear.status_code, dear.json()["code"]) == (422, "RateOutsideProduct")
    assert (await take(officer, loan, "withdraw", reason="Too late")).status_code == 200
    product = await monthly(client, admin)
    await client.patch(f"{URL}/{product['id']}", json={"is_active": False}, headers=admin.headers)
    kept = await take(officer, loan, "reopen", reason="Another product")  # to choose another one
    assert (kept.status_code, kept.json()["product_version_id"]) == (200, newer["id"])


async def test_another_product_is_another_version(client: AsyncClient, officer: Person, draft: Draft) -> None:
    drafted = await draft(officer)
    at = f"/api/v1/applications/{drafted['id']}"
    changed = (await client.put(at, json={"product_type": "weekly_loan"}, headers=officer.headers)).json()
    assert changed["product_version_id"] not in {None, drafted["product_version_id"]}
    assert (await client.put(at, json={"product_type": None}, headers=officer.headers)).json()[
        "product_version_id"
    ] is None


async def test_a_product_that_is_lent_no_longer_is_not_begun_with(
    client: AsyncClient, admin: Person, officer: Person, draft: Draft
) -> None:
    product = await monthly(client, admin)
    before = await draft(officer)
    stopped = await client.patch(f"{URL}/{product['id']}", json={"is_active": False}, headers=admin.headers)
    assert stopped.json()["is_active"] is False
    answer = await client.post("/api/v1/applications", json={"product_type": "monthly_loan"}, headers=officer.headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "ProductNotOffered")
    assert (await client.get(f"/api/v1/applications/{before['id']}", headers=officer.headers)).status_code == 200


async def test_what_is_not_there_is_missing(client: AsyncClient, admin: Person) -> None:
    product = await monthly(client, admin)
    nothing = f"{URL}/00000000-0000-4000-8000-000000000000"
    for answer in (
        await client.get(nothing, headers=admin.headers),
        await client.get(f"{nothing}/versions", headers=admin.headers),
        await client.post(f"{URL}/{product['id']}/versions/77/publish", headers=admin.headers),
    ):
        assert answer.status_code == 404


async def test_an_application_names_any_product_of_the_institution(
    client: AsyncClient, admin: Person, officer: Person, draft: Draft
) -> None:
    product = (await client.post(URL, json=NEW, headers=admin.headers)).json()
    body = {"product_code": "harvest_loan", "product_type": "monthly_loan"}
    early = await client.post("/api/v1/applications", json=body, headers=officer.headers)
    assert (early.status_code, early.json()["code"]) == (422, "ProductNotOffered")
    version = await client.post(f"{URL}/{product['id']}/versions/1/publish", headers=admin.headers)
    drafted = await draft(officer, product_code="harvest_loan")
    assert (drafted["product_version_id"], drafted["product_code"]) == (version.json()["id"], "harvest_loan")
    at = f"/api/v1/applications/{drafted['id']}"
    unknown = await client.put(at, json={"product_code": "gold"}, headers=officer.headers)
    assert (unknown.status_code, unknown.json()["code"]) == (422, "NoSuchProduct")
    back = await client.put(at, json={"product_code": None}, headers=officer.headers)
    assert back.json()["product_version_id"] == (await monthly(client, officer))["in_force"]["id"]
