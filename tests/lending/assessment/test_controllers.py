"""Affordability over HTTP: the written-down examples, what is unknown, and what stays as it was judged."""

import json
from collections.abc import Awaitable, Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from httpx import AsyncClient
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.lending.backing.models import Party
from lc_workflow.lending.rules.backing import PartyRole
from lc_workflow.lending.rules.stages import Stage
from lc_workflow.organization.branches.models import Branch
from tests.conftest import Person, SignIn
from tests.lending.factories import an_application
from tests.lending.steps import Draft, Take
from tests.moments import NOON

APPLICATIONS = "/api/v1/applications"
VECTORS = json.loads((Path(__file__).parents[1] / "vectors/affordability.json").read_text())
SOUND = [
    {"kind": "income", "amount": 400},
    {"kind": "expense", "amount": 100, "description": "Household"},
    {"kind": "debt", "amount": 60},
]

Record = Callable[..., Awaitable[dict[str, Any]]]


@pytest.fixture
def record(client: AsyncClient, officer: Person) -> Record:
    async def record(application: dict[str, Any], lines: list[dict[str, Any]]) -> dict[str, Any]:
        answer = await client.put(
            f"{APPLICATIONS}/{application['id']}/financials", json={"lines": lines}, headers=officer.headers
        )
        assert answer.status_code == 200, answer.text
        recorded: dict[str, Any] = answer.json()
        return recorded

    return record


async def judged(client: AsyncClient, person: Person, application: dict[str, Any]) -> Any:
    answer = await client.post(f"{APPLICATIONS}/{application['id']}/affordability", headers=person.headers)
    assert answer.status_code == 201, answer.text
    return msgspec.json.Decoder(float_hook=Decimal).decode(answer.content)


async def khr_at(client: AsyncClient, admin: Person, rate: str) -> None:
    answer = await client.post("/api/v1/exchange-rates", json={"currency": "KHR", "rate": rate}, headers=admin.headers)
    assert answer.status_code == 201, answer.text


@pytest.mark.parametrize("vector", VECTORS["ratios"], ids=lambda vector: vector["name"])
async def test_a_household_is_judged_as_written_down(
    vector: dict[str, Any], client: AsyncClient, admin: Person, officer: Person, draft: Draft, record: Record
) -> None:
    await khr_at(client, admin, "4100")
    currency, principal, months = vector["loan"]
    application = await draft(officer, currency=currency, requested_amount=principal, desired_loan_term=months)
    await record(
        application,
        [
            {"kind": kind, "amount": amount, "currency": currency}
            for kind, lines in (("income", vector["income"]), ("debt", vector["debts"]))
            for amount, currency in lines
        ],
    )
    found = await judged(client, officer, application)
    assert str(found["proposed_installment"]) == vector["installment"]
    assert found["dti_pct"] == (vector["dti"] and Decimal(vector["dti"]))
    assert found["verdict"] == vector["verdict"]
    if "gross" in vector:
        assert (str(found["gross_income"]), str(found["existing_debt"])) == (vector["gross"], vector["existing"])
    if "flag" in vector:
        assert vector["flag"] in {flag["code"] for flag in found["flags"]}
    shown = await client.get(f"{APPLICATIONS}/{application['id']}/affordability", headers=officer.headers)
    assert msgspec.json.Decoder(float_hook=Decimal).decode(shown.content) == found


@pytest.mark.parametrize("vector", VECTORS["largest"], ids=lambda vector: vector["name"])
async def test_the_largest_loan_is_the_one_written_down(
    vector: dict[str, Any], client: AsyncClient, officer: Person, draft: Draft, record: Record
) -> None:
    application = await draft(officer, interest_rate=vector["annual_rate"], desired_loan_term=vector["term"])
    await record(
        application,
        [
            {"kind": kind, "amount": vector[name]}
            for kind, name in (("income", "income"), ("expense", "expenses"), ("debt", "existing"))
        ],
    )
    found = await judged(client, officer, application)
    for key, name in (
        ("max_installment_dti", "by_dti"),
        ("max_installment_capacity", "by_capacity"),
        ("max_installment", "installment"),
        ("max_principal_exact", "exact"),
        ("max_principal_offered", "offered"),
    ):
        assert found[key] == Decimal(vector[name]), key
    assert found["binding_constraint"] == vector["binding"]


@pytest.mark.parametrize("vector", VECTORS["bands"], ids=lambda vector: vector["name"])
async def test_bands_are_told_by_unrounded_values(
    vector: dict[str, Any], client: AsyncClient, officer: Person, draft: Draft, record: Record
) -> None:
    application = await draft(officer, requested_amount="100.00", desired_loan_term=1, interest_rate=0)
    debts = Decimal(vector["service"]) - 100
    await record(
        application,
        [
            {"kind": "income", "amount": vector["income"]},
            {"kind": "expense", "amount": vector["expenses"]},
            {"kind": "debt", "amount": str(debts)},
        ],
    )
    found = await judged(client, officer, application)
    assert (str(found["nii_pct"]), found["band"]) == (vector["nii"], vector["band"])


async def test_a_weekly_installment_burdens_a_month(
    client: AsyncClient, admin: Person, officer: Person, draft: Draft, record: Record
) -> None:
    await khr_at(client, admin, "1000")
    application = await draft(
        officer, currency="KHR", requested_amount=1_000_000, desired_loan_term=6, product_type="weekly_loan"
    )
    await record(application, [{"kind": "income", "amount": 1_000_000}])
    assert str((await judged(client, officer, application))["proposed_installment"]) == "174.63"


async def test_lines_are_kept_as_they_were_written(
    client: AsyncClient,
    officer: Person,
    draft: Draft,
    record: Record,
    announced: Callable[[], Awaitable[list[str]]],
) -> None:
    application = await draft(officer)
    lines = [*SOUND, {"kind": "debt", "amount": None, "party": "guarantor", "frequency": "weekly"}]
    recorded = await record(application, lines)
    at = f"{APPLICATIONS}/{application['id']}/financials"
    assert (await client.get(at, headers=officer.headers)).json() == recorded
    assert [(line["kind"], line["amount"], line["party"]) for line in recorded["lines"]] == [
        ("income", 400, "borrower"),
        ("expense", 100, "borrower"),
        ("debt", 60, "borrower"),
        ("debt", None, "guarantor"),
    ]
    assert await record(application, lines) == recorded
    kinds = await announced()
    assert kinds.count("FinancialsRecorded") == 1
    assert (await record(application, []))["lines"] == []


async def test_a_change_of_the_figures_is_one_of_substance(
    client: AsyncClient, officer: Person, draft: Draft, record: Record
) -> None:
    application = await draft(officer)
    await record(application, SOUND)
    again = (await client.get(f"{APPLICATIONS}/{application['id']}", headers=officer.headers)).json()
    assert again["version"] == application["version"] + 1


async def test_figures_are_closed_once_the_application_is_handed_in(
    client: AsyncClient, officer: Person, draft: Draft, take: Take
) -> None:
    application = await draft(officer)
    assert (await take(officer, application, "submit")).status_code == 200
    answer = await client.put(
        f"{APPLICATIONS}/{application['id']}/financials", json={"lines": SOUND}, headers=officer.headers
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "NotEditable")


async def test_nobody_verifies_in_another_s_name(
    client: AsyncClient, sign_in: SignIn, officer: Person, draft: Draft, record: Record
) -> None:
    application = await draft(officer)
    at = f"{APPLICATIONS}/{application['id']}/financials"
    nothing_owed = {"kind": "debt", "amount": 0, "verified_by": str(officer.user.id)}
    other = await sign_in("officer")
    stranger = {"lines": [nothing_owed | {"verified_by": str(other.user.id)}]}
    answer = await client.put(at, json=stranger, headers=officer.headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "NotYourVerification")
    recorded = await record(application, [{"kind": "income", "amount": 400}, nothing_owed])
    assert recorded["lines"][1]["verified_by"] == str(officer.user.id)
    admin = await sign_in("admin")
    kept = await client.put(at, json={"lines": [*SOUND[:1], nothing_owed]}, headers=admin.headers)
    assert kept.status_code == 200, kept.text
    changed = await client.put(at, json={"lines": [nothing_owed | {"amount": 5}]}, headers=admin.headers)
    assert changed.json()["code"] == "NotYourVerification"
    assert (await judged(client, officer, application))["existing_debt"] == 0


async def test_a_line_names_papers_of_its_own_application(client: AsyncClient, officer: Person, draft: Draft) -> None:
    application = await draft(officer)
    line = {"kind": "income", "amount": 400, "document_id": "00000000-0000-4000-8000-000000000000"}
    answer = await client.put(
        f"{APPLICATIONS}/{application['id']}/financials", json={"lines": [line]}, headers=officer.headers
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "NoSuchPaper")


async def test_without_a_rate_nothing_is_guessed_and_a_later_rate_changes_no_judgement(
    client: AsyncClient, admin: Person, officer: Person, draft: Draft, record: Record
) -> None:
    application = await draft(officer)
    await record(application, [{"kind": "income", "amount": 4_000_000, "currency": "KHR"}, *SOUND[1:]])
    unknown = await judged(client, officer, application)
    assert (unknown["verdict"], unknown["gross_income"]) == ("REFER", None)
    assert "ExchangeRateMissing" in {flag["code"] for flag in unknown["flags"]}
    await khr_at(client, admin, "4000")
    known = await judged(client, officer, application)
    assert (known["gross_income"], known["exchange_rates"][0]["rate"]) == (1000, 4000)
    await khr_at(client, admin, "5000")
    shown = await client.get(f"{APPLICATIONS}/{application['id']}/affordability", headers=officer.headers)
    assert shown.json()["gross_income"] == 1000
    listed = (await client.get("/api/v1/exchange-rates?currency=KHR", headers=officer.headers)).json()
    assert [row["rate"] for row in listed["items"]] == [5000, 4000]


@pytest.mark.parametrize("rate", ["0", "-1", "0.0000001", "1e20"])
async def test_a_rate_is_a_number_above_zero(rate: str, client: AsyncClient, admin: Person) -> None:
    answer = await client.post("/api/v1/exchange-rates", json={"currency": "KHR", "rate": rate}, headers=admin.headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "InvalidInput")
    same = await client.post("/api/v1/exchange-rates", json={"currency": "USD", "rate": 1}, headers=admin.headers)
    assert same.json()["code"] == "RateOfItself"


@pytest.mark.parametrize(("base", "rate"), [("USD", "40.65"), ("USD", "406500"), ("USD", "0.000246"), ("KHR", "4065")])
async def test_a_rate_is_one_that_somebody_can_mean(base: str, rate: str, client: AsyncClient, admin: Person) -> None:
    wish = {"base": base, "currency": "KHR" if base == "USD" else "USD", "rate": rate}
    answer = await client.post("/api/v1/exchange-rates", json=wish, headers=admin.headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "UnlikelyRate"), answer.text
    assert answer.json()["errors"][0]["field"] == "rate"
    told = await client.post(
        "/api/v1/exchange-rates", json=wish | {"rate": 4065 if base == "USD" else "0.000246"}, headers=admin.headers
    )
    assert told.status_code == 201


async def test_what_the_customer_owes_and_vouches_for_elsewhere_counts(
    client: AsyncClient, session: AsyncSession, officer: Person, draft: Draft, record: Record
) -> None:
    application = await draft(officer)
    mine = {"customer_id": application["customer_id"], "approved_amount": Decimal(700)}
    vouched_for = an_application(officer.user.id, workflow_status=Stage.DISBURSED, approved_amount=Decimal(50))
    together = an_application(officer.user.id, workflow_status=Stage.DISBURSED, approved_amount=Decimal(8))
    session.add_all(
        [
            an_application(officer.user.id, workflow_status=Stage.DISBURSED, **mine),
            an_application(officer.user.id, workflow_status=Stage.APPROVED, **mine),
            an_application(officer.user.id, workflow_status=Stage.REJECTED, **mine),
            vouched_for,
            together,
        ]
    )
    await session.flush()
    session.add_all(
        Party(
            application_id=loan.id,
            role=role,
            position=1,
            customer_id=application["customer_id"],
            created_at=NOON,
            updated_at=NOON,
        )
        for loan, role in (
            (vouched_for, PartyRole.GUARANTOR),
            (together, PartyRole.CO_BORROWER),
            (together, PartyRole.GUARANTOR),  # once is enough
        )
    )
    await session.commit()
    await record(application, SOUND)
    exposure = (await judged(client, officer, application))["exposure"]
    assert exposure == {"outstanding": 708, "approved": 700, "guaranteed": 50, "total": 1458}


async def test_a_person_without_a_paper_is_taken_for_nobody_else(
    client: AsyncClient, session: AsyncSession, officer: Person, draft: Draft, record: Record
) -> None:
    application = await draft(officer, id_card_type=None, id_number=None)
    lent = {"workflow_status": Stage.DISBURSED, "approved_amount": Decimal(700)}
    session.add(an_application(officer.user.id, **lent))
    await session.commit()
    await record(application, SOUND)
    assert set((await judged(client, officer, application))["exposure"].values()) == {0}


async def test_the_house_sets_its_limits_for_judgements_to_come(
    client: AsyncClient, admin: Person, officer: Person, draft: Draft, record: Record
) -> None:
    policy = (await client.get("/api/v1/assessment-policy", headers=officer.headers)).json()
    assert (policy["dti_limit"], policy["nii_solvent"]) == (50, 75)
    application = await draft(officer, requested_amount=1000)
    await record(application, SOUND)
    assert (await judged(client, officer, application))["verdict"] == "PASS"
    stricter = policy | {"dti_limit": 30}
    assert (await client.put("/api/v1/assessment-policy", json=stricter, headers=officer.headers)).status_code == 403
    put = await client.put("/api/v1/assessment-policy", json=stricter, headers=admin.headers)
    assert put.json() == stricter
    found = await judged(client, officer, application)
    assert ([flag["code"] for flag in found["flags"]], found["limits"]["dti_limit"]) == (["DtiAboveLimit"], 30)
    for wrong in ({"nii_at_risk": 10}, {"steps": {"USD": 50}}, {"steps": {"USD": 0, "KHR": 1}}):
        refused = await client.put("/api/v1/assessment-policy", json=policy | wrong, headers=admin.headers)
        assert (refused.status_code, refused.json()["code"]) == (422, "PolicyContradictsItself")


async def test_judging_is_for_those_who_work_on_it(
    client: AsyncClient, sign_in: SignIn, draft: Draft, branch: Branch
) -> None:
    officer = await sign_in("officer", branch_id=branch.id)
    viewer = await sign_in("viewer", branch_id=branch.id)
    stranger = await sign_in("officer")
    application = await draft(officer)
    at = f"{APPLICATIONS}/{application['id']}/affordability"
    assert (await client.get(at, headers=viewer.headers)).status_code == 404
    assert (await client.post(at, headers=viewer.headers)).status_code == 403
    assert (await client.post(at, headers=stranger.headers)).status_code == 404
