"""Moves over HTTP, through every door."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy.ext.asyncio import AsyncEngine

from lc_workflow.organization.branches.models import Branch
from tests.conftest import Person, SignIn
from tests.lending.steps import URL, Draft, Take
from tests.statements import sent as sent_by

ToReview = Callable[..., Awaitable[dict[str, Any]]]


async def test_a_loan_walks_through_the_web_apps_doors(
    client: AsyncClient,
    sign_in: SignIn,
    branch: Branch,
    draft: Draft,
    announced: Callable[[], Awaitable[list[str]]],
) -> None:
    officer = await sign_in("officer", branch_id=branch.id)
    colleague = await sign_in("officer", branch_id=branch.id)
    manager = await sign_in("manager", branch_id=branch.id)
    drafted = await draft(officer)
    at = f"{URL}/{drafted['id']}"

    submitted = await client.patch(f"{at}/submit", json={}, headers=officer.headers)
    assert (submitted.status_code, submitted.json()["status"]) == (200, "submitted")
    started = await client.post(
        f"{at}/workflow/transition", json={"new_status": "TELLER_PROCESSING"}, headers=colleague.headers
    )
    assert started.json()["workflow_status"] == "TELLER_PROCESSING"
    early = await client.post(
        f"{at}/workflow/transition", json={"new_status": "MANAGER_REVIEW", "account_id": ""}, headers=colleague.headers
    )
    assert (early.status_code, early.json()["code"]) == (422, "AccountNeeded")
    sent = await client.post(
        f"{at}/workflow/transition",
        json={"new_status": "MANAGER_REVIEW", "account_id": "00012345", "notes": "Account seen"},
        headers=colleague.headers,
    )
    assert (sent.json()["account_id"], sent.json()["account_id_validated"]) == ("00012345", True)
    assert sent.json()["account_id_validation_notes"] == "Account seen"
    approved = await client.patch(
        f"{at}/approve",
        json={"approved_amount": 1200, "approved_term": 10, "interest_rate": 16.5, "notes": "Less"},
        headers=manager.headers,
    )
    assert approved.status_code == 200, approved.text
    loan = approved.json()
    assert (loan["status"], loan["approved_by"]) == ("approved", str(manager.user.id))
    assert (loan["approved_amount"], loan["approved_loan_term"], loan["approved_interest_rate"]) == (1200, 10, 16.5)
    assert (loan["requested_amount"], loan["desired_loan_term"], loan["interest_rate"]) == (1500.5, 12, 18)
    history = (await client.get(f"{at}/workflow/history", headers=officer.headers)).json()
    assert [(move["from_status"], move["to_status"]) for move in history] == [
        ("PO_CREATED", "USER_COMPLETED"),
        ("USER_COMPLETED", "TELLER_PROCESSING"),
        ("TELLER_PROCESSING", "MANAGER_REVIEW"),
        ("MANAGER_REVIEW", "APPROVED"),
    ]
    assert await announced() == [
        "ApplicationDrafted",
        *["ApplicationMoved"] * 3,
        "DecisionTaken",
        "ApplicationMoved",
    ]


async def test_an_account_counts_as_checked_until_its_person_its_number_or_the_cycle_changes(
    client: AsyncClient, sign_in: SignIn, branch: Branch, to_review: ToReview, take: Take
) -> None:
    officer, teller = await sign_in("officer", branch_id=branch.id), await sign_in("teller", branch_id=branch.id)
    manager = await sign_in("manager", branch_id=branch.id)
    loan = await to_review(officer, teller)
    url = f"{URL}/{loan['id']}"

    async def checked() -> tuple[str, bool]:
        shown = (await client.get(url, headers=officer.headers)).json()
        return shown["account_id"], shown["account_id_validated"]

    await take(manager, loan, "return", reason="The amount is too high")
    await client.put(url, json={"requested_amount": 900}, headers=officer.headers)
    assert await checked() == ("00012345", True)
    somebody_else = {"full_name_latin": "CHEA DARA", "full_name_khmer": None, "id_number": "987654321"}
    await client.put(url, json=somebody_else, headers=officer.headers)
    assert await checked() == ("00012345", False)
    await take(officer, loan, "submit")
    await client.put(url, json={"account_id_validated": True}, headers=teller.headers)
    await take(teller, loan, "start", account_id="00099")
    assert await checked() == ("00099", False)
    await take(teller, loan, "send_to_review")
    assert await checked() == ("00099", True)
    await take(manager, loan, "reject", reason="She has moved away")
    await take(officer, loan, "reopen", reason="She came back")
    assert await checked() == ("00099", False)


async def test_an_account_stays_with_whom_it_belongs_to_when_somebody_else_borrows(
    client: AsyncClient, sign_in: SignIn, branch: Branch, draft: Draft, to_review: ToReview, take: Take
) -> None:
    officer, teller = await sign_in("officer", branch_id=branch.id), await sign_in("teller", branch_id=branch.id)
    manager = await sign_in("manager", branch_id=branch.id)
    await draft(officer)  # a returning customer, who is not written anew
    loan = await to_review(officer, teller)
    url = f"{URL}/{loan['id']}"
    await take(manager, loan, "return", reason="It is her sister who borrows")
    sister = {"full_name_latin": "SOK DARA", "full_name_khmer": None, "id_number": "999999999", "phone": "012999888"}
    changed = (await client.put(url, json=sister, headers=officer.headers)).json()
    assert (changed["customer_id"] == loan["customer_id"], changed["account_id"]) == (False, None)
    assert (await take(officer, loan, "submit")).status_code == 200
    assert (await take(teller, loan, "start")).status_code == 200


async def test_processing_begins_though_the_drafter_mistyped_the_account(
    client: AsyncClient, sign_in: SignIn, branch: Branch, draft: Draft, to_review: ToReview, take: Take
) -> None:
    officer, teller = await sign_in("officer", branch_id=branch.id), await sign_in("teller", branch_id=branch.id)
    await to_review(officer, teller)
    other = await draft(officer, account_id="00012345", id_number="999999999", full_name_latin="CHEA DARA", phone="")
    await take(officer, other, "submit")
    assert (await take(teller, other, "start")).status_code == 200  # the web app asks for no account there
    listed = (await client.get(f"{URL}/{other['id']}/actions", headers=teller.headers)).json()
    assert [one["needs"] for one in listed if one["action"] == "send_to_review"] == [["account_id"]]
    assert (await take(teller, other, "send_to_review")).json()["code"] == "AccountOfAnother"
    assert (await take(teller, other, "send_to_review", account_id="00012346")).status_code == 200


async def test_an_account_is_nobody_elses_for_a_space_in_it(
    officer: Person, teller: Person, draft: Draft, to_review: ToReview, take: Take
) -> None:
    await to_review(officer, teller)  # with her account
    other = {"id_number": "999999999", "full_name_latin": "CHEA DARA", "full_name_khmer": "", "phone": ""}
    await take(officer, loan := await draft(officer, **other), "submit")
    assert (await take(teller, loan, "start", account_id="000 12345")).json()["code"] == "AccountOfAnother"


async def test_an_account_that_was_mistyped_is_whose_it_is_once_it_is_corrected(
    client: AsyncClient, officer: Person, teller: Person, draft: Draft, to_review: ToReview, take: Take
) -> None:
    hers, his = "00012345", "00077"
    await to_review(officer, teller)  # with her account, which stays hers
    other = {"id_number": "999999999", "full_name_latin": "CHEA DARA", "full_name_khmer": "", "phone": ""}
    for wrong, by_hand in ((his, True), (his, False), (hers, False)):
        await take(officer, loan := await draft(officer), "submit")
        assert (await take(teller, loan, "start", account_id=wrong)).status_code == 200
        if by_hand:
            await client.put(f"{URL}/{loan['id']}", json={"account_id": "00098"}, headers=teller.headers)
        assert (await take(teller, loan, "send_to_review", account_id="00098")).status_code == 200
    await take(officer, loan := await draft(officer, **other), "submit")
    assert (await take(teller, loan, "start", account_id=his)).status_code == 200
    assert (await take(teller, loan, "send_to_review", account_id=hers)).json()["code"] == "AccountOfAnother"


@pytest.mark.parametrize("action", ["reject", "withdraw"])
async def test_an_account_that_nobody_has_checked_is_whose_it_is_once_the_loan_is_over(
    officer: Person, teller: Person, draft: Draft, take: Take, action: str
) -> None:
    await take(officer, loan := await draft(officer), "submit")
    assert (await take(teller, loan, "start", account_id="00077")).status_code == 200
    person = teller if action == "reject" else officer
    assert (await take(person, loan, action, reason="There is no such account")).status_code == 200
    other = {"id_number": "999999999", "full_name_latin": "CHEA DARA", "full_name_khmer": "", "phone": ""}
    await take(officer, theirs := await draft(officer, **other), "submit")
    assert (await take(teller, theirs, "start", account_id="00077")).status_code == 200
    # Whoever takes the first one up again is told.
    await take(officer, loan, "reopen", reason="She came back")
    await take(officer, loan, "submit")
    await take(teller, loan, "start")
    assert (await take(teller, loan, "send_to_review")).json()["code"] == "AccountOfAnother"


async def test_an_action_that_needs_nothing_needs_no_body(
    client: AsyncClient, sign_in: SignIn, branch: Branch, draft: Draft
) -> None:
    officer, teller = await sign_in("officer", branch_id=branch.id), await sign_in("teller", branch_id=branch.id)
    at = f"{URL}/{(await draft(officer))['id']}"
    assert (await client.patch(f"{at}/submit", headers=officer.headers)).status_code == 200
    assert (await client.post(f"{at}/actions/start", headers=teller.headers)).status_code == 200


async def test_a_rejection_says_why(client: AsyncClient, sign_in: SignIn, branch: Branch, to_review: ToReview) -> None:
    officer, teller = await sign_in("officer", branch_id=branch.id), await sign_in("teller", branch_id=branch.id)
    manager = await sign_in("manager", branch_id=branch.id)
    application = await to_review(officer, teller)
    silent = await client.patch(f"{URL}/{application['id']}/reject", json={}, headers=manager.headers)
    assert silent.status_code == 422
    said = await client.patch(
        f"{URL}/{application['id']}/reject", json={"rejection_reason": "Income not shown"}, headers=manager.headers
    )
    assert (said.json()["status"], said.json()["rejection_reason"]) == ("rejected", "Income not shown")
    assert said.json()["manager_reviewed_by"] == said.json()["rejected_by"] == str(manager.user.id)
    assert said.json()["manager_reviewed_at"] == said.json()["rejected_at"]


async def test_whoever_prepared_it_does_not_approve_it(
    client: AsyncClient, sign_in: SignIn, branch: Branch, to_review: ToReview
) -> None:
    manager, teller = await sign_in("manager", branch_id=branch.id), await sign_in("teller", branch_id=branch.id)
    application = await to_review(manager, teller)
    refused = await client.patch(f"{URL}/{application['id']}/approve", json={}, headers=manager.headers)
    assert (refused.status_code, refused.json()["code"]) == (403, "SodMaker")


async def test_a_manager_who_edited_a_draft_does_not_approve_it(
    client: AsyncClient, sign_in: SignIn, branch: Branch, draft: Draft, take: Take
) -> None:
    officer, manager = await sign_in("officer", branch_id=branch.id), await sign_in("manager", branch_id=branch.id)
    teller = await sign_in("teller", branch_id=branch.id)
    application = await draft(officer)
    await client.put(f"{URL}/{application['id']}", json={"requested_amount": 2000}, headers=manager.headers)
    await take(officer, application, "submit")
    await take(teller, application, "start")
    await take(teller, application, "send_to_review", account_id="1")
    assert (await take(manager, application, "approve")).json()["code"] == "SodEditor"


async def test_an_administrator_decides_no_loan(
    client: AsyncClient, sign_in: SignIn, branch: Branch, to_review: ToReview
) -> None:
    officer, teller = await sign_in("officer", branch_id=branch.id), await sign_in("teller", branch_id=branch.id)
    application, admin = await to_review(officer, teller), await sign_in("admin")
    for door, body in (("approve", {}), ("reject", {"rejection_reason": "No"})):
        refused = await client.patch(f"{URL}/{application['id']}/{door}", json=body, headers=admin.headers)
        assert refused.status_code == 403
    moved = await client.post(
        f"{URL}/{application['id']}/workflow/transition", json={"new_status": "APPROVED"}, headers=admin.headers
    )
    assert (moved.status_code, moved.json()["code"]) == (403, "NotYourStep")


async def test_a_manager_of_another_branch_does_not_even_see_it(
    client: AsyncClient, sign_in: SignIn, branch: Branch, to_review: ToReview, other_branch: Branch
) -> None:
    officer, teller = await sign_in("officer", branch_id=branch.id), await sign_in("teller", branch_id=branch.id)
    application = await to_review(officer, teller)
    stranger = await sign_in("manager", branch_id=other_branch.id)
    assert (
        await client.patch(f"{URL}/{application['id']}/approve", json={}, headers=stranger.headers)
    ).status_code == 404


async def test_nobody_is_granted_more_than_they_asked_for(
    client: AsyncClient, sign_in: SignIn, branch: Branch, to_review: ToReview
) -> None:
    officer, teller = await sign_in("officer", branch_id=branch.id), await sign_in("teller", branch_id=branch.id)
    application, manager = await to_review(officer, teller), await sign_in("manager", branch_id=branch.id)
    refused = await client.patch(
        f"{URL}/{application['id']}/approve", json={"approved_amount": 1500.51}, headers=manager.headers
    )
    assert (refused.status_code, refused.json()["code"]) == (422, "AboveRequest")


async def test_an_empty_draft_is_not_submitted(sign_in: SignIn, branch: Branch, draft: Draft, take: Take) -> None:
    officer = await sign_in("officer", branch_id=branch.id)
    application = await draft(officer, full_name_khmer="", full_name_latin="", requested_amount=None)
    refused = await take(officer, application, "submit")
    assert (refused.status_code, refused.json()["code"]) == (422, "Incomplete")
    assert [error["field"] for error in refused.json()["errors"]] == ["full_name_latin", "requested_amount"]


async def test_a_returned_application_is_mended_and_comes_back(
    client: AsyncClient, sign_in: SignIn, branch: Branch, to_review: ToReview, take: Take
) -> None:
    officer, teller = await sign_in("officer", branch_id=branch.id), await sign_in("teller", branch_id=branch.id)
    manager = await sign_in("manager", branch_id=branch.id)
    application = await to_review(officer, teller)
    returned = await take(manager, application, "return", reason="The family book is missing")
    assert (returned.json()["workflow_status"], returned.json()["status"]) == ("RETURNED", "draft")
    mended = await client.put(f"{URL}/{application['id']}", json={"occupation": "Weaver"}, headers=officer.headers)
    assert mended.status_code == 200
    assert (await take(officer, application, "submit")).json()["workflow_status"] == "USER_COMPLETED"


async def test_a_reopened_application_begins_a_new_cycle_and_keeps_its_history(
    client: AsyncClient, sign_in: SignIn, branch: Branch, to_review: ToReview, take: Take
) -> None:
    officer, teller = await sign_in("officer", branch_id=branch.id), await sign_in("teller", branch_id=branch.id)
    manager = await sign_in("manager", branch_id=branch.id)
    application = await to_review(officer, teller)
    await take(manager, application, "reject", reason="Too early")
    reopened = (await take(officer, application, "reopen", reason="The shop is open now")).json()
    assert (reopened["workflow_status"], reopened["cycle"], reopened["rejection_reason"]) == ("PO_CREATED", 2, None)
    assert reopened["manager_reviewed_by"] is None
    history = (await client.get(f"{URL}/{application['id']}/workflow/history", headers=officer.headers)).json()
    assert [(move["action"], move["reason"], move["cycle"]) for move in history][-2:] == [
        ("reject", "Too early", 1),
        ("reopen", "The shop is open now", 2),
    ]
    assert (await client.delete(f"{URL}/{application['id']}", headers=officer.headers)).json()["code"] == "NotADraft"


async def test_the_list_of_actions_says_what_keeps_somebody_from_each(
    client: AsyncClient, sign_in: SignIn, branch: Branch, to_review: ToReview
) -> None:
    officer, teller = await sign_in("officer", branch_id=branch.id), await sign_in("teller", branch_id=branch.id)
    manager = await sign_in("manager", branch_id=branch.id)
    application = await to_review(officer, teller)

    async def actions(person: Any) -> dict[str, Any]:
        answer = await client.get(f"{URL}/{application['id']}/actions", headers=person.headers)
        return {action["action"]: action for action in answer.json()}

    mine = await actions(manager)
    assert {name for name, action in mine.items() if action["allowed"]} == {"approve", "reject", "return", "withdraw"}
    assert mine["reject"]["needs"] == ["reason"]
    tellers = await actions(teller)
    assert tellers["approve"]["blocked_by"][0]["code"] == "NotYourStep"
    assert [obstacle["code"] for obstacle in tellers["start"]["blocked_by"]] == ["NoSuchStep"]
    standing = (await client.get(f"{URL}/{application['id']}/workflow/status", headers=manager.headers)).json()
    assert (standing["current_status"], set(standing["next_stages"])) == (
        "MANAGER_REVIEW",
        {"APPROVED", "REJECTED", "RETURNED", "WITHDRAWN"},
    )


@pytest.mark.parametrize("door", ["actions/submit", "actions/nonsense", "workflow/transition"])
async def test_a_stale_wish_moves_nothing(
    client: AsyncClient, sign_in: SignIn, branch: Branch, draft: Draft, door: str
) -> None:
    officer = await sign_in("officer", branch_id=branch.id)
    application = await draft(officer)
    answer = await client.post(
        f"{URL}/{application['id']}/{door}",
        json={"new_status": "USER_COMPLETED"},
        headers=officer.headers | {"If-Match": '"7"'},
    )
    assert answer.status_code == (422 if "nonsense" in door else 412)
    row = (await client.get(f"{URL}/{application['id']}", headers=officer.headers)).json()
    assert (row["workflow_status"], row["version"]) == ("PO_CREATED", 1)


async def test_each_step_is_a_known_number_of_statements(
    engine: AsyncEngine, sign_in: SignIn, branch: Branch, draft: Draft, take: Take
) -> None:
    officer, teller, manager = [await sign_in(role, branch_id=branch.id) for role in ("officer", "teller", "manager")]
    counted: dict[str, list[str]] = {}
    for number in range(2):
        with sent_by(engine) as statements:
            application = await draft(officer)
        counted["draft" if number else "first draft"] = [statement for statement, _ in statements]
        for person, action, body in (
            (officer, "submit", {}),
            (teller, "start", {}),
            (teller, "send_to_review", {"account_id": f"ACC{number}"}),
            (manager, "approve", {}),
        ):
            with sent_by(engine) as statements:
                answer = await take(person, application, action, **body)
            assert answer.status_code == 200, answer.text
            counted[action] = [statement for statement, _ in statements]
    limits = {"first draft": 12, "draft": 9, "submit": 15, "start": 14, "send_to_review": 23, "approve": 31}
    sizes = {step: len([one for one in statements if "SAVEPOINT" not in one]) for step, statements in counted.items()}
    assert all(sizes[step] <= limit for step, limit in limits.items()), sizes
