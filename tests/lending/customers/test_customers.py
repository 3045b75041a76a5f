"""Customers over HTTP: one row a person, found again, changed, reported and merged."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from lc_workflow.lending.customers.models import Customer
from lc_workflow.organization.branches.models import Branch
from tests.conftest import Person, SignIn
from tests.lending.steps import URL, WISH, Draft, Take
from tests.statements import sent

CUSTOMERS = "/api/v1/customers"
CARD = {"id_card_type": "cambodian_identity", "id_number": "012345678(4)", "issued_on": "2020-01-01"}
BOPHA = {
    "full_name_khmer": "កែវ បុប្ផា",
    "full_name_latin": "KEO BOPHA",
    "date_of_birth": "1985-02-28",
    "sex": "female",
    "identities": [CARD],
    "phones": ["096-123-4567"],
    "village": "Phum 3",
    "place_code": "120101",
}
STRANGER = {"full_name_latin": "KEO BOPHA", "full_name_khmer": None, "date_of_birth": "1985-02-28"}

Register = Callable[..., Awaitable[Any]]


@pytest.fixture
def register(client: AsyncClient) -> Register:
    """Let somebody write a customer down."""

    async def register(person: Person, **changes: Any) -> Any:
        return await client.post(CUSTOMERS, json=BOPHA | changes, headers=person.headers)

    return register


async def found(client: AsyncClient, person: Person, search: str) -> list[str]:
    answer = await client.get(CUSTOMERS, params={"search": search}, headers=person.headers)
    assert answer.status_code == 200, answer.text
    return [item["username"] for item in answer.json()["items"]]


async def how_many(session: AsyncSession) -> int:
    return await session.scalar(select(func.count()).select_from(Customer)) or 0


async def test_an_officer_writes_a_customer_down(
    client: AsyncClient, officer: Person, branch: Branch, register: Register, announced: Callable[[], Awaitable[Any]]
) -> None:
    answer = await register(officer)
    assert answer.status_code == 201, answer.text
    customer = answer.json()
    assert (customer["last_name"], customer["first_name"], customer["branch_id"]) == ("KEO", "BOPHA", str(branch.id))
    assert (customer["phone_number"], customer["identities"][0]["id_number"]) == ("+855961234567", "012345678(4)")
    assert (customer["application_count"], customer["file_count"], customer["merged_into"]) == (0, 0, None)
    assert (await client.get(f"{CUSTOMERS}/{customer['id']}", headers=officer.headers)).json() == customer
    assert (await client.get(f"{CUSTOMERS}/{customer['id']}/applications", headers=officer.headers)).json() == []
    assert await announced() == ["CustomerRegistered"]


@pytest.mark.parametrize(("born", "age"), [("1990-11-24", 36), ("1990-11-25", 35), (None, None)])
async def test_a_customers_age_is_in_full_years_today(
    client: AsyncClient, officer: Person, register: Register, born: str | None, age: int | None
) -> None:
    customer = (await register(officer, date_of_birth=born)).json()
    assert customer["age"] == age
    assert (await client.get(CUSTOMERS, headers=officer.headers)).json()["items"] == [customer]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"full_name_latin": "SOK សុភា"}, "MixedScripts"),
        ({"full_name_khmer": "", "full_name_latin": None}, "NameNeeded"),
        ({"identities": [CARD | {"id_number": "0123456789"}]}, "IdentityCardLength"),
        ({"identities": [CARD | {"id_number": "012345678(5)"}]}, "CheckDigitWrong"),
        ({"identities": [{"id_card_type": "passport", "id_number": "-"}]}, "PaperWithoutNumber"),
        ({"identities": [CARD | {"expires_on": "2019-12-31"}]}, "PaperExpiredBeforeIssue"),
        ({"identities": [CARD | {"issued_on": "2026-11-25"}]}, "PaperNotIssuedYet"),
        ({"phones": ["12345"]}, "NotAPhone"),
        ({"date_of_birth": "2026-11-25"}, "NotBornYet"),
        ({"place_code": "1020101"}, "NoSuchCode"),
    ],
)
async def test_what_cannot_be_is_refused_by_name(
    officer: Person, session: AsyncSession, register: Register, changes: dict[str, Any], code: str
) -> None:
    answer = await register(officer, **changes)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert await how_many(session) == 0


async def test_who_is_a_customer_is_not_written_down_again(
    officer: Person, session: AsyncSession, register: Register
) -> None:
    assert (await register(officer)).status_code == 201
    again = await register(officer, identities=[CARD | {"id_number": "០១២-៣៤៥-៦៧៨"}], phones=[])
    assert (again.status_code, again.json()["code"]) == (422, "AlreadyCustomer")
    assert await how_many(session) == 1


async def test_nobody_writes_down_a_customer_whom_they_would_not_see(
    session: AsyncSession, sign_in: SignIn, register: Register
) -> None:
    refused = await register(await sign_in("officer"))  # who belongs to no branch
    assert (refused.status_code, refused.json()["code"]) == (403, "NotYourCustomer")
    assert await how_many(session) == 0


async def test_whoever_belongs_to_another_branch_is_not_sent_for_in_vain(
    sign_in: SignIn, officer: Person, register: Register, other_branch: Branch
) -> None:
    assert (await register(officer)).status_code == 201
    said = {
        person.user.id: (await register(person)).json()["detail"]
        for person in (officer, await sign_in("officer", branch_id=other_branch.id))
    }
    assert [*said.values()] == [
        "This person is a customer already; search for their number.",
        "This person is a customer of another branch already; draft their application, and it is theirs.",
    ]


async def test_a_customer_is_found_by_either_script_parts_of_names_and_whole_numbers(
    client: AsyncClient, officer: Person, register: Register, draft: Draft
) -> None:
    await register(officer)
    await draft(officer, phone="")
    for search in (
        "bopha",
        "បុប្ផ",
        "KEO  BO",
        "Bopha Keo",
        "បុប្ផា កែវ",
        "012345678",
        "០១២៣៤៥៦៧៨",
        "+855 96 123 4567",
        "0961234567",
    ):
        assert await found(client, officer, search) == ["KEO BOPHA"], search
    for search in ("01234567", "961", "%", "_", "bopha sok", "k e o b o p h a"):
        assert await found(client, officer, search) == [], search
    for search in (" ", "\u200b"):
        assert sorted(await found(client, officer, search)) == ["KEO BOPHA", "SOK CHANTHY"]


async def test_a_returning_customer_takes_a_second_loan(
    client: AsyncClient, officer: Person, register: Register, draft: Draft
) -> None:
    customer = (await register(officer)).json()
    loans = [
        await draft(officer, id_number="012345678", full_name_latin="KEO BOPHA", phone=phone)
        for phone in ("+855961234567", "+85512999888")
    ]
    assert {loan["customer_id"] for loan in loans} == {customer["id"]}
    shown = (await client.get(f"{CUSTOMERS}/{customer['id']}", headers=officer.headers)).json()
    assert (shown["application_count"], len(shown["phones"])) == (2, 2)


async def test_a_card_is_the_same_when_nobody_says_what_kind_of_paper_it_is(
    client: AsyncClient, officer: Person, draft: Draft
) -> None:
    first = await draft(officer, id_card_type="", phone="")
    second = await draft(officer, id_card_type="cambodian_identity", phone="+85512999888")
    third = await draft(officer, id_card_type="", phone="+85512999777")
    assert first["customer_id"] == second["customer_id"] == third["customer_id"]
    customer = (await client.get(f"{CUSTOMERS}/{first['customer_id']}", headers=officer.headers)).json()
    assert [paper["id_card_type"] for paper in customer["identities"]] == ["cambodian_identity"]


async def test_the_paper_of_somebody_else_is_reported_and_makes_no_one_of_two(
    client: AsyncClient, officer: Person, draft: Draft, announced: Callable[[], Awaitable[Any]]
) -> None:
    first = await draft(officer)
    second = await draft(officer, phone="", **STRANGER)
    assert first["customer_id"] != second["customer_id"]
    for one, other, name in ((first, second, "KEO BOPHA"), (second, first, "SOK CHANTHY")):
        answer = await client.get(f"{CUSTOMERS}/{one['customer_id']}/duplicates", headers=officer.headers)
        (finding,) = answer.json()
        assert (finding["customer"]["id"], finding["customer"]["full_name_latin"]) == (other["customer_id"], name)
        assert (finding["matched_by"], finding["dismissed_at"]) == ("identity", None)
    assert (await announced())[-2:] == ["PossibleDuplicateFound", "ApplicationDrafted"]


async def test_who_has_no_paper_is_nobody_else_who_was_born_on_the_same_day(
    client: AsyncClient, officer: Person, draft: Draft
) -> None:
    """Many are written down as born on the first of January, and their number as N/A."""
    no_paper = {"id_card_type": "other", "phone": "", "date_of_birth": "1980-01-01", "full_name_khmer": ""}
    for number in ("N/A", "000000000"):
        for name in ("CHEA DARA", "SOK SOPHEA"):
            await draft(officer, **no_paper, id_number=number, full_name_latin=f"{name} {len(number)}")
    found = (await client.get("/api/v1/customers", headers=officer.headers)).json()["items"]
    assert len(found) == 4


async def test_two_numbers_in_one_field_are_two_telephones(client: AsyncClient, officer: Person, draft: Draft) -> None:
    loan = await draft(officer, phone="012 345 678 / 098 765 432", id_number="")
    customer = (await client.get(f"{CUSTOMERS}/{loan['customer_id']}", headers=officer.headers)).json()
    assert customer["phones"] == ["+85512345678", "+85598765432"]
    assert await found(client, officer, "098765432") == ["SOK CHANTHY"]
    assert (await draft(officer, phone="098 765 432", id_number=""))["customer_id"] == loan["customer_id"]


async def test_a_telephone_that_two_share_is_reported(client: AsyncClient, officer: Person, draft: Draft) -> None:
    first = await draft(officer)
    second = await draft(officer, id_number="987654321", **STRANGER)
    answer = await client.get(f"{CUSTOMERS}/{second['customer_id']}/duplicates", headers=officer.headers)
    assert [(row["customer"]["id"], row["matched_by"]) for row in answer.json()] == [(first["customer_id"], "phone")]


async def test_however_many_share_a_telephone_they_are_reported_in_one_statement(
    client: AsyncClient, engine: AsyncEngine, officer: Person, draft: Draft
) -> None:
    names = ("SOK CHANTHY", "KEO BOPHA", "CHEA DARA", "NUON SOPHEA")
    drafted, asked = [], []
    for number, name in enumerate(names, start=1):
        with sent(engine) as statements:
            drafted.append(await draft(officer, id_number=f"{number}" * 9, full_name_latin=name, full_name_khmer=None))
        asked.append(sum("SAVEPOINT" not in text for text, _ in statements))
    assert asked[2] == asked[3]
    answer = await client.get(f"{CUSTOMERS}/{drafted[-1]['customer_id']}/duplicates", headers=officer.headers)
    assert {row["customer"]["id"] for row in answer.json()} == {one["customer_id"] for one in drafted[:-1]}


async def test_a_mistyped_paper_is_corrected_with_the_draft(
    client: AsyncClient, session: AsyncSession, officer: Person, draft: Draft
) -> None:
    drafted = await draft(officer, id_number="123450987", full_name_latin="SOK CHANTI")
    changed = await client.put(f"{URL}/{drafted['id']}", json=WISH, headers=officer.headers)
    assert (changed.status_code, changed.json()["customer_id"]) == (200, drafted["customer_id"])
    customer = (await client.get(f"{CUSTOMERS}/{drafted['customer_id']}", headers=officer.headers)).json()
    assert customer["username"] == "SOK CHANTHY"
    assert [paper["id_number"] for paper in customer["identities"]] == ["010234567"]
    assert await how_many(session) == 1


async def test_a_number_that_a_loan_brings_is_on_record_and_makes_a_new_version_of_its_customer(
    client: AsyncClient, officer: Person, register: Register, draft: Draft, announced: Callable[[], Awaitable[Any]]
) -> None:
    known = await register(officer)
    url = f"{CUSTOMERS}/{known.json()['id']}"
    her = {"id_number": "012345678", "full_name_latin": "KEO BOPHA", "full_name_khmer": "", "date_of_birth": ""}
    loan = await draft(officer, **her, phone="012 999 888")
    assert loan["customer_id"] == known.json()["id"]
    assert await announced() == ["CustomerRegistered", "CustomerChanged", "ApplicationDrafted"]
    stale = {"phones": [*BOPHA["phones"], "016 777 888"]}  # by whoever has not seen the new one
    refused = await client.patch(url, json=stale, headers={**officer.headers, "If-Match": known.headers["ETag"]})
    assert (refused.status_code, refused.json()["code"]) == (412, "StaleVersion")
    assert len((await client.get(url, headers=officer.headers)).json()["phones"]) == 2
    await draft(officer, **her, phone="012 999 888")
    assert await announced() == [*["CustomerRegistered", "CustomerChanged"], *["ApplicationDrafted"] * 2]


async def test_what_was_learnt_at_the_counter_outlives_a_change_of_the_draft(
    client: AsyncClient, officer: Person, draft: Draft
) -> None:
    loan = await draft(officer)
    url = f"{CUSTOMERS}/{loan['customer_id']}"
    papers = (await client.get(url, headers=officer.headers)).json()["identities"]
    passport = {"id_card_type": "passport", "id_number": "N 1234567"}
    learnt = {"identities": [*papers, passport], "marital_status": "widowed"}
    assert (await client.patch(url, json=learnt, headers=officer.headers)).status_code == 200
    changed = await client.put(f"{URL}/{loan['id']}", json={"phone": "012 999 888"}, headers=officer.headers)
    assert (changed.status_code, changed.json()["customer_id"]) == (200, loan["customer_id"])
    known = (await client.get(url, headers=officer.headers)).json()
    assert ([paper["id_card_type"] for paper in known["identities"]], known["marital_status"]) == (
        ["cambodian_identity", "passport"],
        "widowed",
    )


async def test_a_draft_that_turns_out_to_be_a_returning_customers_leaves_nobody_behind(
    client: AsyncClient, session: AsyncSession, officer: Person, draft: Draft
) -> None:
    first = await draft(officer)
    second = await draft(officer, id_number="", phone="", full_name_khmer="")
    assert second["customer_id"] not in {None, first["customer_id"]}
    changed = await client.put(f"{URL}/{second['id']}", json={"id_number": "010234567"}, headers=officer.headers)
    assert changed.json()["customer_id"] == first["customer_id"], changed.text
    assert await how_many(session) == 1


async def test_a_mixed_name_is_refused_in_an_application_too(client: AsyncClient, officer: Person) -> None:
    answer = await client.post(URL, json=WISH | {"full_name_khmer": "SOK សុភា"}, headers=officer.headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "MixedScripts")
    drafted = await client.post(URL, json=WISH | {"full_name_khmer": "សុខ\u200bសុភា"}, headers=officer.headers)
    assert drafted.json()["full_name_khmer"] == "សុខសុភា"


async def test_a_customer_is_changed(
    client: AsyncClient, officer: Person, register: Register, announced: Callable[[], Awaitable[Any]]
) -> None:
    customer = (await register(officer)).json()
    url = f"{CUSTOMERS}/{customer['id']}"
    passport = {"id_card_type": "passport", "id_number": "N 1234567"}
    change = {"occupation": "?", "marital_status": "married", "identities": [CARD, passport], "full_name_khmer": ""}
    changed = (await client.patch(url, json=change, headers=officer.headers)).json()
    assert (changed["marital_status"], changed["full_name_khmer"]) == ("married", BOPHA["full_name_khmer"])
    assert [paper["id_card_type"] for paper in changed["identities"]] == ["cambodian_identity", "passport"]
    assert changed["version"] == 2
    stale = await client.patch(url, json=change, headers={**officer.headers, "If-Match": '"1"'})
    assert (stale.status_code, stale.json()["code"]) == (412, "StaleVersion")
    same = (await client.patch(url, json=changed, headers=officer.headers)).json()
    assert same["version"] == 2
    nameless = await client.patch(url, json={"full_name_khmer": None, "full_name_latin": None}, headers=officer.headers)
    assert (nameless.status_code, nameless.json()["code"]) == (422, "NameNeeded")
    assert await announced() == ["CustomerRegistered", "CustomerChanged"]


async def test_who_turns_out_to_share_a_telephone_is_reported_for_it_and_not_for_a_paper(
    client: AsyncClient, officer: Person, register: Register
) -> None:
    known = (await register(officer, identities=[])).json()
    other = (await register(officer, phones=[])).json()
    url = f"{CUSTOMERS}/{other['id']}"
    assert (await client.patch(url, json={"phones": BOPHA["phones"]}, headers=officer.headers)).status_code == 200
    found = (await client.get(f"{url}/duplicates", headers=officer.headers)).json()
    assert [(each["customer"]["id"], each["matched_by"]) for each in found] == [(known["id"], "phone")]


async def test_null_empties_the_lists_of_a_customer(client: AsyncClient, officer: Person) -> None:
    wish = {"full_name_latin": "LY MALIS", "phones": None, "identities": None}
    made = await client.post(CUSTOMERS, json=wish, headers=officer.headers)
    assert (made.status_code, made.json()["phones"], made.json()["identities"]) == (201, [], []), made.text
    url = f"{CUSTOMERS}/{made.json()['id']}"
    for phones, kept in ((["012 345 678"], 1), (None, 0)):
        changed = await client.patch(url, json={"phones": phones}, headers=officer.headers)
        assert (changed.status_code, len(changed.json()["phones"])) == (200, kept), changed.text


async def test_customers_are_seen_in_their_branch_and_through_loans(
    client: AsyncClient, sign_in: SignIn, officer: Person, register: Register, draft: Draft, other_branch: Branch
) -> None:
    stranger, auditor = await sign_in("officer", branch_id=other_branch.id), await sign_in("auditor")
    customer = (await register(officer)).json()
    url = f"{CUSTOMERS}/{customer['id']}"
    paths = ("", "/applications", "/duplicates", "/accounts")
    assert {(await client.get(url + path, headers=auditor.headers)).status_code for path in paths} == {200}
    assert {(await client.get(url + path, headers=stranger.headers)).status_code for path in paths} == {404}
    hidden = await client.patch(url, json={"village": "B"}, headers=stranger.headers)
    assert hidden.status_code == 404
    loan = await draft(stranger, id_number="012345678", full_name_latin="KEO BOPHA", phone="")
    assert loan["customer_id"] == customer["id"]
    assert (await client.get(url, headers=stranger.headers)).json()["application_count"] == 1
    refused = await client.patch(url, json={"village": "B"}, headers=stranger.headers)
    assert (refused.status_code, refused.json()["code"]) == (403, "NotYourCustomer")
    viewer = await sign_in("viewer", branch_id=other_branch.id)
    assert (await client.post(CUSTOMERS, json=BOPHA, headers=viewer.headers)).status_code == 403


async def test_two_rows_of_one_person_are_merged(
    client: AsyncClient,
    sign_in: SignIn,
    branch: Branch,
    officer: Person,
    manager: Person,
    draft: Draft,
    take: Take,
    announced: Callable[[], Awaitable[Any]],
) -> None:
    teller = await sign_in("teller", branch_id=branch.id)
    first, second = await draft(officer), await draft(officer, phone="+85512999888", **STRANGER)
    await take(officer, second, "submit")
    await take(teller, second, "start", account_id="00077")
    kept, gone = first["customer_id"], second["customer_id"]
    body = {"customer_id": gone, "reason": "Same card; she married and took another name."}
    forbidden = await client.post(f"{CUSTOMERS}/{kept}/merge", json=body, headers=officer.headers)
    assert forbidden.status_code == 403
    merged = await client.post(f"{CUSTOMERS}/{kept}/merge", json=body, headers=manager.headers)
    assert merged.status_code == 200, merged.text
    assert (merged.json()["application_count"], len(merged.json()["phones"])) == (2, 2)
    pointer = (await client.get(f"{CUSTOMERS}/{gone}", headers=officer.headers)).json()
    assert (pointer["merged_into"], pointer["application_count"]) == (kept, 0)
    loans = (await client.get(f"{CUSTOMERS}/{gone}/applications", headers=officer.headers)).json()
    assert {loan["id"] for loan in loans} == {first["id"], second["id"]}
    accounts = (await client.get(f"{CUSTOMERS}/{kept}/accounts", headers=officer.headers)).json()
    assert [account["account_id"] for account in accounts] == ["00077"]
    assert (await client.get(f"{CUSTOMERS}/{kept}/duplicates", headers=officer.headers)).json() == []
    assert await found(client, officer, "") == ["SOK CHANTHY"]
    assert (await announced())[-2:] == ["CustomersMerged", "CustomerMergedAway"]
    # Who comes back under the other name's paper is the one customer now.
    assert (await draft(officer, phone="+85512999888", id_number=""))["customer_id"] == kept


async def test_a_loan_has_a_new_version_when_who_stands_in_for_it_turns_out_to_be_another(
    client: AsyncClient, officer: Person, manager: Person, draft: Draft
) -> None:
    who = {"full_name_khmer": "", "date_of_birth": "", "phone": ""}
    loan = await draft(
        officer, id_number="5", full_name_latin="CHAN A", **who, guarantor_name="KEO B", guarantor_id_number="6"
    )
    other = await draft(officer, id_number="7", full_name_latin="KEO BOPHA", **who)
    gone, kept = loan["parties"][0]["customer_id"], other["customer_id"]
    body = {"customer_id": gone, "reason": "Two papers of one person"}
    assert (await client.post(f"{CUSTOMERS}/{kept}/merge", json=body, headers=manager.headers)).status_code == 200
    now = (await client.get(f"/api/v1/applications/{loan['id']}", headers=officer.headers)).json()
    assert (now["parties"][0]["customer_id"], now["version"]) == (kept, loan["version"] + 1)


async def test_a_merge_that_cannot_be(
    client: AsyncClient, sign_in: SignIn, officer: Person, manager: Person, draft: Draft, other_branch: Branch
) -> None:
    elsewhere = await draft(await sign_in("officer", branch_id=other_branch.id), id_number="7", phone="")
    first, second, third = [
        await draft(officer, id_number=number, phone="", full_name_latin=name, full_name_khmer="", date_of_birth="")
        for number, name in (("1", "CHAN A"), ("2", "CHAN B"), ("3", "CHAN C"))
    ]

    async def merge(kept: dict[str, Any], gone: dict[str, Any]) -> tuple[int, str | None]:
        answer = await client.post(
            f"{CUSTOMERS}/{kept['customer_id']}/merge",
            json={"customer_id": gone["customer_id"], "reason": "The same"},
            headers=manager.headers,
        )
        return answer.status_code, answer.json().get("code")

    assert await merge(first, first) == (422, "MergeIntoSelf")
    assert await merge(first, elsewhere) == (404, "Missing")
    assert await merge(first, second) == (200, None)
    assert await merge(first, second) == (422, "MergedAway")
    assert await merge(second, third) == (422, "MergedAway")
    assert await merge(third, first) == (200, None)
    pointer = await client.get(f"{CUSTOMERS}/{second['customer_id']}", headers=manager.headers)
    assert pointer.json()["merged_into"] == third["customer_id"]
    changed = await client.patch(f"{CUSTOMERS}/{first['customer_id']}", json={"village": "B"}, headers=manager.headers)
    assert (changed.status_code, changed.json()["code"]) == (422, "MergedAway")


async def test_a_finding_is_dismissed_once_somebody_has_looked(
    client: AsyncClient, officer: Person, manager: Person, draft: Draft, announced: Callable[[], Awaitable[Any]]
) -> None:
    first = await draft(officer)
    await draft(officer, id_number="987654321", **STRANGER)
    url = f"{CUSTOMERS}/{first['customer_id']}/duplicates"
    (finding,) = (await client.get(url, headers=manager.headers)).json()
    for _ in range(2):
        answer = await client.post(f"{url}/{finding['id']}/dismiss", headers=manager.headers)
        assert answer.status_code == 204, answer.text
    (finding,) = (await client.get(url, headers=manager.headers)).json()
    assert finding["dismissed_at"] is not None
    nothing = await client.post(f"{url}/{first['id']}/dismiss", headers=manager.headers)
    assert nothing.status_code == 404
    assert (await announced()).count("DuplicateDismissed") == 1
