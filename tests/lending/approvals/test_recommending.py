"""Whoever sends an application to review recommends terms; requested, recommended and approved stay apart."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from httpx import AsyncClient

from tests.conftest import Person
from tests.lending.approvals.steps import Decide, Give, Hire, Publish
from tests.lending.steps import URL, Draft, Take


@pytest.fixture
async def officer(hire: Hire) -> Person:
    return await hire("officer")


@pytest.fixture
async def teller(hire: Hire) -> Person:
    return await hire("teller")


@pytest.fixture
def processed(officer: Person, teller: Person, draft: Draft, take: Take) -> Callable[..., Awaitable[dict[str, Any]]]:
    """A loan that the teller is about to send to review."""

    async def processed(**changes: Any) -> dict[str, Any]:
        loan = await draft(officer, **changes)
        assert (await take(officer, loan, "submit")).status_code == 200
        assert (await take(teller, loan, "start")).status_code == 200
        return loan

    return processed


@pytest.fixture
def recommend(take: Take, teller: Person) -> Callable[..., Awaitable[Any]]:
    """Send a loan to review with a recommendation."""

    async def recommend(loan: dict[str, Any], **terms: Any) -> Any:
        return await take(teller, loan, "send_to_review", account_id="00012345", **terms)

    return recommend


def recommended(loan: dict[str, Any]) -> tuple[Any, Any, Any]:
    return loan["recommended_amount"], loan["recommended_loan_term"], loan["recommended_interest_rate"]


async def test_what_is_recommended_stands_beside_what_is_requested_and_approved(
    client: AsyncClient, hire: Hire, processed: Any, recommend: Any, decide: Decide, sheet: Any
) -> None:
    loan = await processed()
    sent = (await recommend(loan, recommended_amount=1200, recommended_term=10)).json()
    assert recommended(sent) == (1200, 10, None)
    assert (sent["requested_amount"], sent["desired_loan_term"], sent["approved_amount"]) == (1500.5, 12, None)
    manager = await hire()
    assert (await sheet(manager, loan))["terms"] == {
        "amount": 1200, "currency": "USD", "term": 10, "interest_rate": 18
    }  # fmt: skip
    quoted = (await client.post(f"{URL}/{loan['id']}/quote", json={}, headers=manager.headers)).json()
    assert (quoted["totals"]["principal"], len(quoted["installments"])) == (1200, 10)
    approved = (await decide(manager, loan)).json()
    assert (approved["approved_amount"], approved["approved_loan_term"]) == (1200, 10)
    assert (recommended(approved), approved["requested_amount"]) == ((1200, 10, None), 1500.5)
    (decision,) = (await sheet(manager, loan))["decisions"]
    assert (decision["decision"], decision["quote_hash"]) == ("approve", quoted["quote_hash"])
    dossier = (await client.get(f"{URL}/{loan['id']}/dossier", headers=manager.headers)).json()["content"]
    asked = dossier["request"]
    assert (asked["requested_amount"], asked["recommended_amount"], asked["recommended_term"]) == (1500.5, 1200, 10)


async def test_whoever_decides_may_grant_all_that_was_requested(
    hire: Hire, processed: Any, recommend: Any, decide: Decide
) -> None:
    loan = await processed()
    assert (await recommend(loan, recommended_amount=1200)).status_code == 200
    approved = (await decide(await hire(), loan, approved_amount=1500.5)).json()
    assert (approved["approved_amount"], recommended(approved)) == (1500.5, (1200, None, None))


async def test_a_low_recommendation_spares_a_higher_grant_no_stage(
    hire: Hire, processed: Any, recommend: Any, decide: Decide, sheet: Any, publish: Publish
) -> None:
    await publish()
    manager, loan = await hire(), await processed()
    assert (await recommend(loan, recommended_amount=900)).status_code == 200
    assert [stage["code"] for stage in (await sheet(manager, loan))["stages"]] == ["BM"]
    granted = (await decide(manager, loan, approved_amount=1500.5)).json()
    assert (granted["workflow_status"], granted["approved_amount"]) == ("MANAGER_REVIEW", None)
    stages = (await sheet(manager, loan))["stages"]
    assert [(stage["code"], stage["is_open"]) for stage in stages] == [("BM", False), ("RM", True)]


@pytest.mark.parametrize(
    ("terms", "code"),
    [
        ({"recommended_amount": 1501}, "AboveRequest"),
        ({"recommended_amount": 0}, "NothingLent"),
        ({"recommended_amount": 1200.001}, "InvalidInput"),
        ({"recommended_term": 0}, "InvalidInput"),
        ({"recommended_amount": 0.5}, "AmountOutsideProduct"),
    ],
)
async def test_a_recommendation_that_could_not_be_granted_is_refused(
    processed: Any, recommend: Any, terms: dict[str, Any], code: str
) -> None:
    refused = await recommend(await processed(), **terms)
    assert (refused.status_code, refused.json()["code"]) == (422, code)


async def test_terms_are_recommended_to_those_who_decide_alone(
    officer: Person, draft: Draft, take: Take, client: AsyncClient
) -> None:
    loan = await draft(officer)
    refused = await take(officer, loan, "submit", recommended_amount=1200)
    assert (refused.status_code, refused.json()["code"]) == (422, "NothingToRecommendFor")
    loan = (await client.put(f"{URL}/{loan['id']}", json={"recommended_amount": 1}, headers=officer.headers)).json()
    assert recommended(loan) == (None, None, None)


async def test_the_door_of_the_web_app_takes_a_recommendation_too(
    client: AsyncClient, teller: Person, processed: Any
) -> None:
    wish = {"new_status": "MANAGER_REVIEW", "account_id": "00012345", "recommended_interest_rate": 16.5}
    sent = await client.post(
        f"{URL}/{(await processed())['id']}/workflow/transition", json=wish, headers=teller.headers
    )
    assert recommended(sent.json()) == (None, None, 16.5)


async def test_a_recommendation_is_of_the_application_as_it_was(
    client: AsyncClient, hire: Hire, officer: Person, teller: Person, processed: Any, recommend: Any, take: Take
) -> None:
    manager, loan = await hire(), await processed()
    assert (await recommend(loan, recommended_amount=1200)).status_code == 200
    returned = (await take(manager, loan, "return", reason="Look again")).json()
    assert recommended(returned) == (1200, None, None)
    loan = (await client.put(f"{URL}/{loan['id']}", json={"phone": "012345679"}, headers=officer.headers)).json()
    assert recommended(loan) == (1200, None, None)
    loan = (await client.put(f"{URL}/{loan['id']}", json={"requested_amount": 1000}, headers=officer.headers)).json()
    assert recommended(loan) == (None, None, None)


async def test_a_loan_sent_again_is_recommended_as_before_unless_it_is_said_otherwise(
    hire: Hire, officer: Person, teller: Person, processed: Any, recommend: Any, take: Take, sheet: Any
) -> None:
    manager, loan = await hire(), await processed()

    async def again(**terms: Any) -> dict[str, Any]:
        assert (await take(manager, loan, "return", reason="Look again")).status_code == 200
        assert (await take(officer, loan, "submit")).status_code == 200
        assert (await take(teller, loan, "start")).status_code == 200
        sent: dict[str, Any] = (await recommend(loan, **terms)).json()
        return sent

    assert (await recommend(loan, recommended_amount=1200)).status_code == 200
    assert recommended(await again()) == (1200, None, None)
    assert (await sheet(manager, loan))["terms"]["amount"] == 1200
    assert recommended(await again(recommended_amount=1300)) == (1300, None, None)
    assert (await sheet(manager, loan))["terms"]["amount"] == 1300


async def test_a_new_cycle_begins_without_a_recommendation(
    hire: Hire, processed: Any, recommend: Any, take: Take, decide: Decide, officer: Person
) -> None:
    loan = await processed()
    assert (await recommend(loan, recommended_amount=1200)).status_code == 200
    assert (await decide(await hire(), loan, "reject", reason="The stall is closed")).status_code == 200
    assert recommended((await take(officer, loan, "reopen", reason="It opened again")).json()) == (None, None, None)


async def test_votes_on_other_terms_than_are_recommended_now_are_void(
    hire: Hire, officer: Person, teller: Person, processed: Any, recommend: Any, take: Take, sheet: Any,
    decide: Decide, publish: Publish, give: Give,
) -> None:  # fmt: skip
    await publish()
    manager, loan = await hire(), await processed()
    regional = await give(await hire("officer"), "regional_manager", reach="region", region="North")
    assert (await recommend(loan, recommended_amount=1200)).status_code == 200
    assert (await decide(manager, loan)).status_code == 200
    assert (await decide(regional, loan, "return", reason="Less")).status_code == 200
    assert (await take(officer, loan, "submit")).status_code == 200
    assert (await take(teller, loan, "start")).status_code == 200
    assert (await recommend(loan, recommended_amount=1100)).status_code == 200
    seen = await sheet(manager, loan)
    assert (seen["terms"]["amount"], seen["decisions"][0]["voided_because"]) == (1100, "Other terms were recommended.")
    assert [(stage["code"], stage["is_open"]) for stage in seen["stages"]] == [("BM", True), ("RM", False)]


async def test_the_form_of_a_second_stage_leaves_the_first_ones_offer_on_the_table(
    client: AsyncClient, hire: Hire, processed: Any, recommend: Any, sheet: Any, decide: Decide, publish: Publish,
    give: Give,
) -> None:  # fmt: skip
    await publish()
    manager, loan = await hire(), await processed()
    regional = await give(await hire("officer"), "regional_manager", reach="region", region="North")
    assert (await recommend(loan)).status_code == 200
    assert (await decide(manager, loan, "counter_offer", approved_amount=1200)).status_code == 200
    form = {"approved_amount": 1500.5, "approved_term": 12, "interest_rate": 0}
    refused = await client.patch(f"{URL}/{loan['id']}/approve", json=form, headers=regional.headers)
    assert (refused.status_code, refused.json()["code"]) == (422, "OtherTermsAgreed")
    assert refused.json()["detail"].startswith("Others agreed to 1200.00 USD over 12 months: approve that,")
    assert [stage["is_open"] for stage in (await sheet(manager, loan))["stages"]] == [False, True]
    meant = await decide(regional, loan, "counter_offer", approved_amount=1500.5)
    assert meant.json()["workflow_status"] == "MANAGER_REVIEW"
    assert [stage["is_open"] for stage in (await sheet(manager, loan))["stages"]] == [True, False]
    agreed = await client.patch(f"{URL}/{loan['id']}/approve", json=form, headers=manager.headers)
    assert (agreed.status_code, agreed.json()["approved_amount"]) == (200, 1500.5)


async def test_a_counter_offer_is_quoted_on_its_own_terms(
    client: AsyncClient, hire: Hire, processed: Any, recommend: Any, sheet: Any, decide: Decide
) -> None:
    manager, loan = await hire(), await processed()
    assert (await recommend(loan)).status_code == 200
    less = {"principal": 900, "term": 6}
    quoted = (await client.post(f"{URL}/{loan['id']}/quote", json=less, headers=manager.headers)).json()
    assert (await decide(manager, loan, "counter_offer", approved_amount=900, approved_term=6)).status_code == 200
    (decision,) = (await sheet(manager, loan))["decisions"]
    assert decision["quote_hash"] == quoted["quote_hash"]
