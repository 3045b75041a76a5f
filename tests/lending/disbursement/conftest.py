"""A branch with a loan that was approved, its people, and whoever pays."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Any, TypeAlias

import pytest
from httpx import AsyncClient

from lc_workflow.organization.branches.models import Branch
from lc_workflow.platform.config import DisbursementWebhook
from lc_workflow.platform.jobs import Workplace
from tests.conftest import Person, SignIn
from tests.lending.disbursement.payer import Payer, paying
from tests.lending.steps import URL, Take

REQUESTS = "/api/v1/disbursement-requests"
SECRET = "a secret that only the payment system knows"
PAID: dict[str, Any] = {"amount": 1200, "currency": "USD", "paid_on": "2026-11-24", "reference": "TRX-77"}
ToReview = Callable[..., Awaitable[dict[str, Any]]]
OpenOffice: TypeAlias = "Callable[..., Awaitable[Office]]"


class Office:
    """A branch with an approved loan, and its people."""

    def __init__(self, client: AsyncClient, loan: dict[str, Any], people: dict[str, Person]) -> None:
        self.client = client
        self.loan = loan
        self.people = people

    async def ask(self, who: str = "officer") -> Any:
        path = f"{URL}/{self.loan['id']}/disbursement-requests"
        return await self.client.post(path, headers=self.people[who].headers)

    async def close(self, request: dict[str, Any], verb: str, who: str = "teller", **body: Any) -> Any:
        path = f"{REQUESTS}/{request['id']}/{verb}"
        return await self.client.post(path, json=body, headers=self.people[who].headers)

    async def shown(self) -> dict[str, Any]:
        path = f"{URL}/{self.loan['id']}/disbursement-requests"
        listed = (await self.client.get(path, headers=self.people["officer"].headers)).json()
        found: dict[str, Any] = listed[0]
        return found

    async def stage(self) -> str:
        loan = await self.client.get(f"{URL}/{self.loan['id']}", headers=self.people["officer"].headers)
        return str(loan.json()["workflow_status"])


@pytest.fixture
def opened(client: AsyncClient, sign_in: SignIn, branch: Branch, to_review: ToReview, take: Take) -> OpenOffice:
    """Open a branch that approves a loan of `amount`; `changes` are what its officer writes down otherwise."""

    async def opened(amount: int, **changes: Any) -> Office:
        people = {role: await sign_in(role, branch_id=branch.id) for role in ("officer", "teller", "manager")}
        people["stranger"] = await sign_in("manager")
        loan = await to_review(people["officer"], people["teller"], **changes)
        approved = await take(people["manager"], loan, "approve", approved_amount=amount)
        assert approved.status_code == 200, approved.text
        return Office(client, approved.json(), people)

    return opened


@pytest.fixture
async def office(opened: OpenOffice) -> Office:
    return await opened(1200)


@pytest.fixture
async def payer() -> AsyncIterator[Payer]:
    async with paying(SECRET) as payer:
        yield payer


@pytest.fixture
def at_the_payer(workplace: Workplace, payer: Payer) -> Workplace:
    return replace(
        workplace,
        settings=replace(workplace.settings, disbursement_webhook=DisbursementWebhook(url=payer.url, secret=SECRET)),
    )
