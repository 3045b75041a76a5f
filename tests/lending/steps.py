"""Applications as HTTP clients meet them."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from httpx import AsyncClient

from tests.conftest import Person

Draft = Callable[..., Awaitable[dict[str, Any]]]
Take = Callable[..., Awaitable[Any]]

URL = "/api/v1/applications"
WISH = {
    "id_card_type": "cambodian_identity",
    "id_number": "010234567",
    "full_name_khmer": "សុខ ចាន់ធី",
    "full_name_latin": "SOK CHANTHY",
    "phone": "+85512345678",
    "date_of_birth": "1990-04-13",
    "requested_amount": 1500.5,
    "desired_loan_term": 12,
    "product_type": "monthly_loan",
    "loan_purposes": ["commerce"],
    "interest_rate": 18,
}
"""What an officer writes down."""


@pytest.fixture
def draft(client: AsyncClient) -> Draft:
    """Let somebody draft an application."""

    async def draft(person: Person, **changes: Any) -> dict[str, Any]:
        answer = await client.post(URL, json=WISH | changes, headers=person.headers)
        assert answer.status_code == 201, answer.text
        drafted: dict[str, Any] = answer.json()
        return drafted

    return draft


@pytest.fixture
def take(client: AsyncClient) -> Take:
    """Let somebody take an action on an application."""

    async def take(person: Person, application: dict[str, Any], action: str, **body: Any) -> Any:
        return await client.post(f"{URL}/{application['id']}/actions/{action}", json=body, headers=person.headers)

    return take


@pytest.fixture
def to_review(draft: Draft, take: Take) -> Callable[..., Awaitable[dict[str, Any]]]:
    """Bring a new application before the manager."""

    async def to_review(officer: Person, teller: Person, **changes: Any) -> dict[str, Any]:
        application = await draft(officer, **changes)
        for person, action in ((officer, "submit"), (teller, "start")):
            assert (await take(person, application, action)).status_code == 200
        sent = await take(teller, application, "send_to_review", account_id=changes.get("account_id", "00012345"))
        assert sent.status_code == 200, sent.text
        reviewed: dict[str, Any] = sent.json()
        return reviewed

    return to_review
