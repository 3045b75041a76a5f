"""Quotes over HTTP: the written-down examples through the API, and what it refuses."""

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from time import process_time
from typing import Any

import msgspec
import pytest
from httpx import AsyncClient
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.organization.branches.models import Branch
from lc_workflow.organization.hours.models import Holiday
from tests.conftest import Person, SignIn
from tests.lending.steps import Draft, Take
from tests.moments import NOON

URL = "/api/v1/quotes"
VECTORS = json.loads((Path(__file__).parents[1] / "vectors/schedules.json").read_text())
BY_NAME = {row["name"]: row for row in VECTORS["schedules"]}
LOAN = {
    "currency": "USD",
    "principal": 1000,
    "annual_rate": 18,
    "term": 12,
    "frequency": "monthly",
    "method": "annuity",
}


@pytest.fixture
async def officer(sign_in: SignIn) -> Person:
    return await sign_in("officer")


def exact(answer: Any) -> Any:
    """Read an answer's numbers as they are written."""
    assert answer.status_code == 200, answer.text
    return msgspec.json.Decoder(float_hook=Decimal).decode(answer.content)


def body_of(terms: dict[str, str]) -> bytes:
    """Write the terms of an example as a client does: numbers as numbers."""
    numbers = {"principal", "annual_rate", "residual"}
    return msgspec.json.Encoder(decimal_format="number").encode(
        {name: Decimal(value) if name in numbers else value for name, value in terms.items()}
    )


@pytest.mark.parametrize("name", BY_NAME)
async def test_a_schedule_is_the_one_written_down(name: str, client: AsyncClient, officer: Person) -> None:
    vector = BY_NAME[name]
    answer = await client.post(
        URL, content=body_of(vector["terms"]), headers=officer.headers | {"content-type": "application/json"}
    )
    told = exact(answer)
    shown = [
        [row["due_on"], *(str(row[amount]) for amount in ("principal", "interest", "total", "balance"))]
        for row in told["installments"]
    ]
    assert shown == vector["rows"]
    assert [row["number"] for row in told["installments"]] == list(range(1, len(shown) + 1))
    totals = told["totals"]
    assert str(totals["interest"]) == vector["interest"]
    assert totals["principal"] == Decimal(vector["terms"]["principal"])
    assert totals["total"] == totals["principal"] + totals["interest"] + totals["fees"]


@pytest.mark.parametrize("vector", VECTORS["yearly_costs"], ids=lambda vector: vector["name"])
async def test_the_yearly_cost_is_the_one_written_down(
    vector: dict[str, Any], client: AsyncClient, officer: Person
) -> None:
    terms = BY_NAME[vector["schedule"]]["terms"]
    body = {name: int(value) if name in {"term", "principal_every"} else value for name, value in terms.items()}
    deducted = Decimal(terms["principal"]) - Decimal(vector["received"])
    fees = [{"code": "processing", "amount": str(deducted), "timing": "deducted"}]
    answer = await client.post(URL, json=body | {"fees": fees if deducted else []}, headers=officer.headers)
    assert f'"nominal_apr":{vector["nominal"]},"effective_apr":{vector["effective"]}' in answer.text
    assert exact(answer)["totals"]["fees"] == deducted


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"currency": "KHR", "principal": 5400, "term": 36, "method": "equal_principal"}, "RoundingExhaustsPrincipal"),
        ({"currency": "KHR", "principal": 5450}, "NotAMultipleOfTheQuantum"),
        ({"principal": 0}, "ImpossibleTerms"),
        ({"day_count": "ACT/365"}, "ImpossibleTerms"),
        ({"first_due_on": "9999-12-31"}, "ImpossibleTerms"),
        ({"residual": 1000, "method": "annuity_residual"}, "ImpossibleTerms"),
        ({"principal_grace": 12}, "ImpossibleTerms"),
        ({"fees": [{"code": "all", "amount": 1000, "timing": "deducted"}]}, "FeesExhaustPrincipal"),
        (
            {"principal": "0.05", "annual_rate": 900, "term": 30, "installment_rounding": "FLOOR"},
            "InstallmentBelowInterest",
        ),
        (
            {"term": 1, "frequency": "daily", "fees": [{"code": "x", "amount": "999.99", "timing": "paid"}]},
            "NoRate",
        ),
        ({"term": 1001}, "InvalidInput"),
        ({"interest_rounding": "CEILING"}, "InvalidInput"),
        ({"annual_rate": -1}, "InvalidInput"),
        ({"fees": [{"code": "x", "amount": 1, "timing": "paid"}] * 21}, "InvalidInput"),
    ],
)
async def test_a_loan_that_cannot_be_made_is_refused(
    changes: dict[str, Any], code: str, client: AsyncClient, officer: Person
) -> None:
    answer = await client.post(URL, json=LOAN | changes, headers=officer.headers)
    assert (answer.status_code, answer.json().get("code")) == (422, code), answer.text


async def test_what_is_left_out_is_as_usual(client: AsyncClient, officer: Person) -> None:
    usual = {
        "principal_grace": 0, "principal_every": 1, "residual": 0, "installment_rounding": "HALF_UP",
        "interest_rounding": "HALF_UP", "day_count": "PERIODIC", "business_day": "none", "holidays": [], "fees": [],
        "disbursed_on": "", "anchor_day": None, "and": "the rest",
    }  # fmt: skip
    short, long = [exact(await client.post(URL, json=body, headers=officer.headers)) for body in (LOAN, LOAN | usual)]
    assert short == long
    assert len(short["quote_hash"]) == 64


async def test_the_longest_loans_are_reckoned_soon(client: AsyncClient, officer: Person) -> None:
    body = LOAN | {
        "principal": "9999999999999.99",
        "annual_rate": 999,
        "term": 1000,
        "frequency": "daily",
        "disbursed_on": "2026-01-01",
        "first_due_on": "2026-01-02",
        "business_day": "following",
    }
    began = process_time()  # our own work, which a busy machine does not prolong
    answer = await client.post(URL, json=body, headers=officer.headers)
    assert process_time() - began < 2
    assert len(exact(answer)["installments"]) == 1000


@pytest.fixture
async def drafted(officer: Person, draft: Draft) -> dict[str, Any]:
    return await draft(officer, requested_amount=1000)


async def test_an_application_is_quoted_as_it_and_its_product_say(
    client: AsyncClient, officer: Person, drafted: dict[str, Any]
) -> None:
    at = f"/api/v1/applications/{drafted['id']}/quote"
    told = exact(await client.post(at, headers=officer.headers))
    plain = exact(await client.post(URL, json=LOAN, headers=officer.headers))
    assert told == plain
    other = exact(await client.post(at, json={"term": 24, "method": "balloon"}, headers=officer.headers))
    assert len(other["installments"]) == 24
    assert [warning["code"] for warning in other["warnings"]] == ["BalloonSourceRequired"]


async def test_a_day_of_disbursement_dates_the_installments(client: AsyncClient, officer: Person, draft: Draft) -> None:
    application = await draft(officer, requested_disbursement_date="2026-12-31", product_type="weekly_loan")
    told = exact(await client.post(f"/api/v1/applications/{application['id']}/quote", headers=officer.headers))
    assert [row["due_on"] for row in told["installments"]][:2] == ["2027-01-07", "2027-01-14"]
    assert len(told["installments"]) == 52


async def test_no_loan_begins_on_a_day_that_is_over(
    client: AsyncClient, officer: Person, draft: Draft, take: Take
) -> None:
    application = await draft(officer, requested_disbursement_date="2026-10-31")
    its = f"/api/v1/applications/{application['id']}/quote"
    told = exact(await client.post(its, headers=officer.headers))
    assert [row["due_on"] for row in told["installments"]][:2] == ["2026-12-24", "2027-01-24"]
    await take(officer, application, "withdraw", reason="She went elsewhere")  # and stays what it was from now on
    told = exact(await client.post(its, headers=officer.headers))
    assert [row["due_on"] for row in told["installments"]][:2] == ["2026-11-30", "2026-12-31"]


@pytest.mark.parametrize(
    ("disbursed_on", "anchor_day", "dues"),
    [
        ("2027-01-31", None, ["2027-02-28", "2027-03-31", "2027-04-30"]),
        ("2027-01-20", 5, ["2027-02-05", "2027-03-05", "2027-04-05"]),
    ],
)
async def test_installments_fall_on_the_day_of_disbursement_or_the_anchor_day_whoever_asks(
    disbursed_on: str, anchor_day: int | None, dues: list[str], client: AsyncClient, officer: Person, draft: Draft
) -> None:
    application = await draft(officer, requested_amount=1000, requested_disbursement_date=disbursed_on)
    its = f"/api/v1/applications/{application['id']}/quote"
    body = {"anchor_day": anchor_day}
    for answer in (
        await client.post(its, json=body, headers=officer.headers),
        await client.post(URL, json=LOAN | body | {"disbursed_on": disbursed_on}, headers=officer.headers),
    ):
        assert [row["due_on"] for row in exact(answer)["installments"]][:3] == dues


async def test_too_little_said_is_named(client: AsyncClient, officer: Person, draft: Draft) -> None:
    application = await draft(officer, requested_amount=None, product_type=None, interest_rate=None)
    answer = await client.post(f"/api/v1/applications/{application['id']}/quote", headers=officer.headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "TermsMissing")
    assert [error["field"] for error in answer.json()["errors"]] == [
        "requested_amount",
        "interest_rate",
        "product_type",
    ]
    without_term = await draft(officer, desired_loan_term=None)
    answer = await client.post(f"/api/v1/applications/{without_term['id']}/quote", headers=officer.headers)
    assert [error["field"] for error in answer.json()["errors"]] == ["desired_loan_term"]
    assert answer.json()["detail"] == "Fill in desired_loan_term before the loan is reckoned."


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        ({"principal": "0.50"}, "AmountOutsideProduct"),
        ({"frequency": "daily"}, "RepaymentNotOffered"),
        ({"annual_rate": 18, "currency": "KHR", "principal": 5450}, "NotAMultipleOfTheQuantum"),
        ({"currency": "KHR"}, "TermsMissing"),
    ],
)
async def test_a_quote_keeps_to_the_product(
    wish: dict[str, Any], code: str, client: AsyncClient, officer: Person, drafted: dict[str, Any]
) -> None:
    answer = await client.post(f"/api/v1/applications/{drafted['id']}/quote", json=wish, headers=officer.headers)
    assert (answer.status_code, answer.json()["code"]) == (422, code)


async def test_what_one_may_not_see_is_not_quoted(
    client: AsyncClient, sign_in: SignIn, drafted: dict[str, Any], branch: Branch
) -> None:
    stranger = await sign_in("officer", branch_id=branch.id)
    answer = await client.post(f"/api/v1/applications/{drafted['id']}/quote", headers=stranger.headers)
    assert answer.status_code == 404


async def test_the_holidays_of_the_branch_move_due_dates(
    client: AsyncClient, session: AsyncSession, sign_in: SignIn, branch: Branch, draft: Draft
) -> None:
    session.add_all(
        Holiday(day=day, branch_id=where, name="Closed", created_at=NOON)
        for day, where in ((date(2027, 1, 7), branch.id), (date(2027, 1, 14), None))
    )
    officer = await sign_in("officer", branch_id=branch.id)
    application = await draft(officer, requested_disbursement_date="2026-12-31", product_type="weekly_loan")
    at = f"/api/v1/applications/{application['id']}/quote"
    for wish, days in (
        ({"business_day": "following"}, ["2027-01-08", "2027-01-15", "2027-01-21"]),
        ({"business_day": "following", "holidays": []}, ["2027-01-07", "2027-01-14", "2027-01-21"]),
        ({}, ["2027-01-07", "2027-01-14", "2027-01-21"]),
    ):
        told = exact(await client.post(at, json=wish, headers=officer.headers))
        assert [row["due_on"] for row in told["installments"]][:3] == days
