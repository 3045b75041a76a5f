"""The law and the product at the steps of the workflow: submit, approve, and what nothing blocks."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from httpx import AsyncClient

from lc_workflow.organization.branches.models import Branch
from tests.conftest import Person, SignIn
from tests.lending.steps import Draft, Take

APPLICATIONS = "/api/v1/applications"


@pytest.fixture
async def people(sign_in: SignIn, officer: Person, branch: Branch) -> tuple[Person, Person, Person]:
    """An officer, a teller and a manager of one branch."""
    return officer, await sign_in("teller", branch_id=branch.id), await sign_in("manager", branch_id=branch.id)


@pytest.fixture
def follow_cambodia(client: AsyncClient, admin: Person) -> Callable[[], Awaitable[None]]:
    async def follow() -> None:
        at = "/api/v1/jurisdiction-profiles"
        profile = (await client.get(f"{at}?code=KH", headers=admin.headers)).json()["items"][0]
        for answer in (
            await client.post(f"{at}/{profile['id']}/confirm", headers=admin.headers),
            await client.put(f"{at}/in-use", json={"code": "KH"}, headers=admin.headers),
        ):
            assert answer.status_code == 200, answer.text

    return follow


async def blocked(client: AsyncClient, person: Person, application: dict[str, Any], action: str) -> list[str]:
    listed = (await client.get(f"{APPLICATIONS}/{application['id']}/actions", headers=person.headers)).json()
    return [why["code"] for one in listed if one["action"] == action for why in one["blocked_by"]]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"interest_rate": "18.01"}, "RateCapExceeded"),
        ({"collaterals": [{"collateral_type": "identity_papers"}]}, "CollateralProhibited"),
        ({"desired_loan_term": None}, "TermsMissing"),
    ],
)
async def test_what_the_law_forbids_is_not_submitted(
    changes: dict[str, Any],
    code: str,
    client: AsyncClient,
    officer: Person,
    draft: Draft,
    take: Take,
    follow_cambodia: Callable[[], Awaitable[None]],
) -> None:
    application = await draft(officer, **changes)
    assert await blocked(client, officer, application, "submit") == []
    await follow_cambodia()
    refused = await take(officer, application, "submit")
    assert (refused.status_code, refused.json()["code"]) == (422, code)
    assert await blocked(client, officer, application, "submit") == [code]


async def test_what_no_note_is_worth_is_neither_submitted_nor_approved(
    people: tuple[Person, Person, Person], draft: Draft, take: Take, to_review: Callable[..., Awaitable[dict[str, Any]]]
) -> None:
    officer, teller, manager = people
    odd = await draft(officer, currency="KHR", requested_amount=1_000_050)
    refused = await take(officer, odd, "submit")
    assert (refused.status_code, refused.json()["code"]) == (422, "NotAMultipleOfTheQuantum"), refused.text
    loan = await to_review(officer, teller, currency="KHR", requested_amount=1_000_100)
    less = await take(manager, loan, "approve", approved_amount=500_050)
    assert (less.status_code, less.json()["code"]) == (422, "NotAMultipleOfTheQuantum"), less.text
    assert (await take(manager, loan, "approve", approved_amount=500_000)).status_code == 200


async def test_a_flat_loan_is_seen_through(
    client: AsyncClient, officer: Person, follow_cambodia: Callable[[], Awaitable[None]]
) -> None:
    loan = {
        "currency": "USD",
        "principal": 1000,
        "annual_rate": 9,
        "term": 12,
        "frequency": "monthly",
        "method": "flat",
    }
    assert (await client.post("/api/v1/quotes", json=loan, headers=officer.headers)).status_code == 200
    await follow_cambodia()
    refused = await client.post("/api/v1/quotes", json=loan, headers=officer.headers)
    assert (refused.status_code, refused.json()["code"]) == (422, "FlatMethodProhibited")


async def test_what_the_law_forbids_is_not_approved(
    client: AsyncClient,
    people: tuple[Person, Person, Person],
    to_review: Callable[..., Awaitable[dict[str, Any]]],
    follow_cambodia: Callable[[], Awaitable[None]],
) -> None:
    officer, teller, manager = people
    reviewed = await to_review(officer, teller)
    await follow_cambodia()
    at = f"{APPLICATIONS}/{reviewed['id']}/approve"
    refused = await client.patch(at, json={"interest_rate": 19}, headers=manager.headers)
    assert (refused.status_code, refused.json()["code"]) == (422, "RateCapExceeded")
    assert (await client.patch(at, json={"interest_rate": 18}, headers=manager.headers)).status_code == 200


async def test_a_loan_that_leaves_its_product_is_not_submitted(
    client: AsyncClient, officer: Person, draft: Draft, take: Take
) -> None:
    application = await draft(officer, requested_amount="0.50")
    refused = await take(officer, application, "submit")
    assert (refused.status_code, refused.json()["code"]) == (422, "AmountOutsideProduct")


async def test_nothing_blocks_where_no_law_is_followed(
    client: AsyncClient, people: tuple[Person, Person, Person], to_review: Callable[..., Awaitable[dict[str, Any]]]
) -> None:
    officer, teller, manager = people
    reviewed = await to_review(officer, teller, interest_rate=30, requested_amount="1500.55", desired_loan_term=None)
    approved = await client.patch(f"{APPLICATIONS}/{reviewed['id']}/approve", json={}, headers=manager.headers)
    assert approved.json()["workflow_status"] == "APPROVED", approved.text


async def test_a_loan_is_approved_at_a_rate_though_nobody_named_one(
    client: AsyncClient, people: tuple[Person, Person, Person], to_review: Callable[..., Awaitable[dict[str, Any]]]
) -> None:
    officer, teller, manager = people
    reviewed = await to_review(officer, teller, interest_rate=None)
    at = f"{APPLICATIONS}/{reviewed['id']}"
    approved = (await client.patch(f"{at}/approve", json={}, headers=manager.headers)).json()
    assert (approved["interest_rate"], approved["approved_interest_rate"]) == (None, 18)
    content = (await client.get(f"{at}/dossier", headers=manager.headers)).json()["content"]
    assert content["request"]["approved_rate"] == 18
    own = await client.post(f"{at}/quote", headers=manager.headers)
    named = await client.post(f"{at}/quote", json={"annual_rate": 18}, headers=manager.headers)
    assert own.json()["quote_hash"] == named.json()["quote_hash"]


async def test_a_paid_loan_is_reckoned_though_the_law_forbids_another_like_it(
    client: AsyncClient,
    people: tuple[Person, Person, Person],
    to_review: Callable[..., Awaitable[dict[str, Any]]],
    follow_cambodia: Callable[[], Awaitable[None]],
) -> None:
    officer, teller, manager = people
    reviewed = await to_review(officer, teller, interest_rate=30, requested_amount=1500)
    at = f"{APPLICATIONS}/{reviewed['id']}"
    await client.patch(f"{at}/approve", json={}, headers=manager.headers)
    request = (await client.post(f"{at}/disbursement-requests", headers=officer.headers)).json()
    paid = {"amount": 1500, "currency": "USD", "paid_on": "2026-11-24", "reference": "TRX-1"}
    confirm = f"/api/v1/disbursement-requests/{request['id']}/confirm"
    assert (await client.post(confirm, json=paid, headers=teller.headers)).status_code == 200
    await follow_cambodia()
    assert (await client.post(f"{at}/quote", headers=officer.headers)).status_code == 200
    another = await client.post(f"{at}/quote", json={"term": 24}, headers=officer.headers)
    assert (another.status_code, another.json()["code"]) == (422, "RateCapExceeded")


async def test_what_the_law_forbids_is_not_paid_out(
    client: AsyncClient,
    people: tuple[Person, Person, Person],
    to_review: Callable[..., Awaitable[dict[str, Any]]],
    follow_cambodia: Callable[[], Awaitable[None]],
) -> None:
    officer, teller, manager = people
    reviewed = await to_review(officer, teller, interest_rate=30)
    at = f"{APPLICATIONS}/{reviewed['id']}"
    approved = await client.patch(f"{at}/approve", json={}, headers=manager.headers)
    assert approved.status_code == 200, approved.text
    await follow_cambodia()
    refused = await client.post(f"{at}/disbursement-requests", json={}, headers=manager.headers)
    assert (refused.status_code, refused.json()["code"]) == (422, "RateCapExceeded"), refused.text


STRICT: dict[str, Any] = {
    "limits": [
        {
            "currency": "USD",
            "amount_min": 100,
            "amount_max": 5000,
            "term_min": 3,
            "term_max": 24,
            "guarantor_from": 2000,
            "collateral_from": 3000,
        }
    ],
    "frequencies": ["monthly"],
    "methods": ["annuity"],
    "rate_min": 12,
    "rate_max": 18,
    "rate_default": 18,
}


BACKED = {"guarantor_name": "MEAS SOPHEA", "collaterals": [{"type": "motorbike"}]}


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({}, []),
        ({"currency": "KHR", "requested_amount": 4_000_000}, ["CurrencyNotOffered"]),
        ({"requested_amount": 5001, **BACKED}, ["AmountOutsideProduct"]),
        ({"requested_amount": 2000}, ["GuarantorNeeded"]),
        ({"requested_amount": 3000, "guarantor_name": "MEAS SOPHEA"}, ["CollateralNeeded"]),
        ({"requested_amount": 3000, **BACKED, "collaterals": [{"type": ""}]}, ["CollateralNeeded"]),
        ({"desired_loan_term": 25}, ["TermOutsideProduct"]),
        ({"interest_rate": 11}, ["RateOutsideProduct"]),
    ],
)
async def test_a_loan_keeps_to_every_limit_of_its_product(
    changes: dict[str, Any],
    codes: list[str],
    client: AsyncClient,
    admin: Person,
    officer: Person,
    draft: Draft,
    take: Take,
) -> None:
    products = "/api/v1/products"
    listed = await client.get(f"{products}?search=monthly_loan", headers=admin.headers)
    at = f"{products}/{listed.json()['items'][0]['id']}/versions"
    begun = await client.post(at, json=STRICT, headers=admin.headers)
    published = await client.post(f"{at}/{begun.json()['number']}/publish", headers=admin.headers)
    assert published.status_code == 200, published.text
    application = await draft(officer, **changes)
    assert await blocked(client, officer, application, "submit") == codes
    submitted = await take(officer, application, "submit")
    assert submitted.status_code == (422 if codes else 200), submitted.text
