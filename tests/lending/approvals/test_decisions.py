"""Decisions over HTTP, stage by stage, and everything that keeps somebody from one."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.identity.roles.models import CompanyRole, UserRole
from lc_workflow.identity.users.models import FormerTelephone
from lc_workflow.lending.approvals.models import ApplicationDecision
from lc_workflow.lending.approvals.queries import fingerprint
from lc_workflow.lending.workflow.service import WorkflowService
from lc_workflow.organization.branches.models import Branch
from tests.conftest import Person, SignIn
from tests.lending.approvals.steps import BM, COMMITTEE, DELEGATIONS, RM, Decide, Give, HandOn, Hire, Publish
from tests.lending.products.test_controllers import NEW as HARVEST
from tests.lending.products.test_controllers import URL as PRODUCTS
from tests.lending.steps import URL, Draft, Take
from tests.moments import NOON
from tests.organization.factories import an_employee

ToReview = Callable[..., Awaitable[dict[str, Any]]]
Sheet = Callable[..., Awaitable[dict[str, Any]]]


@pytest.fixture
async def officer(hire: Hire) -> Person:
    return await hire("officer")


@pytest.fixture
def reviewed(hire: Hire, officer: Person, to_review: ToReview) -> Callable[..., Awaitable[dict[str, Any]]]:
    """A loan that waits for its decision."""

    async def reviewed(**changes: Any) -> dict[str, Any]:
        return await to_review(officer, await hire("teller"), **changes)

    return reviewed


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json().get("code") or answer.json()["workflow_status"]


async def test_the_default_has_one_stage_and_the_first_manager_decides(
    hire: Hire, reviewed: Any, decide: Decide, sheet: Sheet
) -> None:
    loan, manager = await reviewed(), await hire()
    seen = await sheet(manager, loan)
    assert [(stage["role"], stage["is_open"]) for stage in seen["stages"]] == [("manager", True)]
    assert (seen["matrix_number"], seen["terms"]["amount"], seen["decisions"]) == (1, 1500.5, [])
    assert code(await decide(manager, loan)) == (200, "APPROVED")
    assert code(await decide(await hire(), loan)) == (422, "StageClosed")


async def test_above_a_thousand_the_region_decides_after_the_branch(
    hire: Hire, reviewed: Any, decide: Decide, sheet: Sheet, publish: Publish, give: Give, take: Take
) -> None:
    await publish()
    loan, manager = await reviewed(), await hire()
    regional = await give(await hire("officer"), "regional_manager", reach="region", region="North")
    assert code(await decide(regional, loan)) == (403, "OutOfScope")
    first = (await decide(manager, loan)).json()
    assert (first["workflow_status"], first["approved_amount"]) == ("MANAGER_REVIEW", None)
    assert code(await decide(manager, loan)) == (422, "StageClosed")
    assert code(await decide(await hire(), loan)) == (422, "StageClosed")
    assert code(await decide(regional, loan, stage="BM")) == (422, "StageClosed")
    second = await take(regional, loan, "approve")
    assert code(second) == (200, "APPROVED")
    assert second.json()["approved_amount"] == 1500.5
    small = await reviewed(requested_amount=1000)
    assert code(await decide(manager, small)) == (200, "APPROVED")
    decisions = (await sheet(regional, loan))["decisions"]
    assert [(decision["stage"], decision["decision"]) for decision in decisions] == [
        ("BM", "approve"),
        ("RM", "approve"),
    ]


async def test_a_rule_for_one_of_our_own_products_is_for_its_loans_whatever_their_kind(
    client: AsyncClient, admin: Person, hire: Hire, reviewed: Any, sheet: Sheet, publish: Publish
) -> None:
    product = (await client.post(PRODUCTS, json=HARVEST, headers=admin.headers)).json()
    offered = await client.post(f"{PRODUCTS}/{product['id']}/versions/1/publish", headers=admin.headers)
    assert offered.status_code == 200, offered.text
    own = {"priority": 1, "when": {"products": ["harvest_loan"]}, "stages": [BM, RM]}
    await publish(rules=[own, {"priority": 2, "stages": [BM]}])
    manager = await hire()
    for changes, stages in (({"product_code": "harvest_loan"}, ["BM", "RM"]), ({}, ["BM"])):
        loan = await reviewed(requested_amount=500, product_type="monthly_loan", **changes)
        assert [stage["code"] for stage in (await sheet(manager, loan))["stages"]] == stages, changes


@pytest.mark.parametrize(("reach", "place"), [("region", {"region": "South"}), ("branch", {})])
async def test_authority_elsewhere_decides_nothing_here(
    hire: Hire, reviewed: Any, decide: Decide, publish: Publish, give: Give, north: Branch, reach: str, place: Any
) -> None:
    await publish(RM)
    loan = await reviewed()
    wish = place or {"branch_id": str(north.id)}
    regional = await give(await hire("regional_manager"), "regional_manager", reach=reach, **wish)
    assert code(await decide(regional, loan)) == (403, "OutOfScope")


@pytest.mark.parametrize("place", [{"reach": "region", "region": "South"}, {"reach": "branch"}])
async def test_authority_elsewhere_takes_nothing_from_the_post_at_home(
    session: AsyncSession, hire: Hire, reviewed: Any, decide: Decide, give: Give, place: dict[str, Any]
) -> None:
    loan, manager = await reviewed(), await hire()
    auditor = await session.scalar(select(CompanyRole.id).where(CompanyRole.name == "auditor"))
    session.add(UserRole(user_id=manager.user.id, role_id=auditor, given_at=NOON, given_by=manager.user.id))
    await session.commit()
    south = await session.scalar(select(Branch.id).where(Branch.region == "South"))
    over = place | ({} if "region" in place else {"branch_id": str(south)})
    await give(manager, "manager", limits={"USD": 100}, **over)
    assert code(await decide(manager, loan)) == (200, "APPROVED")


async def test_whoever_drafted_it_does_not_decide_it_in_a_later_cycle_either(
    hire: Hire, to_review: ToReview, take: Take, decide: Decide
) -> None:
    maker, officer, teller = await hire(), await hire("officer"), await hire("teller")
    loan = await to_review(maker, teller)
    assert code(await decide(maker, loan)) == (403, "SodMaker")
    assert code(await decide(maker, loan, "reject", reason="No")) == (403, "SodMaker")
    assert (await take(await hire(), loan, "reject", reason="No")).status_code == 200
    for person, action, body in (
        (officer, "reopen", {"reason": "Again"}),
        (officer, "submit", {}),
        (teller, "start", {}),
        (teller, "send_to_review", {}),
    ):
        assert (await take(person, loan, action, **body)).status_code == 200
    assert code(await decide(maker, loan)) == (403, "SodMaker")


async def test_whoever_changed_its_substance_does_not_decide_it(
    client: AsyncClient, hire: Hire, officer: Person, reviewed: Any, take: Take, decide: Decide
) -> None:
    loan, editor, teller = await reviewed(), await hire(), await hire("teller")
    assert (await take(editor, loan, "return", reason="Too much")).status_code == 200
    changed = await client.put(f"{URL}/{loan['id']}", json={"requested_amount": 1400}, headers=editor.headers)
    assert changed.status_code == 200
    for person, action in ((officer, "submit"), (teller, "start"), (teller, "send_to_review")):
        assert (await take(person, loan, action)).status_code == 200
    assert code(await decide(editor, loan)) == (403, "SodEditor")
    assert code(await decide(await hire(), loan)) == (200, "APPROVED")


async def test_nobody_decides_two_stages_of_a_cycle(
    hire: Hire, reviewed: Any, decide: Decide, publish: Publish, give: Give
) -> None:
    await publish(BM, RM)
    loan = await reviewed()
    both = await give(await hire(), "regional_manager", reach="region", region="North")
    assert code(await decide(both, loan)) == (200, "MANAGER_REVIEW")
    assert code(await decide(both, loan)) == (403, "SodRepeat")


async def test_a_party_to_the_loan_does_not_decide_it(hire: Hire, reviewed: Any, decide: Decide) -> None:
    loan = await reviewed(guarantor_phone="+855 12 999 111")
    for phone in ("012 345 678", "012999111"):
        assert code(await decide(await hire(phone_number=phone), loan)) == (403, "SodParty")


async def test_whoever_stands_in_for_one_loan_decides_all_others(
    client: AsyncClient, hire: Hire, reviewed: Any, decide: Decide
) -> None:
    guaranteed = await reviewed(guarantor_name="KEO BOPHA", guarantor_phone="+855 12 999 111")
    another = {"id_number": "012345679", "full_name_latin": "SOK DARA", "full_name_khmer": "", "phone": "012888222"}
    loan, guarantor = await reviewed(**another, account_id="00012346"), await hire(phone_number="012999111")
    assert code(await decide(guarantor, guaranteed)) == (403, "SodParty")
    listed = (await client.get(f"{URL}/{loan['id']}/actions", headers=guarantor.headers)).json()
    assert [action["blocked_by"] for action in listed if action["action"] == "approve"] == [[]]
    assert code(await decide(guarantor, loan)) == (200, "APPROVED")


async def test_whoever_changes_their_telephone_is_a_party_still(
    client: AsyncClient, hire: Hire, reviewed: Any, decide: Decide, session: AsyncSession
) -> None:
    loan = await reviewed(guarantor_phone="+855 12 999 111")
    guarantor = await hire(phone_number="012999111")
    for number in ("012 999 112", None):
        changed = await client.patch(
            f"/api/v1/users/{guarantor.user.id}", json={"phone_number": number}, headers=guarantor.headers
        )
        assert changed.status_code == 200, changed.text
    assert code(await decide(guarantor, loan)) == (403, "SodParty")
    # a number that nobody uses is given to somebody else at last
    await session.execute(update(FormerTelephone).values(given_up_at=NOON - timedelta(days=367)))
    await session.commit()
    assert code(await decide(guarantor, loan)) == (200, "APPROVED")


async def test_whoever_is_known_by_the_telephone_on_their_card_is_a_party_too(
    session: AsyncSession, hire: Hire, reviewed: Any, decide: Decide, hand_on: HandOn
) -> None:
    loan = await reviewed(guarantor_phone="+855 12 999 111")
    guarantor, deputy = await hire(phone_number=None), await hire("officer")
    session.add(an_employee(user_id=guarantor.user.id, phone_number="012999111"))
    await session.commit()
    assert code(await decide(guarantor, loan)) == (403, "SodParty")
    await hand_on(guarantor, deputy)
    assert code(await decide(deputy, loan)) == (403, "SodParty")


@pytest.mark.parametrize("change", [{"phone_number": "012999112"}, {"phone_number": None}, {"user_id": None}])
async def test_whoever_changes_the_telephone_on_their_card_is_a_party_still(
    client: AsyncClient, session: AsyncSession, hire: Hire, north: Branch, reviewed: Any, decide: Decide,
    change: dict[str, Any],
) -> None:  # fmt: skip
    loan = await reviewed(guarantor_phone="+855 12 999 111")
    guarantor = await hire(phone_number=None)
    card = an_employee(user_id=guarantor.user.id, phone_number="012999111", branch_id=north.id)
    session.add(card)
    await session.commit()
    changed = await client.patch(f"/api/v1/employees/{card.id}", json=change, headers=guarantor.headers)
    assert changed.status_code == 200, changed.text
    assert code(await decide(guarantor, loan)) == (403, "SodParty")


async def test_nobody_decides_a_loan_for_somebody_absent_who_stands_in_for_it(
    client: AsyncClient, hire: Hire, reviewed: Any, decide: Decide, hand_on: HandOn
) -> None:
    loan = await reviewed(guarantor_phone="+855 12 999 111")
    guarantor, deputy = await hire(phone_number="012999111"), await hire("officer")
    await hand_on(guarantor, deputy)
    assert code(await decide(deputy, loan)) == (403, "SodParty")


async def test_a_party_is_known_by_their_paper_where_the_telephone_says_nothing(
    hire: Hire, reviewed: Any, decide: Decide
) -> None:
    known = {"id_number": "012345679", "full_name_latin": "KEO BOPHA", "full_name_khmer": "", "phone": "012999111"}
    await reviewed(**known, account_id="00012346")
    loan = await reviewed(guarantor_name="KEO BOPHA", guarantor_id_number="012345679")
    assert loan["parties"][0]["phone"] is None
    assert code(await decide(await hire(phone_number="+85512999111"), loan)) == (403, "SodParty")


async def test_a_decision_keeps_its_currency_whatever_the_loan_is_in_later(
    client: AsyncClient, hire: Hire, officer: Person, reviewed: Any, decide: Decide, sheet: Sheet, take: Take
) -> None:
    loan, manager = await reviewed(currency="KHR", requested_amount=6_000_000), await hire()
    assert code(await decide(manager, loan, "reject", reason="In dollars, please")) == (200, "REJECTED")
    assert (await take(officer, loan, "reopen", reason="In dollars")).status_code == 200
    dollars = {"currency": "USD", "requested_amount": 1500}
    assert (await client.put(f"{URL}/{loan['id']}", json=dollars, headers=officer.headers)).status_code == 200
    (rejected,) = (await sheet(manager, loan))["decisions"]
    assert (rejected["amount"], rejected["currency"]) == (6_000_000, "KHR")
    dossier = (await client.get(f"{URL}/{loan['id']}/dossier", headers=manager.headers)).json()["content"]
    assert (dossier["request"]["currency"], dossier["decisions"][0]["currency"]) == ("USD", "KHR")


async def test_a_limit_is_not_exceeded_and_is_for_its_currency(
    hire: Hire, reviewed: Any, decide: Decide, publish: Publish, give: Give, north: Branch
) -> None:
    await publish(BM, needs_limit=True)
    loan, in_riel = await reviewed(), await reviewed(currency="KHR", requested_amount=4_000_000)
    assert code(await decide(await hire(), loan)) == (403, "LimitExceeded")
    here = {"reach": "branch", "branch_id": str(north.id)}
    small = await give(await hire(), "manager", limits={"USD": 1500}, **here)
    assert code(await decide(small, loan)) == (403, "LimitExceeded")
    assert code(await decide(small, in_riel)) == (403, "LimitExceeded")
    assert code(await decide(small, loan, approved_amount=1500)) == (200, "APPROVED")
    large = await give(await hire(), "manager", limits={"KHR": 4_000_000}, **here)
    assert code(await decide(large, in_riel)) == (200, "APPROVED")


async def test_a_limit_on_record_holds_where_the_matrix_asks_for_none(
    hire: Hire, reviewed: Any, decide: Decide, give: Give, north: Branch
) -> None:
    loan = await reviewed()
    bound = await give(
        await hire(), "manager", reach="branch", branch_id=str(north.id), limits={"USD": 100, "KHR": 400000}
    )
    assert code(await decide(bound, loan)) == (403, "LimitExceeded")
    assert code(await decide(bound, loan, "reject", reason="Too large for the shop")) == (200, "REJECTED")


async def test_what_was_decided_on_must_still_stand_there(
    client: AsyncClient, hire: Hire, officer: Person, reviewed: Any, decide: Decide, sheet: Sheet
) -> None:
    loan, manager = await reviewed(), await hire()
    seen = (await sheet(manager, loan))["snapshot_hash"]
    paper = {"file": ("late.txt", b"Another debt", "text/plain")}
    uploaded = await client.post(
        "/api/v1/files/upload", files=paper, data={"application_id": loan["id"]}, headers=officer.headers
    )
    assert uploaded.status_code == 201
    assert code(await decide(manager, loan, snapshot_hash=seen)) == (412, "SnapshotChanged")
    fresh = (await sheet(manager, loan))["snapshot_hash"]
    assert fresh != seen
    assert code(await decide(manager, loan, snapshot_hash=fresh.upper())) == (200, "APPROVED")


async def test_a_decision_keeps_what_was_seen(
    session: AsyncSession, hire: Hire, reviewed: Any, decide: Decide, sheet: Sheet
) -> None:
    loan, manager = await reviewed(), await hire()
    seen = (await sheet(manager, loan))["snapshot_hash"]
    assert (await decide(manager, loan)).status_code == 200
    session.expire_all()
    (row,) = await session.scalars(select(ApplicationDecision))
    assert row.snapshot_sha256.hex() == seen
    assert fingerprint(row.snapshot) == row.snapshot_sha256
    assert row.snapshot["terms"] == {"amount": "1500.5", "currency": "USD", "term": 12, "interest_rate": "18"}
    assert (row.snapshot["matrix"], row.snapshot["path"]["stages"][0]["role"]) == (1, "manager")
    row.snapshot = row.snapshot | {"matrix": 2}
    assert fingerprint(row.snapshot) != row.snapshot_sha256


async def test_a_lower_offer_finds_its_own_path_and_is_agreed_to_anew(
    client: AsyncClient, hire: Hire, reviewed: Any, decide: Decide, sheet: Sheet, publish: Publish, give: Give
) -> None:
    await publish()
    loan, manager = await reviewed(), await hire()
    regional = await give(await hire("officer"), "regional_manager", reach="region", region="North")
    assert (await decide(manager, loan)).status_code == 200
    offered = await decide(regional, loan, "counter_offer", approved_amount=900, approved_term=6)
    assert code(offered) == (200, "MANAGER_REVIEW")
    seen = await sheet(manager, loan)
    assert [(stage["code"], stage["is_open"]) for stage in seen["stages"]] == [("BM", True)]
    assert (seen["terms"]["amount"], seen["terms"]["term"]) == (900, 6)
    assert [decision["voided_because"] for decision in seen["decisions"]] == ["Other terms were offered.", None]
    dossier = (await client.get(f"{URL}/{loan['id']}/dossier", headers=manager.headers)).json()["content"]
    assert (dossier["schedule"]["totals"]["principal"], len(dossier["schedule"]["installments"])) == (900, 6)
    agreed = (await decide(manager, loan)).json()
    assert (agreed["workflow_status"], agreed["approved_amount"], agreed["approved_loan_term"]) == ("APPROVED", 900, 6)
    assert (agreed["requested_amount"], agreed["desired_loan_term"]) == (1500.5, 12)


async def test_other_terms_that_are_none_are_no_offer(hire: Hire, reviewed: Any, decide: Decide) -> None:
    loan, manager = await reviewed(), await hire()
    assert code(await decide(manager, loan, "counter_offer")) == (422, "OtherTermsNeeded")
    assert code(await decide(manager, loan, "counter_offer", approved_amount=1500.5)) == (422, "OtherTermsNeeded")
    assert code(await decide(manager, loan, "counter_offer", approved_amount=1501)) == (422, "AboveRequest")
    assert code(await decide(manager, loan, "counter_offer", interest_rate=15)) == (200, "APPROVED")


async def test_a_committee_decides_at_its_quorum(
    hire: Hire, reviewed: Any, decide: Decide, sheet: Sheet, publish: Publish, give: Give
) -> None:
    await publish(COMMITTEE)
    members = [await give(await hire("officer"), "credit_committee") for _ in range(4)]
    loan = await reviewed()
    assert code(await decide(members[0], loan, "recuse", reason="My cousin")) == (200, "MANAGER_REVIEW")
    assert code(await decide(members[0], loan)) == (403, "SodRepeat")
    assert code(await decide(members[1], loan)) == (200, "MANAGER_REVIEW")
    assert code(await decide(members[2], loan, "abstain")) == (200, "MANAGER_REVIEW")
    (stage,) = (await sheet(members[0], loan))["stages"]
    assert (stage["agreed"], stage["refused"], stage["quorum"]) == (1, 0, 2)
    assert code(await decide(members[3], loan)) == (200, "APPROVED")
    late = await give(await hire("officer"), "credit_committee")
    assert code(await decide(late, loan)) == (422, "StageClosed")


async def test_a_vote_on_one_loan_counts_for_no_other(
    hire: Hire, reviewed: Any, decide: Decide, sheet: Sheet, publish: Publish
) -> None:
    await publish(BM | {"quorum": 2})
    loans = [await reviewed(id_number=f"01023456{n}", account_id=f"0001234{n}") for n in range(2)]
    first, second = await hire(), await hire()
    for manager, loan in zip((first, second), loans, strict=True):
        assert code(await decide(manager, loan)) == (200, "MANAGER_REVIEW")
        (stage,) = (await sheet(manager, loan))["stages"]
        assert (stage["is_open"], stage["agreed"], stage["quorum"]) == (True, 1, 2)
    assert code(await decide(second, loans[0])) == (200, "APPROVED")


async def test_whoever_recused_themselves_stays_away_whatever_is_offered_next(
    hire: Hire, reviewed: Any, decide: Decide, sheet: Sheet, publish: Publish, give: Give
) -> None:
    await publish(COMMITTEE)
    members = [await give(await hire("officer"), "credit_committee") for _ in range(3)]
    loan = await reviewed()
    await decide(members[0], loan, "recuse", reason="My cousin")
    assert code(await decide(members[1], loan)) == (200, "MANAGER_REVIEW")
    assert code(await decide(members[2], loan, "counter_offer", approved_amount=900)) == (200, "MANAGER_REVIEW")
    voided = [(one["decision"], one["voided_because"]) for one in (await sheet(members[0], loan))["decisions"]]
    assert voided == [("recuse", None), ("approve", "Other terms were offered."), ("counter_offer", None)]
    assert code(await decide(members[0], loan)) == (403, "SodRepeat")  # still a cousin
    assert code(await decide(members[1], loan)) == (200, "APPROVED")


async def test_whoever_recused_themselves_neither_returns_the_loan_nor_undoes_its_approval(
    hire: Hire, reviewed: Any, decide: Decide, take: Take
) -> None:
    loan, cousin = await reviewed(), await hire()
    await decide(cousin, loan, "recuse", reason="My cousin")
    refused = await decide(cousin, loan, "return", reason="Ask for more")
    assert code(refused) == (403, "SodRepeat")
    assert refused.json()["detail"] == "You recused yourself from this application; leave it to others."
    assert code(await take(cousin, loan, "return", reason="Ask for more")) == (403, "SodRepeat")
    assert code(await decide(await hire(), loan)) == (200, "APPROVED")
    assert code(await take(cousin, loan, "undo_approval", reason="Ask for more")) == (403, "SodRepeat")


@pytest.mark.parametrize("decision", ["return", "reject", "abstain", "recuse"])
async def test_whoever_does_not_agree_to_a_loan_sets_no_conditions(
    hire: Hire, reviewed: Any, decide: Decide, sheet: Sheet, decision: str
) -> None:
    loan, manager = await reviewed(), await hire()
    wish = {"reason": "Too near the river", "conditions": ["Build a dam"]}
    assert code(await decide(manager, loan, decision, **wish)) == (422, "ConditionsWithoutApproval")
    assert (await sheet(manager, loan))["conditions"] == []
    assert (await decide(manager, loan, decision, reason="Too near the river")).status_code == 200


async def test_a_reopened_loan_waits_for_no_condition_of_its_last_cycle(
    hire: Hire, officer: Person, reviewed: Any, decide: Decide, sheet: Sheet, publish: Publish, give: Give, take: Take
) -> None:
    await publish()
    loan, manager = await reviewed(), await hire()
    regional = await give(await hire(), "regional_manager", reach="region", region="North")
    await decide(manager, loan, "approve_with_conditions", conditions=["Land title deposited"])
    assert [one["text"] for one in (await sheet(manager, loan))["conditions"]] == ["Land title deposited"]
    await decide(regional, loan, "reject", reason="Too far from the road")
    assert (await take(officer, loan, "reopen", reason="There is a road now")).status_code == 200
    assert (await sheet(manager, loan))["conditions"] == []


async def test_nothing_is_not_lent(client: AsyncClient, hire: Hire, reviewed: Any) -> None:
    loan, manager = await reviewed(product_type=""), await hire()
    nothing = await client.patch(
        f"{URL}/{loan['id']}/approve", json={"approved_amount": 0, "approved_term": 12}, headers=manager.headers
    )
    assert code(nothing) == (422, "NothingLent")
    assert nothing.json()["errors"][0]["field"] == "approved_amount"
    as_asked = await client.patch(f"{URL}/{loan['id']}/approve", json={"approved_amount": ""}, headers=manager.headers)
    assert (code(as_asked), as_asked.json()["approved_amount"]) == ((200, "APPROVED"), 1500.5)


async def test_the_web_apps_button_approves_at_the_rate_that_was_asked_for(
    client: AsyncClient, hire: Hire, reviewed: Any
) -> None:
    """It knows no rate and sends 0 each time, which is no wish to lend without interest."""
    loan, manager = await reviewed(), await hire()
    pressed = {"approved_amount": 1500.5, "approved_term": 12, "interest_rate": 0}
    approved = await client.patch(f"{URL}/{loan['id']}/approve", json=pressed, headers=manager.headers)
    assert (code(approved), approved.json()["approved_interest_rate"]) == ((200, "APPROVED"), 18)
    sheet = (await client.get(f"{URL}/{loan['id']}/decisions", headers=manager.headers)).json()
    assert [one["decision"] for one in sheet["decisions"]] == ["approve"]


async def test_a_loan_is_lent_without_interest_where_that_is_decided(hire: Hire, reviewed: Any, decide: Decide) -> None:
    loan = await reviewed(product_type="")
    approved = await decide(await hire(), loan, "counter_offer", interest_rate=0)
    assert (code(approved), approved.json()["approved_interest_rate"]) == ((200, "APPROVED"), 0)


async def test_a_committee_refuses_at_its_quorum(
    hire: Hire, reviewed: Any, decide: Decide, publish: Publish, give: Give
) -> None:
    await publish(COMMITTEE)
    members = [await give(await hire("officer"), "credit_committee") for _ in range(3)]
    loan = await reviewed()
    assert code(await decide(members[0], loan, "reject")) == (422, "ReasonNeeded")
    assert code(await decide(members[0], loan, "reject", reason="Too risky")) == (200, "MANAGER_REVIEW")
    assert code(await decide(members[1], loan)) == (200, "MANAGER_REVIEW")
    rejected = await decide(members[2], loan, "reject", reason="Too large")
    assert code(rejected) == (200, "REJECTED")
    assert rejected.json()["rejection_reason"] == "Too large"


async def test_conditions_are_met_before_the_loan_is_paid_out(
    client: AsyncClient,
    session: AsyncSession,
    hire: Hire,
    officer: Person,
    reviewed: Any,
    decide: Decide,
    sheet: Sheet,
    take: Take,
) -> None:
    loan, manager = await reviewed(), await hire()
    assert code(await decide(manager, loan, "approve_with_conditions")) == (422, "ConditionsNeeded")
    approved = await decide(manager, loan, "approve_with_conditions", conditions=["Land title deposited", "Photo"])
    assert code(approved) == (200, "APPROVED")
    conditions = (await sheet(officer, loan))["conditions"]
    assert {condition["text"] for condition in conditions} == {"Land title deposited", "Photo"}

    async def blocked() -> list[str]:
        listed = (await client.get(f"{URL}/{loan['id']}/actions", headers=manager.headers)).json()
        (disburse,) = [action for action in listed if action["action"] == "disburse"]
        return [obstacle["code"] for obstacle in disburse["blocked_by"]]

    assert await blocked() == ["NotYourStep", "ConditionsOpen"]
    for condition in conditions:
        closing = f"{URL}/{loan['id']}/conditions/{condition['id']}/close"
        viewer = await hire("viewer")
        assert (await client.post(closing, headers=viewer.headers)).status_code == 403
        for _ in range(2):
            closed = await client.post(closing, json={"note": "Seen"}, headers=officer.headers)
            assert closed.status_code == 200, closed.text
    met = (await sheet(officer, loan))["conditions"]
    assert [(condition["closing_note"], condition["closed_by"]) for condition in met] == [
        ("Seen", str(officer.user.id))
    ] * 2
    assert await blocked() == ["NotYourStep"]
    assert await WorkflowService(session).expire_due(at=NOON) == 0


async def test_an_approval_is_undone_in_the_name_of_whom_somebody_stands_in_for(
    client: AsyncClient, hire: Hire, reviewed: Any, decide: Decide, hand_on: HandOn, take: Take
) -> None:
    loan, manager = await reviewed(), await hire()
    deputy = await hire("regional_manager", first_name="Dara", last_name="Chan")
    assert code(await decide(manager, loan)) == (200, "APPROVED")
    assert code(await take(deputy, loan, "undo_approval", reason="The wrong amount")) == (403, "OutOfScope")
    await hand_on(manager, deputy)
    assert code(await take(deputy, loan, "undo_approval", reason="The wrong amount")) == (200, "MANAGER_REVIEW")
    history = (await client.get(f"{URL}/{loan['id']}/workflow/history", headers=manager.headers)).json()
    assert (history[-1]["actor_name"], history[-1]["on_behalf_of_name"]) == ("Dara Chan", "Chanthy Sok")


async def test_nobody_undoes_an_approval_for_somebody_who_keeps_away(
    hire: Hire, reviewed: Any, decide: Decide, hand_on: HandOn, take: Take
) -> None:
    loan, manager, colleague, deputy = await reviewed(), await hire(), await hire(), await hire("regional_manager")
    assert code(await decide(manager, loan, "recuse", reason="My cousin")) == (200, "MANAGER_REVIEW")
    assert code(await decide(colleague, loan)) == (200, "APPROVED")
    await hand_on(manager, deputy)
    assert code(await take(deputy, loan, "undo_approval", reason="The wrong amount")) == (403, "SodRepeat")


async def test_a_deputy_decides_in_the_managers_name_while_they_are_away(
    client: AsyncClient, hire: Hire, reviewed: Any, decide: Decide, sheet: Sheet, hand_on: HandOn
) -> None:
    manager, deputy = await hire(), await hire("officer", first_name="Dara", last_name="Chan")
    loan, second = await reviewed(), await reviewed()
    assert code(await decide(deputy, loan)) == (403, "NotYourStep")
    handed = await hand_on(manager, deputy, limits={"USD": 2000})
    assert code(await decide(deputy, loan)) == (200, "APPROVED")
    (decision,) = (await sheet(manager, loan))["decisions"]
    assert (decision["actor_name"], decision["on_behalf_of_name"]) == ("Dara Chan", "Chanthy Sok")
    assert (decision["actor_id"], decision["on_behalf_of"]) == (str(deputy.user.id), str(manager.user.id))
    history = (await client.get(f"{URL}/{loan['id']}/workflow/history", headers=manager.headers)).json()
    assert (history[-1]["actor_name"], history[-1]["on_behalf_of_name"]) == ("Dara Chan", "Chanthy Sok")
    await client.delete(f"{DELEGATIONS}/{handed['id']}", headers=manager.headers)
    assert code(await decide(deputy, second)) == (403, "NotYourStep")


async def test_a_deputy_is_bound_by_what_binds_whom_they_stand_in_for(
    hire: Hire, to_review: ToReview, reviewed: Any, decide: Decide, hand_on: HandOn
) -> None:
    manager, deputy = await hire(), await hire("officer")
    await hand_on(manager, deputy, limits={"USD": 1000})
    own_loan = await to_review(manager, await hire("teller"), requested_amount=900)
    assert code(await decide(deputy, own_loan)) == (403, "SodMaker")
    assert code(await decide(deputy, await reviewed())) == (403, "LimitExceeded")


async def test_who_may_approve_nothing_hands_on_no_limit_that_may(
    hire: Hire, reviewed: Any, decide: Decide, publish: Publish, hand_on: HandOn
) -> None:
    await publish(BM, needs_limit=True)
    manager, deputy, loan = await hire(), await hire("officer"), await reviewed()
    assert code(await decide(manager, loan)) == (403, "LimitExceeded")
    await hand_on(manager, deputy, limits={"USD": 9_000})
    assert code(await decide(deputy, loan)) == (403, "LimitExceeded")


async def test_an_administrator_with_every_permission_is_refused_without_the_role(
    session: AsyncSession, sign_in: SignIn, reviewed: Any, decide: Decide, take: Take
) -> None:
    loan, admin = await reviewed(), await sign_in("admin")
    assert code(await decide(admin, loan)) == (403, "NotYourStep")
    assert code(await take(admin, loan, "approve")) == (403, "NotYourStep")


async def test_a_change_of_substance_voids_what_was_decided_and_a_small_one_does_not(
    client: AsyncClient, hire: Hire, officer: Person, reviewed: Any, decide: Decide, sheet: Sheet, publish: Publish,
    give: Give, take: Take,
) -> None:  # fmt: skip
    await publish()
    loan, manager, teller = await reviewed(), await hire(), await hire("teller")
    regional = await give(await hire("officer"), "regional_manager", reach="region", region="North")
    assert (await decide(manager, loan)).status_code == 200

    async def sent_back_with(**change: Any) -> dict[str, Any]:
        returned = await decide(regional, loan, "return", reason="Look at this again")
        assert code(returned) == (200, "RETURNED")
        put = await client.put(f"{URL}/{loan['id']}", json=change, headers=officer.headers)
        assert put.status_code == 200
        for person, action in ((officer, "submit"), (teller, "start"), (teller, "send_to_review")):
            assert (await take(person, loan, action)).status_code == 200
        return await sheet(manager, loan)

    kept = await sent_back_with(phone="012 000 111")
    assert [(stage["code"], stage["is_open"]) for stage in kept["stages"]] == [("BM", False), ("RM", True)]
    voided = await sent_back_with(requested_amount=1200)
    assert [(stage["code"], stage["is_open"]) for stage in voided["stages"]] == [("BM", True), ("RM", False)]
    first = voided["decisions"][0]
    assert (first["decision"], first["voided_because"]) == ("approve", "The application changed.")
    assert (first["amount"], first["currency"]) == (1500.5, "USD")
    assert voided["terms"]["amount"] == 1200
    assert code(await decide(manager, loan)) == (200, "MANAGER_REVIEW")
    assert code(await decide(regional, loan)) == (200, "APPROVED")


async def test_publishing_a_matrix_changes_no_open_application(
    hire: Hire, reviewed: Any, decide: Decide, sheet: Sheet, publish: Publish
) -> None:
    loan, manager = await reviewed(), await hire()
    before = await sheet(manager, loan)
    newer = await publish(COMMITTEE)
    assert await sheet(manager, loan) == before
    assert code(await decide(manager, loan)) == (200, "APPROVED")
    after = await sheet(manager, await reviewed())
    assert (after["matrix_number"], after["stages"][0]["code"]) == (newer["number"], "CC")


async def test_the_last_stage_undoes_an_approval_and_decides_again(
    hire: Hire, reviewed: Any, decide: Decide, sheet: Sheet, publish: Publish, give: Give, take: Take
) -> None:
    await publish()
    loan, manager = await reviewed(), await hire()
    regional = await give(await hire(), "regional_manager", reach="region", region="North")
    assert (await decide(manager, loan)).status_code == 200
    assert code(await decide(regional, loan)) == (200, "APPROVED")
    assert code(await take(manager, loan, "undo_approval", reason="Wrong")) == (403, "OutOfScope")
    assert code(await take(regional, loan, "undo_approval", reason="Wrong")) == (200, "MANAGER_REVIEW")
    seen = await sheet(regional, loan)
    assert [(stage["code"], stage["agreed"], stage["is_open"]) for stage in seen["stages"]] == [
        ("BM", 1, False),
        ("RM", 0, True),
    ]
    assert code(await decide(regional, loan)) == (200, "APPROVED")


async def test_the_list_of_actions_says_what_a_loan_waits_for(
    client: AsyncClient, hire: Hire, officer: Person, reviewed: Any, publish: Publish
) -> None:
    await publish(RM)
    loan, manager = await reviewed(), await hire()
    listed = (await client.get(f"{URL}/{loan['id']}/actions", headers=manager.headers)).json()
    (approve,) = [action for action in listed if action["action"] == "approve"]
    assert approve["blocked_by"] == [
        {"code": "OutOfScope", "detail": "It waits for regional_manager at SRP01, with authority over the region."}
    ]


async def test_what_a_customer_owes_already_counts_where_the_matrix_says_so(
    hire: Hire, reviewed: Any, decide: Decide, sheet: Sheet, publish: Publish
) -> None:
    await publish(basis="exposure")
    manager = await hire()
    first = await reviewed(requested_amount=800)
    assert code(await decide(manager, first)) == (200, "APPROVED")
    second = await sheet(manager, await reviewed(requested_amount=800))
    assert [stage["code"] for stage in second["stages"]] == ["BM", "RM"]


async def test_what_a_customer_would_owe_may_reach_the_limit_to_the_riel(
    hire: Hire, reviewed: Any, decide: Decide, publish: Publish, give: Give
) -> None:
    await publish(BM, basis="exposure")
    head = await give(await hire("officer"), "manager", limits={"USD": 2000, "KHR": 8_000_000})
    assert code(await decide(head, await reviewed(currency="KHR", requested_amount=4_500_000))) == (200, "APPROVED")
    above = await decide(head, await reviewed(currency="KHR", requested_amount=3_500_100))
    assert above.json()["detail"] == "8000100.00 KHR is above the 8000000 KHR you may approve as manager."
    assert code(await decide(head, await reviewed(currency="KHR", requested_amount=3_500_000))) == (200, "APPROVED")


async def test_what_a_customer_stands_in_for_counts_as_owed(
    hire: Hire, reviewed: Any, decide: Decide, sheet: Sheet, publish: Publish
) -> None:
    await publish(basis="exposure")
    manager = await hire()
    other = {"id_number": "012345679", "full_name_latin": "KEO BOPHA", "full_name_khmer": "", "phone": "012999111"}
    borrower = {"guarantor_name": "SOK CHANTHY", "guarantor_id_number": "010234567"}
    assert code(
        await decide(manager, await reviewed(requested_amount=800, account_id="00012346", **other, **borrower))
    ) == (200, "APPROVED")
    seen = await sheet(manager, await reviewed(requested_amount=800))
    assert [stage["code"] for stage in seen["stages"]] == ["BM", "RM"]


async def test_what_a_customer_borrowed_together_with_another_counts_as_owed(
    client: AsyncClient, hire: Hire, officer: Person, draft: Draft, take: Take, decide: Decide, sheet: Sheet,
    publish: Publish, reviewed: Any,
) -> None:  # fmt: skip
    await publish(basis="exposure")
    manager, teller = await hire(), await hire("teller")
    other = {"id_number": "012345679", "full_name_latin": "KEO BOPHA", "full_name_khmer": "", "phone": "012999111"}
    together = await draft(officer, requested_amount=800, **other)
    party = {"role": "co_borrower", "full_name_latin": "SOK CHANTHY", "id_number": "010234567"}
    party |= {"full_name_khmer": "សុខ ចាន់ធី", "id_card_type": "cambodian_identity"}
    joined = await client.post(f"{URL}/{together['id']}/parties", json=party, headers=officer.headers)
    assert joined.status_code == 201, joined.text
    for person, action in ((officer, "submit"), (teller, "start")):
        await take(person, together, action)
    await take(teller, together, "send_to_review", account_id="00012346")
    assert code(await decide(manager, together)) == (200, "APPROVED")
    seen = await sheet(manager, await reviewed(requested_amount=800))
    assert [stage["code"] for stage in seen["stages"]] == ["BM", "RM"]


async def test_terms_that_nobody_agrees_to_any_more_are_not_on_offer(
    hire: Hire, reviewed: Any, decide: Decide, sheet: Sheet, take: Take
) -> None:
    loan, manager = await reviewed(), await hire()
    assert code(await decide(manager, loan, "counter_offer", approved_amount=900)) == (200, "APPROVED")
    assert code(await take(manager, loan, "undo_approval", reason="The wrong amount")) == (200, "MANAGER_REVIEW")
    assert (await sheet(manager, loan))["terms"]["amount"] == 1500.5
    assert (await take(manager, loan, "approve")).json()["approved_amount"] == 1500.5


async def test_terms_that_another_stage_agreed_to_stay_on_offer(
    hire: Hire, reviewed: Any, decide: Decide, sheet: Sheet, publish: Publish, give: Give, take: Take
) -> None:
    await publish()
    loan, manager = await reviewed(), await hire()
    regional = await give(await hire(), "regional_manager", reach="region", region="North")
    await decide(manager, loan)
    await decide(regional, loan, "counter_offer", approved_amount=1200)
    assert code(await decide(manager, loan)) == (200, "APPROVED")
    assert code(await take(regional, loan, "undo_approval", reason="Ask again")) == (200, "MANAGER_REVIEW")
    assert (await sheet(regional, loan))["terms"]["amount"] == 1200


async def test_every_decision_is_on_record_and_none_is_lost(
    session: AsyncSession, hire: Hire, reviewed: Any, decide: Decide
) -> None:
    loan, manager = await reviewed(), await hire()
    await decide(manager, loan, "return", reason="The family book is missing")
    (row,) = await session.scalars(select(ApplicationDecision))
    assert (row.decision.value, row.reason, row.actor_id) == (
        "return",
        "The family book is missing",
        manager.user.id,
    )
    told = await session.scalar(text("SELECT facts FROM journal_entries WHERE kind = 'DecisionTaken'"))
    assert (told["decision"], told["stage"], told["snapshot_hash"]) == ("return", "MANAGER", row.snapshot_sha256.hex())


async def test_a_decision_rests_on_how_the_loan_was_judged(
    client: AsyncClient, session: AsyncSession, hire: Hire, officer: Person, reviewed: Any, decide: Decide, sheet: Sheet
) -> None:
    loan, manager = await reviewed(), await hire()
    before = (await sheet(manager, loan))["snapshot_hash"]
    judged = await client.post(f"{URL}/{loan['id']}/affordability", json={}, headers=officer.headers)
    assert judged.is_success, judged.text
    assert code(await decide(manager, loan, snapshot_hash=before)) == (412, "SnapshotChanged")
    assert code(await decide(manager, loan)) == (200, "APPROVED")
    session.expire_all()
    (row,) = await session.scalars(select(ApplicationDecision))
    assert row.snapshot["affordability"]["verdict"] == judged.json()["verdict"]


async def test_a_doubtful_household_brings_the_stage_for_exceptions(
    client: AsyncClient, hire: Hire, officer: Person, reviewed: Any, decide: Decide, sheet: Sheet, publish: Publish
) -> None:
    risk = {"code": "RISK", "role": "risk_officer", "scope": "organisation"}
    await publish(BM, surcharges=[{"stage": risk}])
    loan, manager = await reviewed(), await hire()
    assert [stage["code"] for stage in (await sheet(manager, loan))["stages"]] == ["BM"]
    judged = await client.post(f"{URL}/{loan['id']}/affordability", json={}, headers=officer.headers)
    assert judged.json()["verdict"] == "REFER", judged.text
    assert code(await decide(manager, loan)) == (403, "OutOfScope")


async def test_the_rate_of_the_day_is_kept_for_the_whole_cycle(
    client: AsyncClient, admin: Person, hire: Hire, reviewed: Any, sheet: Sheet, publish: Publish
) -> None:
    await publish()
    rate = {"base": "USD", "currency": "KHR", "rate": 4000}
    assert (await client.post("/api/v1/exchange-rates", json=rate, headers=admin.headers)).status_code == 201
    loan, manager = await reviewed(currency="KHR", requested_amount=4_050_000), await hire()
    assert (await client.post("/api/v1/exchange-rates", json=rate | {"rate": 4100}, headers=admin.headers)).is_success
    seen = await sheet(manager, loan)
    assert (seen["khr_per_usd"], [stage["code"] for stage in seen["stages"]]) == (4000, ["BM", "RM"])
