"""Papers that are missing keep an application from its steps: told before, and refused when tried."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.organization.branches.models import Branch
from lc_workflow.platform.journal.models import JournalEntry
from lc_workflow.seeding.checklists import adopt_checklist, read_checklist
from tests.conftest import ROOT, Person, SignIn
from tests.documents.library.conftest import NOBODY
from tests.lending.checklist.steps import (
    CHECKLISTS,
    CONTRACT,
    NID,
    REPORT,
    RULES,
    blocked,
    hand_in,
    put_in_force,
    shown,
    verify,
)
from tests.lending.steps import URL, Draft, Take
from tests.moments import NOON

LAND = {"collaterals": [{"type": "land", "title_number": "PP-0001", "value": 9000}]}
TODAY = NOON.date()


def codes(answer: Any) -> tuple[int, str, str]:
    return answer.status_code, answer.json()["code"], answer.json()["detail"]


async def test_a_new_installation_asks_for_nothing(
    client: AsyncClient, officer: Person, teller: Person, to_review: Callable[..., Awaitable[dict[str, Any]]]
) -> None:
    application = await to_review(officer, teller)
    found = await shown(client, officer, application)
    assert (found["checklist_id"], found["items"]) == (None, [])
    assert set(found["blocking"].values()) == {0}


async def test_each_gate_opens_when_its_papers_are_there(
    client: AsyncClient,
    admin: Person,
    officer: Person,
    teller: Person,
    manager: Person,
    draft: Draft,
    take: Take,
    announced: Callable[[], Awaitable[list[str]]],
) -> None:
    await put_in_force(client, admin, *RULES)
    application = await draft(officer, **LAND)

    # submitting waits for the identity card
    missing = "Paper missing: Identity card of the borrower."
    assert await blocked(client, officer, application, "submit") == ["PaperMissing"]
    assert codes(await take(officer, application, "submit")) == (422, "PaperMissing", missing)
    assert (await shown(client, officer, application))["blocking"] == {
        "submit": 1, "review": 2, "approve": 3, "disburse": 4,
    }  # fmt: skip
    await hand_in(client, officer, application, "borrower_id_card")
    assert await blocked(client, officer, application, "submit") == []
    assert (await take(officer, application, "submit")).status_code == 200
    assert (await take(teller, application, "start")).status_code == 200

    # review waits for a title that a second person has accepted
    send = {"account_id": "00012345"}
    assert codes(await take(teller, application, "send_to_review", **send))[1:] == (
        "PaperMissing",
        "Paper missing: Land title, for PP-0001.",
    )
    title = await hand_in(client, officer, application, "land_title")
    assert codes(await take(teller, application, "send_to_review", **send))[1] == "PaperUnverified"
    assert codes(await verify(client, officer, application, title))[:2] == (403, "SodUploader")
    assert codes(await verify(client, teller, application, title, verdict="refused"))[:2] == (422, "VerdictNeedsWords")
    refused = await verify(client, teller, application, title, verdict="refused", note="The seal is missing.")
    assert refused.status_code == 200, refused.text
    assert await blocked(client, teller, application, "send_to_review") == ["PaperRefused"]
    seen = await verify(client, teller, application, title, issued_on="2020-01-01")
    (item,) = [each for each in seen.json()["items"] if each["rule"] == "TITLE"]
    assert (item["status"], item["papers"][0]["verified_by"]) == ("met", str(teller.user.id))
    assert (await take(teller, application, "send_to_review", **send)).status_code == 200

    # approving waits for a report that is not too old
    report = await hand_in(client, teller, application, "credit_report")
    place = f"{URL}/{application['id']}/checklist/papers"
    old = await client.put(
        f"{place}/{report}", json={"issued_on": str(TODAY - timedelta(days=31))}, headers=teller.headers
    )
    assert old.status_code == 200, old.text
    assert await blocked(client, manager, application, "approve") == ["PaperOutdated"]
    assert codes(await take(manager, application, "approve"))[1] == "PaperOutdated"
    for days, code in (
        ({"issued_on": str(TODAY + timedelta(days=1))}, "PaperNotIssuedYet"),  # it would never grow old
        ({"issued_on": "2026-01-02", "expires_on": "2026-01-01"}, "PaperExpiredBeforeIssue"),
    ):
        described = await client.put(f"{place}/{report}", json=days, headers=teller.headers)
        assert codes(described)[:2] == (422, code)
        assert codes(await verify(client, manager, application, report, **days))[:2] == (422, code)
    silent = await verify(client, manager, application, report, verdict="refused", note="\u200b")
    assert codes(silent)[:2] == (422, "VerdictNeedsWords")
    fresh = {"issued_on": str(TODAY - timedelta(days=30))}
    assert (await client.put(f"{place}/{report}", json=fresh, headers=teller.headers)).status_code == 200
    assert (await take(manager, application, "approve")).status_code == 200

    # and paying out for the contract, which is signed after the approval
    assert "PaperMissing" in await blocked(client, manager, application, "disburse")
    await hand_in(client, teller, application, "contract")
    assert "PaperMissing" not in await blocked(client, manager, application, "disburse")
    kinds = await announced()
    assert (kinds.count("PaperVerified"), kinds.count("PaperDescribed")) == (2, 2)


async def test_the_kind_of_a_paper_is_known_by_how_it_looks(
    client: AsyncClient, sign_in: SignIn, branch: Branch, draft: Draft
) -> None:
    admin, officer = await sign_in("admin"), await sign_in("officer", branch_id=branch.id)
    await put_in_force(client, admin, NID)
    application = await draft(officer)
    await hand_in(client, officer, application, " borrower_id\u200b_card\ufeff")
    assert await blocked(client, officer, application, "submit") == []


async def test_publishing_changes_no_application_at_hand(
    client: AsyncClient, admin: Person, officer: Person, draft: Draft, take: Take, session: AsyncSession
) -> None:
    before = await draft(officer, id_number="010234561", phone="+85512345671")
    first = await put_in_force(client, admin, NID)
    between = await draft(officer, id_number="010234562", phone="+85512345672")
    await put_in_force(client, admin, REPORT | {"gate": "submit"}, name="Later")
    after = await draft(officer, id_number="010234563", phone="+85512345673")
    found = [await shown(client, officer, application) for application in (before, between, after)]
    assert [[item["rule"] for item in each["items"]] for each in found] == [[], ["NID"], ["REPORT"]]
    assert (await take(officer, before, "submit")).status_code == 200
    # one that begins again is given the checklist of the day
    for action in ("withdraw", "reopen"):
        assert (await take(officer, between, action, reason="The customer thought it over.")).status_code == 200
    assert [item["rule"] for item in (await shown(client, officer, between))["items"]] == ["REPORT"]
    for method, address in (("PUT", f"{CHECKLISTS}/{first}"), ("POST", f"{CHECKLISTS}/{first}/publish")):
        refused = await client.request(method, address, json={"name": "Other"}, headers=admin.headers)
        assert codes(refused)[:2] == (422, "ChecklistPublishedAlready")
    with pytest.raises(DBAPIError, match="does not change"):
        async with session.begin_nested():
            await session.execute(text("UPDATE checklists SET name = 'Other' WHERE number = 1"))


async def test_a_waiver_lets_pass_until_its_day_is_over(
    client: AsyncClient, admin: Person, officer: Person, manager: Person, draft: Draft, session: AsyncSession
) -> None:
    await put_in_force(client, admin, NID, CONTRACT | {"gate": "submit", "waivable": False})
    application = await draft(officer)
    address = f"{URL}/{application['id']}/checklist/waivers"
    wish = {"rule": "NID", "reason": "The card burnt; the commune has confirmed it.", "ends_on": str(TODAY)}

    async def waive(person: Person, **changes: Any) -> Any:
        return await client.post(address, json=wish | changes, headers=person.headers)

    assert codes(await waive(officer))[:2] == (403, "NotPermitted")
    assert codes(await waive(manager, rule="CONTRACT"))[:2] == (422, "NotWaivable")
    assert codes(await waive(manager, rule="NOTHING"))[:2] == (422, "NoSuchRule")
    assert codes(await waive(manager, ends_on=str(TODAY - timedelta(days=1))))[:2] == (422, "WaiverOver")
    assert codes(await waive(manager, subject_id=NOBODY))[:2] == (422, "NoSuchSubject")
    assert (await waive(manager, reason=" ")).status_code == 422
    waived = await waive(manager)
    assert waived.status_code == 201, waived.text
    assert [item["status"] for item in waived.json()["items"]] == ["waived", "missing"]
    assert waived.json()["waivers"][0]["granted_by"] == str(manager.user.id)
    on_record = select(JournalEntry.reason).where(JournalEntry.kind == "PaperWaived")
    assert (await session.scalars(on_record)).all() == [wish["reason"]]
    await session.execute(text("UPDATE paper_waivers SET ends_on = ends_on - 1"))
    await session.commit()
    assert [item["status"] for item in (await shown(client, officer, application))["items"]] == ["missing", "missing"]
    (again,) = [each["id"] for each in (await waive(manager)).json()["waivers"] if each["ends_on"] == str(TODAY)]
    other = await draft(officer, id_number="010234562", phone="+85512345672")
    through = f"{URL}/{other['id']}/checklist/waivers/{again}"
    assert codes(await client.delete(through, headers=manager.headers))[:2] == (404, "Missing")
    ended = await client.delete(f"{address}/{again}", headers=manager.headers)
    assert [item["status"] for item in ended.json()["items"]] == ["missing", "missing"]
    assert codes(await client.delete(f"{address}/{again}", headers=manager.headers))[:2] == (404, "Missing")


async def test_whoever_had_a_hand_in_an_application_waives_none_of_its_papers(
    client: AsyncClient, admin: Person, officer: Person, manager: Person, sign_in: SignIn, branch: Branch, draft: Draft,
    take: Take,
) -> None:  # fmt: skip
    await put_in_force(client, admin, REPORT)
    wish = {"rule": "REPORT", "reason": "I know her.", "ends_on": str(TODAY)}

    async def waive(person: Person, application: dict[str, Any]) -> Any:
        return await client.post(f"{URL}/{application['id']}/checklist/waivers", json=wish, headers=person.headers)

    deputy = await sign_in("manager", branch_id=branch.id)
    drafted = await draft(manager)
    for action in ("withdraw", "reopen"):  # what begins again was drafted by whoever drafted it
        assert (await take(officer, drafted, action, reason="The customer thought it over.")).status_code == 200
    assert codes(await waive(manager, drafted))[:2] == (403, "SodMaker")
    submitted = await draft(officer, id_number="010234562", phone="+85512345672")
    assert (await take(manager, submitted, "submit")).status_code == 200
    assert codes(await waive(manager, submitted))[:2] == (403, "SodMaker")
    changed = await draft(officer, id_number="010234563", phone="+85512345673")
    raised = await client.put(f"{URL}/{changed['id']}", json={"requested_amount": 1400}, headers=manager.headers)
    assert raised.status_code == 200, raised.text
    assert codes(await waive(manager, changed))[:2] == (403, "SodEditor")
    for application in (drafted, submitted, changed):
        assert (await waive(deputy, application)).status_code == 201
    auditor = await sign_in("auditor")
    told = (await client.get("/api/v1/security/alerts?severity=medium", headers=auditor.headers)).json()["items"]
    assert sorted((alert["application_id"], alert["description"].rpartition(" ")[2]) for alert in told) == sorted(
        ((drafted["id"], "SodMaker"), (submitted["id"], "SodMaker"), (changed["id"], "SodEditor"))
    )


async def test_a_paper_that_is_said_to_be_another_is_looked_at_again(
    client: AsyncClient, admin: Person, officer: Person, teller: Person, draft: Draft
) -> None:
    await put_in_force(client, admin, NID | {"verified": True})
    application = await draft(officer)
    paper = await hand_in(client, officer, application, "borrower_id_card")
    place = f"{URL}/{application['id']}/checklist/papers/{paper}"
    issued = {"issued_on": "2020-01-01"}
    assert (await verify(client, teller, application, paper, **issued)).status_code == 200
    for said, status, verdict, by in (
        (issued, "met", "accepted", str(teller.user.id)),
        ({"issued_on": "2021-01-01"}, "unverified", None, None),
    ):
        described = await client.put(place, json=said, headers=officer.headers)
        assert described.status_code == 200, described.text
        (item,) = described.json()["items"]
        seen = item["papers"][0]
        assert (item["status"], seen["verdict"], seen["verified_by"]) == (status, verdict, by)
    assert await blocked(client, officer, application, "submit") == ["PaperUnverified"]
    of_somebody_else = {"subject_id": NOBODY}
    described = await client.put(place, json=of_somebody_else, headers=officer.headers)
    assert codes(described)[:2] == (422, "NoSuchSubject")
    assert codes(await verify(client, teller, application, paper, **of_somebody_else))[:2] == (422, "NoSuchSubject")


async def test_the_papers_of_other_branches_and_of_other_applications_are_not_there(
    client: AsyncClient, admin: Person, officer: Person, teller: Person, sign_in: SignIn, draft: Draft, take: Take
) -> None:
    await put_in_force(client, admin, CONTRACT)
    mine = await draft(officer)
    other = await draft(officer, id_number="010234999", phone="+85512345999")
    paper = await hand_in(client, officer, other, "contract")
    assert codes(await verify(client, teller, mine, paper))[:2] == (404, "Missing")
    assert codes(await verify(client, await sign_in("manager"), other, paper))[:2] == (404, "Missing")
    stranger = await client.get(f"{URL}/{mine['id']}/checklist", headers=(await sign_in("officer")).headers)
    assert codes(stranger)[:2] == (404, "Missing")
    assert (await take(officer, other, "withdraw", reason="The customer left.")).status_code == 200
    assert codes(await verify(client, teller, other, paper))[:2] == (422, "PapersSettled")


async def test_checklists_ask_only_for_papers_the_house_knows(
    client: AsyncClient, admin: Person, officer: Person
) -> None:
    wish = {"name": "Stars", "rules": [NID | {"document_type": "horoscope"}]}
    assert codes(await client.post(CHECKLISTS, json=wish, headers=admin.headers))[:2] == (422, "BadChecklist")
    assert codes(await client.post(CHECKLISTS, json=wish, headers=officer.headers))[:2] == (403, "NotPermitted")
    drafted = await client.post(CHECKLISTS, json={"name": "A", "rules": [NID]}, headers=admin.headers)
    address = f"{CHECKLISTS}/{drafted.json()['id']}"
    changed = await client.put(address, json={"name": "B", "rules": [REPORT]}, headers=admin.headers)
    assert (changed.json()["name"], changed.json()["rules"][0]["code"]) == ("B", "REPORT")
    listed = (await client.get(CHECKLISTS, headers=officer.headers)).json()
    assert [(each["name"], each["is_current"]) for each in listed["items"]] == [("B", False)]
    assert (await client.get(f"{CHECKLISTS}/{NOBODY}", headers=officer.headers)).status_code == 404


async def test_the_standard_checklist_is_put_in_force_once(
    client: AsyncClient, admin: Person, officer: Person, draft: Draft, session: AsyncSession
) -> None:
    standard = read_checklist(Path(ROOT / "db" / "seeds" / "kh-standard.toml"))
    for _ in range(2):
        assert await adopt_checklist(session, standard, by=admin.user.username, at=NOON) == 1
    application = await draft(officer, **LAND, marital_status="married", income_source="salary")
    asked = {item["rule"]: item["status"] for item in (await shown(client, officer, application))["items"]}
    assert {"PHOTO", "NID", "SPOUSE", "SALARY", "CREDIT-REPORT", "LAND-TITLE", "CONTRACT"} <= asked.keys()
    assert not {"BUSINESS", "G-NID", "VALUATION", "VEHICLE"} & asked.keys()
    assert await blocked(client, officer, application, "submit") == ["PaperMissing"] * 3
