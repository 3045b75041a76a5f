"""Applications over HTTP."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from lc_workflow.lending.customers.models import Customer
from lc_workflow.organization.branches.models import Branch
from lc_workflow.organization.employees.models import Employee
from lc_workflow.platform.journal.models import JournalEntry
from tests.conftest import Person, SignIn
from tests.lending.steps import URL, WISH, Draft, Take
from tests.organization.factories import an_employee
from tests.statements import sent


async def test_an_officer_writes_an_application_down(
    client: AsyncClient, sign_in: SignIn, branch: Branch, announced: Callable[[], Awaitable[list[str]]]
) -> None:
    officer = await sign_in("officer", branch_id=branch.id)
    answer = await client.post(
        f"{URL}/", json=WISH | {"guarantor_name": "", "unknown": {"key": 1}}, headers=officer.headers
    )
    assert answer.status_code == 201, answer.text
    drafted = answer.json()
    assert (drafted["workflow_status"], drafted["status"]) == ("PO_CREATED", "draft")
    assert (drafted["user_id"], drafted["branch_id"]) == (str(officer.user.id), str(branch.id))
    assert (drafted["requested_amount"], drafted["desired_loan_term"]) == (1500.5, 12)
    assert (drafted["guarantor_name"], drafted["documents"], drafted["collaterals"]) == (None, [], [])
    assert answer.headers["etag"] == '"1"'
    assert (await client.get(f"{URL}/{drafted['id']}", headers=officer.headers)).json() == drafted
    assert await announced() == ["ApplicationDrafted"]


async def test_amounts_are_exact_numbers(client: AsyncClient, sign_in: SignIn, branch: Branch) -> None:
    officer = await sign_in("officer", branch_id=branch.id)
    body = '{"full_name_latin": "A", "requested_amount": 1234567890123.45, "interest_rate": 17.9999}'
    answer = await client.post(URL, content=body, headers=officer.headers | {"Content-Type": "application/json"})
    assert '"requested_amount":1234567890123.45' in answer.text
    assert '"interest_rate":17.9999' in answer.text


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("requested_amount", -1),
        ("requested_amount", 1.001),
        ("requested_amount", 10**14),
        ("interest_rate", 1000),
        ("desired_loan_term", 0),
        ("desired_loan_term", 2.5),
        ("product_type", "yearly_loan"),
        ("date_of_birth", "13.04.1990"),
        ("phone", "1" * 41),
        ("loan_purposes", ["gambling"]),
        ("collaterals", ["a house"]),
        ("employee_assignments", [{"employee_id": "me"}]),
    ],
)
async def test_what_cannot_be_meant_is_named(
    client: AsyncClient, sign_in: SignIn, branch: Branch, field: str, value: object
) -> None:
    officer = await sign_in("officer", branch_id=branch.id)
    answer = await client.post(URL, json=WISH | {field: value}, headers=officer.headers)
    assert answer.status_code == 422, answer.text
    assert field in answer.json()["errors"][0]["field"]
    assert isinstance(answer.json()["detail"], str)


async def test_null_empties_a_list_as_it_empties_any_other_field(
    client: AsyncClient, sign_in: SignIn, branch: Branch
) -> None:
    officer = await sign_in("officer", branch_id=branch.id)
    lists = ("loan_purposes", "existing_loans", "collaterals", "documents")
    nothing = dict.fromkeys(lists)
    silent = await client.post(URL, json=WISH | nothing, headers=officer.headers)
    assert (silent.status_code, [silent.json().get(name) for name in lists]) == (201, [[], [], [], []]), silent.text
    said = {"loan_purposes": ["commerce"], "existing_loans": [{"lender": "A"}], "collaterals": [{"type": "land"}]}
    url = f"{URL}/{silent.json()['id']}"
    filled = (await client.put(url, json=said, headers=officer.headers)).json()
    assert [bool(filled[name]) for name in lists] == [True, True, True, False]
    emptied = await client.put(url, json=nothing, headers=officer.headers)
    assert (emptied.status_code, [emptied.json().get(name) for name in lists]) == (200, [[], [], [], []]), emptied.text


async def test_a_form_that_sends_its_days_as_moments_means_the_days_of_the_branches(
    client: AsyncClient, sign_in: SignIn, branch: Branch
) -> None:
    officer = await sign_in("officer", branch_id=branch.id)
    days = {"date_of_birth": "1990-04-12T17:00:00.000Z", "requested_disbursement_date": "2026-12-01T00:00:00.000Z"}
    drafted = await client.post(URL, json=WISH | days, headers=officer.headers)
    assert drafted.status_code == 201, drafted.text
    assert [drafted.json()[name] for name in days] == ["1990-04-13", "2026-12-01"]


async def test_a_returning_customer_is_the_same_customer(
    client: AsyncClient, session: AsyncSession, sign_in: SignIn, branch: Branch, draft: Draft
) -> None:
    officer = await sign_in("officer", branch_id=branch.id)
    first = await draft(officer, account_id="00012345")
    second = await draft(officer, id_number="០១០ ២៣៤-៥៦៧", phone="+85599999999", account_id="00012345")
    assert first["customer_id"] == second["customer_id"]
    assert len((await session.scalars(select(Customer))).all()) == 1
    people = (await client.get("/api/v1/customers", headers=officer.headers)).json()
    assert [(p["username"], p["application_count"]) for p in people["items"]] == [("SOK CHANTHY", 2)]
    loans = await client.get(f"/api/v1/customers/{first['customer_id']}/applications", headers=officer.headers)
    assert {loan["id"] for loan in loans.json()} == {first["id"], second["id"]}


async def test_an_account_belongs_to_one_customer(
    sign_in: SignIn, branch: Branch, draft: Draft, take: Take, to_review: Callable[..., Awaitable[dict[str, Any]]]
) -> None:
    officer, teller = await sign_in("officer", branch_id=branch.id), await sign_in("teller", branch_id=branch.id)
    await to_review(officer, teller)
    await to_review(officer, teller)  # the same customer's second loan, on the same account
    stranger = await draft(officer, id_number="987654321", full_name_latin="CHEA DARA")
    await take(officer, stranger, "submit")
    for written in ("00012345", " 00012345\t", "០០០១២៣៤៥", "000\u200b12345"):
        refused = await take(teller, stranger, "start", account_id=written)
        assert (refused.status_code, refused.json()["code"]) == (422, "AccountOfAnother"), written
    await take(teller, stranger, "start")
    nothing = await take(teller, stranger, "send_to_review", account_id="\u200b")
    assert [error["msg"] for error in nothing.json()["errors"]] == ["must not be blank"]
    theirs = await take(teller, stranger, "send_to_review", account_id=" ០០៩  88 ")
    assert theirs.json()["account_id"] == "00988"


async def test_a_part_is_changed_and_the_rest_stays(
    client: AsyncClient, sign_in: SignIn, branch: Branch, draft: Draft
) -> None:
    officer = await sign_in("officer", branch_id=branch.id)
    drafted = await draft(officer)
    form = drafted | {"occupation": "Weaver", "phone": "", "workflow_status": "APPROVED", "status": "approved"}
    changed = (await client.put(f"{URL}/{drafted['id']}", json=form, headers=officer.headers)).json()
    assert (changed["occupation"], changed["phone"]) == ("Weaver", drafted["phone"])
    assert (changed["workflow_status"], changed["version"]) == ("PO_CREATED", 2)


async def test_saving_an_unchanged_form_changes_nothing(
    client: AsyncClient, sign_in: SignIn, branch: Branch, draft: Draft
) -> None:
    officer = await sign_in("officer", branch_id=branch.id)
    drafted = await draft(officer)
    assert (await client.put(f"{URL}/{drafted['id']}", json=drafted, headers=officer.headers)).json() == drafted


async def test_a_stale_form_is_refused(client: AsyncClient, sign_in: SignIn, branch: Branch, draft: Draft) -> None:
    officer = await sign_in("officer", branch_id=branch.id)
    drafted = await draft(officer)
    mine = {**officer.headers, "If-Match": '"1"'}
    assert (await client.put(f"{URL}/{drafted['id']}", json={"village": "A"}, headers=mine)).status_code == 200
    stale = await client.put(f"{URL}/{drafted['id']}", json={"village": "B"}, headers=mine)
    assert (stale.status_code, stale.json()["code"]) == (412, "StaleVersion")
    assert (await client.get(f"{URL}/{drafted['id']}", headers=officer.headers)).json()["village"] == "A"


async def test_a_submitted_application_is_closed_for_changes(
    client: AsyncClient, sign_in: SignIn, branch: Branch, draft: Draft, take: Take
) -> None:
    officer, teller = await sign_in("officer", branch_id=branch.id), await sign_in("teller", branch_id=branch.id)
    drafted = await draft(officer)
    await take(officer, drafted, "submit")
    refused = await client.put(f"{URL}/{drafted['id']}", json={"requested_amount": 9}, headers=officer.headers)
    assert (refused.status_code, refused.json()["code"]) == (422, "NotEditable")
    account = await client.put(f"{URL}/{drafted['id']}", json={"account_id": "777"}, headers=teller.headers)
    assert (account.status_code, account.json()["account_id"]) == (200, "777")


async def test_officers_see_the_applications_of_their_branch_alone(
    client: AsyncClient, sign_in: SignIn, branch: Branch, draft: Draft, other_branch: Branch
) -> None:
    officer, colleague = await sign_in("officer", branch_id=branch.id), await sign_in("officer", branch_id=branch.id)
    stranger, auditor = await sign_in("officer", branch_id=other_branch.id), await sign_in("auditor")
    drafted = await draft(officer)
    for person, expected in ((officer, 200), (colleague, 200), (auditor, 200), (stranger, 404)):
        answer = await client.get(f"{URL}/{drafted['id']}", headers=person.headers)
        assert answer.status_code == expected
        listed = (await client.get(URL, headers=person.headers)).json()
        assert listed["total"] == (1 if expected == 200 else 0)
    for method, path in (("PUT", ""), ("DELETE", ""), ("PATCH", "/submit"), ("GET", "/actions")):
        hidden = await client.request(method, f"{URL}/{drafted['id']}{path}", json={}, headers=stranger.headers)
        assert hidden.status_code == 404, (method, path)


async def test_a_list_is_filtered(
    client: AsyncClient, sign_in: SignIn, branch: Branch, draft: Draft, take: Take
) -> None:
    officer = await sign_in("officer", branch_id=branch.id)
    small = await draft(officer, requested_amount=100, full_name_khmer="ចាន់ ដារ៉ា", priority_level="urgent")
    large = await draft(officer, requested_amount=9000, full_name_latin="KEO BOPHA", id_number="5")
    await take(officer, large, "submit")

    async def found(query: str) -> set[str]:
        answer = await client.get(f"{URL}/?{query}", headers=officer.headers)
        assert answer.status_code == 200, answer.text
        return {item["id"] for item in answer.json()["items"]}

    both = {small["id"], large["id"]}
    assert await found("search=&status=&workflow_status=&date_from=&officer_id=&size=1000") == both
    assert await found("search=ដារ៉ា") == {small["id"]}
    assert await found("search=bopha") == {large["id"]}
    assert await found("search=%25") == set()
    assert await found("status=submitted") == {large["id"]}
    assert await found("workflow_status=PO_CREATED") == {small["id"]}
    assert await found("amount_min=100&amount_max=100.00") == {small["id"]}
    assert await found("priority_level=urgent") == {small["id"]}
    assert await found(f"officer_id={officer.user.id}&branch_id={branch.id}") == both
    assert await found("date_from=2026-11-24&date_to=2026-11-24") == both
    assert await found("date_from=2026-11-23T17:00:00.000Z&date_to=2026-11-24T16:59:59.999Z") == both
    assert await found("date_to=2026-11-23") == set()
    assert await found("date_to=9999-12-31&date_from=0001-01-01") == both
    sorted_up = await client.get(f"{URL}?sort_by=requested_amount&sort_order=asc", headers=officer.headers)
    assert [item["requested_amount"] for item in sorted_up.json()["items"]] == [100, 9000]
    refused = await client.get(f"{URL}?sort_by=password_hash", headers=officer.headers)
    assert refused.status_code == 422


async def test_a_list_takes_the_same_statements_however_long(
    client: AsyncClient, session: AsyncSession, engine: AsyncEngine, sign_in: SignIn, branch: Branch, draft: Draft
) -> None:
    officer = await sign_in("officer", branch_id=branch.id)
    session.add(employee := an_employee(branch_id=branch.id))
    await session.commit()
    counts = []
    for _ in range(3):
        await draft(officer, employee_assignments=[{"employee_id": str(employee.id)}])
        with sent(engine) as statements:
            listed = await client.get(f"{URL}?size=1", headers=officer.headers)
        assert listed.json()["items"][0]["employee_assignments"][0]["employee"]["branch"]["code"] == "PP01"
        counts.append(sum(statement.lstrip().startswith(("SELECT", "WITH")) for statement, _ in statements))
    assert counts == [2, 2, 2], "who asks, and the page with everything about its rows"


async def test_a_draft_is_thrown_away_and_anything_else_stays(
    client: AsyncClient, sign_in: SignIn, branch: Branch, draft: Draft, take: Take
) -> None:
    officer, colleague = await sign_in("officer", branch_id=branch.id), await sign_in("officer", branch_id=branch.id)
    drafted, submitted = await draft(officer), await draft(officer)
    await take(officer, submitted, "submit")
    others = await client.delete(f"{URL}/{drafted['id']}", headers=colleague.headers)
    assert (others.status_code, others.json()["code"]) == (403, "NotYourDraft")
    assert (await client.delete(f"{URL}/{drafted['id']}", headers=officer.headers)).status_code == 204
    assert (await client.get(f"{URL}/{drafted['id']}", headers=officer.headers)).status_code == 404
    kept = await client.delete(f"{URL}/{submitted['id']}", headers=officer.headers)
    assert (kept.status_code, kept.json()["code"]) == (422, "NotADraft")


async def test_whom_only_a_thrown_away_draft_knew_are_forgotten_and_all_others_stay(
    client: AsyncClient, sign_in: SignIn, branch: Branch, draft: Draft
) -> None:
    officer, manager = await sign_in("officer", branch_id=branch.id), await sign_in("manager", branch_id=branch.id)

    async def known() -> set[str]:
        found = await client.get("/api/v1/customers", params={"size": 100}, headers=manager.headers)
        return {customer["full_name_latin"] for customer in found.json()["items"]}

    brother = {"full_name_latin": "CHEA RITHY", "full_name_khmer": "", "id_number": "010 555 001", "phone": ""}
    sister = {"full_name_latin": "CHEA SOPHEA", "full_name_khmer": "", "id_number": "010 555 002", "phone": ""}
    mistaken = await draft(officer, **brother, guarantor_name="LONG DARA", guarantor_id_number="010 555 003")
    meant = await draft(officer, **sister, guarantor_name="CHEA RITHY", guarantor_id_number="010 555 001")
    assert {"CHEA RITHY", "CHEA SOPHEA", "LONG DARA"} <= await known()
    assert (await client.delete(f"{URL}/{mistaken['id']}", headers=officer.headers)).status_code == 204
    assert await known() & {"CHEA RITHY", "CHEA SOPHEA", "LONG DARA"} == {"CHEA RITHY", "CHEA SOPHEA"}
    assert (await client.delete(f"{URL}/{meant['id']}", headers=officer.headers)).status_code == 204
    assert not await known() & {"CHEA SOPHEA", "LONG DARA"}


async def test_the_journal_says_who_went_with_a_draft_and_through_whom(
    client: AsyncClient, session: AsyncSession, sign_in: SignIn, branch: Branch, draft: Draft
) -> None:
    officer = await sign_in("officer", branch_id=branch.id)
    behind = {"guarantor_name": "LONG DARA", "guarantor_id_number": "010 555 003"}
    drafted = await draft(officer, full_name_latin="CHEA RITHY", id_number="010 555 001", phone="", **behind)
    known = dict((await session.execute(select(Customer.full_name_latin, Customer.id))).all())
    path = f"{URL}/{drafted['id']}"
    assert (await client.delete(path, headers=officer.headers)).status_code == 204
    gone = await session.scalars(select(JournalEntry).where(JournalEntry.kind == "CustomerForgotten"))
    told = {(entry.subject_id, entry.actor_id, entry.facts["written_for"]) for entry in gone}
    assert told == {(known[name], officer.user.id, drafted["id"]) for name in ("CHEA RITHY", "LONG DARA")}


async def test_the_papers_of_a_draft_go_with_it(
    client: AsyncClient,
    sign_in: SignIn,
    branch: Branch,
    draft: Draft,
    announced: Callable[[], Awaitable[list[str]]],
) -> None:
    officer = await sign_in("officer", branch_id=branch.id)
    drafted = await draft(officer)
    paper = await client.post(
        "/api/v1/files/upload",
        files={"file": ("note.txt", b"The shop is open.", "text/plain")},
        data={"application_id": drafted["id"], "document_type": "other"},
        headers=officer.headers,
    )
    link = (await client.get(f"/api/v1/files/{paper.json()['id']}/download", headers=officer.headers)).json()["url"]
    assert (await client.delete(f"{URL}/{drafted['id']}", headers=officer.headers)).status_code == 204
    assert (await client.get(link)).status_code == 404
    assert (await announced())[-3:] == ["FileRemoved", "CustomerForgotten", "ApplicationRemoved"]


async def test_an_administrator_drafts_for_a_branch_and_an_officer_only_for_their_own(
    client: AsyncClient, sign_in: SignIn, branch: Branch, draft: Draft, other_branch: Branch
) -> None:
    admin, officer = await sign_in("admin"), await sign_in("officer", branch_id=branch.id)
    assert (await draft(admin, branch_id=str(other_branch.id)))["branch_id"] == str(other_branch.id)
    assert (await draft(officer, branch_id=str(other_branch.id)))["branch_id"] == str(branch.id)
    unknown = await client.post(URL, json=WISH | {"branch_id": str(admin.user.id)}, headers=admin.headers)
    assert (unknown.status_code, unknown.json()["code"]) == (422, "NoSuchBranch")


async def test_what_an_administrator_of_no_branch_drafts_belongs_where_its_officers_work(
    client: AsyncClient, session: AsyncSession, sign_in: SignIn, branch: Branch, draft: Draft, other_branch: Branch
) -> None:
    here, colleague, elsewhere = (an_employee(branch_id=one.id) for one in (branch, branch, other_branch))
    session.add_all([here, colleague, elsewhere])
    await session.commit()

    async def belongs(person: Person, *employees: Employee) -> str | None:
        wish = [{"employee_id": str(one.id), "assignment_role": "primary_officer"} for one in employees]
        found: str | None = (await draft(person, employee_assignments=wish))["branch_id"]
        return found

    admin = await sign_in("admin")
    assert await belongs(admin, here, colleague) == str(branch.id)
    assert await belongs(admin, here, elsewhere) is None  # nobody knows
    assert await belongs(admin) is None
    of_a_branch = await sign_in("admin", branch_id=other_branch.id)
    assert await belongs(of_a_branch, elsewhere) == await belongs(of_a_branch) == str(other_branch.id)
    assert await belongs(await sign_in("data_entry"), here) is None  # who writes for themselves names no branch
    wish = WISH | {"employee_assignments": [{"employee_id": str(here.id)}]}
    refused = await client.post(URL, json=wish, headers=of_a_branch.headers)
    assert (refused.status_code, refused.json()["code"]) == (422, "EmployeeOfAnotherBranch")
