"""Scores over HTTP: the written-down cases, a value that is missing, and people who decide otherwise."""

import json
from pathlib import Path
from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.organization.branches.models import Branch
from lc_workflow.platform.journal.models import JournalEntry
from tests.conftest import Person, SignIn
from tests.lending.steps import Draft, Take

APPLICATIONS = "/api/v1/applications"
VECTORS = json.loads((Path(__file__).parents[1] / "vectors/scoring.json").read_text())
BEST = VECTORS["cases"][0]["values"]


@pytest.fixture
async def drafted(officer: Person, draft: Draft) -> dict[str, Any]:
    return await draft(officer, requested_amount="1000.00")


@pytest.mark.parametrize("case", VECTORS["cases"], ids=lambda case: case["name"])
async def test_a_loan_is_scored_as_written_down(
    case: dict[str, Any], client: AsyncClient, officer: Person, drafted: dict[str, Any]
) -> None:
    lines = [{"kind": "income", "amount": 400}, {"kind": "debt", "amount": 60}]
    at = f"{APPLICATIONS}/{drafted['id']}"
    await client.put(f"{at}/financials", json={"lines": lines}, headers=officer.headers)
    judged = await client.post(f"{at}/affordability", headers=officer.headers)
    assert str(judged.json()["dti_pct"]) == case["values"]["dti_pct"]
    values = {name: value for name, value in case["values"].items() if name != "dti_pct"}
    answer = await client.post(f"{at}/score", json={"values": values}, headers=officer.headers)
    assert answer.status_code == 201, answer.text
    given = answer.json()
    for name in ("points", "total", "grade", "risk", "missing"):
        assert given[name] == case[name]
    assert given["system_decision"] == case["recommendation"]
    assert (await client.get(f"{at}/score", headers=officer.headers)).json() == given


async def test_what_affordability_tells_is_not_typed_in(
    client: AsyncClient, officer: Person, drafted: dict[str, Any]
) -> None:
    at = f"{APPLICATIONS}/{drafted['id']}"
    await client.post(f"{at}/affordability", headers=officer.headers)  # nothing is written down: the ratio is unknown
    given = (await client.post(f"{at}/score", json={"values": BEST}, headers=officer.headers)).json()
    assert (given["missing"], given["values"]["dti_pct"], given["system_decision"]) == (["dti_pct"], None, "REFER")


async def test_whoever_recommends_otherwise_says_why(
    client: AsyncClient, officer: Person, drafted: dict[str, Any], session: AsyncSession
) -> None:
    at = f"{APPLICATIONS}/{drafted['id']}/score"
    wish: dict[str, Any] = {"values": BEST, "decision": "DECLINE"}
    refused = await client.post(at, json=wish, headers=officer.headers)
    assert (refused.status_code, refused.json()["code"]) == (422, "DisagreementNeedsReason")
    assert (await client.get(at, headers=officer.headers)).status_code == 404
    given = await client.post(at, json=wish | {"reason": "Moves abroad"}, headers=officer.headers)
    assert (given.json()["decision"], given.json()["system_decision"]) == ("DECLINE", "APPROVE")
    agreed = await client.post(at, json={"values": BEST, "decision": "APPROVE"}, headers=officer.headers)
    assert agreed.status_code == 201
    scored = select(JournalEntry.reason).where(JournalEntry.kind == "ApplicationScored").order_by(JournalEntry.number)
    assert (await session.scalars(scored)).all() == ["Moves abroad", None]


async def test_a_loan_is_not_approved_against_its_score_without_a_word(
    client: AsyncClient, sign_in: SignIn, officer: Person, branch: Branch, to_review: Any
) -> None:
    teller, manager = [await sign_in(role, branch_id=branch.id) for role in ("teller", "manager")]
    reviewed = await to_review(officer, teller)
    at = f"{APPLICATIONS}/{reviewed['id']}"
    scored = await client.post(f"{at}/score", json={"values": {}}, headers=manager.headers)
    assert scored.json()["system_decision"] == "DECLINE"
    refused = await client.patch(f"{at}/approve", json={}, headers=manager.headers)
    assert (refused.status_code, refused.json()["code"]) == (422, "DisagreementNeedsReason")
    approved = await client.patch(f"{at}/approve", json={"notes": "Known for ten years"}, headers=manager.headers)
    assert approved.json()["workflow_status"] == "APPROVED", approved.text


async def test_what_was_found_before_a_change_of_substance_has_to_be_found_again_before_the_loan_is_approved(
    client: AsyncClient, sign_in: SignIn, officer: Person, branch: Branch, drafted: dict[str, Any], take: Take
) -> None:
    teller, manager = [await sign_in(role, branch_id=branch.id) for role in ("teller", "manager")]
    at = f"{APPLICATIONS}/{drafted['id']}"

    async def judged(person: Person) -> tuple[dict[str, Any], dict[str, Any]]:
        household = await client.post(f"{at}/affordability", headers=person.headers)
        scored = await client.post(f"{at}/score", json={"values": BEST}, headers=person.headers)
        return household.json(), scored.json()

    async def current() -> list[bool]:
        shown = [await client.get(f"{at}/{what}", headers=officer.headers) for what in ("affordability", "score")]
        return [one.json()["is_current"] for one in shown]

    await client.put(f"{at}/financials", json={"lines": [{"kind": "income", "amount": 400}]}, headers=officer.headers)
    assert [one["is_current"] for one in await judged(officer)] == [True, True]
    await client.put(at, json={"purpose_details": "A stall"}, headers=officer.headers)
    assert await current() == [True, True]
    await client.put(at, json={"requested_amount": 9000}, headers=officer.headers)
    assert await current() == [False, False]
    guessed = (await client.post(f"{at}/score", json={"values": BEST}, headers=officer.headers)).json()
    assert (guessed["missing"], guessed["is_current"]) == (["dti_pct"], True)  # the ratio of another loan is none
    for person, action in ((officer, "submit"), (teller, "start"), (teller, "send_to_review")):
        taken = await take(person, drafted, action, account_id="00012345")
        assert taken.status_code == 200, taken.text
    refused = await client.patch(f"{at}/approve", json={"notes": "Fine"}, headers=manager.headers)
    assert (refused.status_code, refused.json()["code"]) == (422, "AssessmentOutdated"), refused.text
    assert "affordability" in refused.json()["detail"]
    actions = (await client.get(f"{at}/actions", headers=manager.headers)).json()
    approve = next(one for one in actions if one["action"] == "approve")
    assert "AssessmentOutdated" in [one["code"] for one in approve["blocked_by"]]
    await judged(manager)
    approved = await client.patch(f"{at}/approve", json={"notes": "Fine"}, headers=manager.headers)
    assert approved.status_code == 200, approved.text


async def test_what_has_ended_is_assessed_no_more(
    client: AsyncClient, officer: Person, drafted: dict[str, Any], take: Take
) -> None:
    at = f"{APPLICATIONS}/{drafted['id']}"
    await take(officer, drafted, "withdraw", reason="She moved away")
    for answer in (
        await client.post(f"{at}/score", json={"values": BEST}, headers=officer.headers),
        await client.post(f"{at}/affordability", headers=officer.headers),
    ):
        assert (answer.status_code, answer.json()["code"]) == (422, "AssessmentOver"), answer.text


async def test_a_new_card_scores_what_comes_after_it(
    client: AsyncClient, sign_in: SignIn, officer: Person, drafted: dict[str, Any]
) -> None:
    admin = await sign_in("admin")
    at = f"{APPLICATIONS}/{drafted['id']}/score"
    before = (await client.post(at, json={"values": BEST}, headers=officer.headers)).json()
    card = {name: VECTORS["scorecard"][name] for name in ("code", "base", "attributes", "grades")}
    assert (await client.post("/api/v1/scorecards", json=card, headers=officer.headers)).status_code == 403
    published = await client.post("/api/v1/scorecards", json=card | {"base": -50}, headers=admin.headers)
    assert published.json()["version"] == 2, published.text
    after = (await client.post(at, json={"values": BEST}, headers=officer.headers)).json()
    assert [(one["scorecard_version"], one["total"]) for one in (before, after)] == [(1, 90), (2, 40)]
    broken = card | {"grades": card["grades"][:1]}
    refused = await client.post("/api/v1/scorecards", json=broken, headers=admin.headers)
    assert (refused.status_code, refused.json()["code"]) == (422, "ScorecardIncomplete")
    page = (await client.get("/api/v1/scorecards", headers=officer.headers)).json()
    assert [row["version"] for row in page["items"]] == [2, 1]


async def test_scoring_is_for_those_who_work_on_it(
    client: AsyncClient, sign_in: SignIn, drafted: dict[str, Any], branch: Branch
) -> None:
    at = f"{APPLICATIONS}/{drafted['id']}/score"
    viewer, stranger = await sign_in("viewer", branch_id=branch.id), await sign_in("officer")
    assert (await client.post(at, json={}, headers=viewer.headers)).status_code == 403
    assert (await client.post(at, json={}, headers=stranger.headers)).status_code == 404
