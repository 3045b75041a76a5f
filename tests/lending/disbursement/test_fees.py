"""What a borrower is paid of a loan that has fees."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from httpx import AsyncClient
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.lending.applications.models import CustomerApplication
from lc_workflow.lending.disbursement.jobs import HAND_OVER
from lc_workflow.platform.jobs import Workplace
from tests.conftest import SignIn
from tests.lending.disbursement.conftest import PAID, OpenOffice
from tests.lending.disbursement.payer import Payer
from tests.lending.steps import URL

LIMITS = [
    {"currency": "USD", "amount_min": 10, "amount_max": 5000, "term_min": 3, "term_max": 24},
    {"currency": "KHR", "amount_min": 40_000, "amount_max": 20_000_000, "term_min": 3, "term_max": 24},
]
KEPT_BACK = {"code": "processing", "kind": "percent", "value": 1.5, "timing": "deducted"}
BESIDE_IT = {"code": "stamp", "kind": "fixed", "value": 5, "timing": "paid", "currency": "USD"}
ADDED = {"code": "insurance", "kind": "fixed", "value": 20, "timing": "financed", "currency": "USD"}
Charging = Callable[..., Awaitable[None]]


@pytest.fixture
def charging(client: AsyncClient, sign_in: SignIn) -> Charging:
    """Put a version of the monthly loan in force that has these fees."""

    async def charging(*fees: dict[str, Any]) -> None:
        admin = (await sign_in("admin")).headers
        page = (await client.get("/api/v1/products?search=monthly_loan", headers=admin)).json()
        conditions = {
            "limits": LIMITS, "frequencies": ["monthly"], "methods": ["annuity"],
            "rate_min": 12, "rate_max": 18, "rate_default": 17.5, "fees": list(fees),
        }  # fmt: skip
        at = f"/api/v1/products/{page['items'][0]['id']}/versions"
        begun = await client.post(at, json=conditions, headers=admin)
        assert begun.status_code == 201, begun.text
        published = await client.post(f"{at}/{begun.json()['number']}/publish", headers=admin)
        assert published.status_code == 200, published.text

    return charging


async def test_a_fee_that_is_kept_back_is_not_paid_out(
    opened: OpenOffice, charging: Charging, payer: Payer, at_the_payer: Workplace
) -> None:
    await charging(KEPT_BACK, BESIDE_IT, ADDED)
    office = await opened(1200)
    asked = (await office.ask()).json()
    assert (asked["principal"], asked["deducted_fees"], asked["amount"]) == (1200, 18, 1182)
    await HAND_OVER.do(at_the_payer, {"request_id": asked["id"]})
    order = payer.paid[office.loan["id"]]
    assert (order["amount"], order["principal"], order["deducted_fees"]) == ("1182.00", "1200.00", "18.00")
    gross = await office.close(asked, "confirm", **PAID)
    assert (gross.status_code, gross.json()["code"]) == (422, "AmountMismatch")
    assert gross.json()["detail"] == (
        "1200 USD were paid, and 1182.00 USD were to be: 1200.00 without the fees of 18.00; look at the payment again."
    )
    confirmed = await office.close(asked, "confirm", **PAID | {"amount": 1182})
    assert (confirmed.status_code, confirmed.json()["status"]) == (200, "confirmed"), confirmed.text
    shown = await office.client.get(f"{URL}/{office.loan['id']}", headers=office.people["officer"].headers)
    assert shown.json()["approved_amount"] == 1200
    manager = office.people["manager"].headers
    figure = (await office.client.get("/api/v1/figures/disbursed", headers=manager)).json()
    assert figure["rows"] == [{"currency": "USD", "loans": 1, "amount": 1182, "principal": 1200}]


async def test_an_order_in_riel_is_what_notes_are_worth_and_says_all_three_amounts(
    opened: OpenOffice, charging: Charging, work_off: Callable[[], Awaitable[list[str]]], workplace: Workplace
) -> None:
    await charging(KEPT_BACK)
    office = await opened(1_230_100, currency="KHR", requested_amount=2_000_000)
    asked = (await office.ask()).json()
    assert (asked["principal"], asked["deducted_fees"], asked["amount"]) == (1_230_100, 18_500, 1_211_600)
    await work_off()
    pieces = [piece async for piece in await workplace.store.get((await office.shown())["external_reference"])]
    head, line = b"".join(pieces).decode("utf-8-sig").splitlines()
    order = dict(zip(head.split(","), line.split(","), strict=True))
    assert (order["amount"], order["currency"]) == ("1211600.00", "KHR")
    assert (order["principal"], order["deducted_fees"]) == ("1230100.00", "18500.00")


@pytest.mark.parametrize("fees", [(), (BESIDE_IT, ADDED), (KEPT_BACK | {"value": 0},)])
async def test_without_a_fee_that_is_kept_back_the_whole_loan_is_paid(
    opened: OpenOffice, charging: Charging, fees: tuple[dict[str, Any], ...]
) -> None:
    await charging(*fees)
    asked = (await (await opened(1200)).ask()).json()
    assert (asked["principal"], asked["deducted_fees"], asked["amount"]) == (1200, 0, 1200)


@pytest.mark.parametrize("unknown", [{"product_version_id": None}, {"approved_loan_term": None}])
async def test_a_loan_of_which_no_quote_can_be_told_is_paid_as_it_was_approved(
    opened: OpenOffice, charging: Charging, session: AsyncSession, unknown: dict[str, Any]
) -> None:
    await charging(KEPT_BACK)
    office = await opened(1200)
    await session.execute(update(CustomerApplication).values(unknown))
    await session.commit()
    asked = (await office.ask()).json()
    assert (asked["principal"], asked["deducted_fees"], asked["amount"]) == (1200, 0, 1200)
