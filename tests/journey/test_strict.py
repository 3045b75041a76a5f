"""With the strict way of approving, the same loan needs the regional manager above 1,000 USD."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from httpx import AsyncClient

from lc_workflow.cli import house
from tests.conftest import ROOT, open_house, settings_for
from tests.journey.town import Town, sign_in
from tests.lending.steps import URL as APPLICATIONS
from tests.lending.steps import WISH

STRICT = str(ROOT / "db" / "seeds" / "strict.toml")


def adopt(town: Town, *words: str) -> Any:
    environ = {"DATABASE_URL": town.database.render_as_string(hide_password=False)}
    return CliRunner(env=environ).invoke(house, ["adopt-approving", STRICT, *words])


@pytest.fixture
def strict_town(town: Town) -> Town:
    """The town, after somebody has put the strict way into force, twice."""
    for _ in range(2):
        adopted = adopt(town)
        assert (adopted.exit_code, adopted.output) == (0, "Applications to come are decided by matrix 2.\n")
    return town


@pytest.fixture
async def client(strict_town: Town, tmp_path: Path) -> AsyncIterator[AsyncClient]:
    async with open_house(settings_for(strict_town.database, upload_folder=tmp_path)) as client:
        yield client


async def before_the_manager(client: AsyncClient, amount: int, **people: dict[str, str]) -> str:
    drafted = await client.post(APPLICATIONS, json=WISH | {"requested_amount": amount}, headers=people["officer"])
    at = f"{APPLICATIONS}/{drafted.json()['id']}"
    assert (await client.patch(f"{at}/submit", json={}, headers=people["officer"])).status_code == 200
    for body in ({"new_status": "TELLER_PROCESSING"}, {"new_status": "MANAGER_REVIEW", "account_id": "00012345"}):
        moved = await client.post(f"{at}/workflow/transition", json=body, headers=people["teller"])
        assert moved.status_code == 200, moved.text
    return at


async def test_above_a_thousand_the_same_journey_needs_the_regional_manager(client: AsyncClient) -> None:
    names = ("officer", "teller", "manager", "second_manager", "regional_manager")
    officer, teller, manager, second, regional = [await sign_in(client, name) for name in names]
    small = await before_the_manager(client, 1000, officer=officer, teller=teller)
    approved = await client.patch(f"{small}/approve", json={"approved_amount": 1000}, headers=manager)
    assert approved.json()["status"] == "approved", approved.text

    large = await before_the_manager(client, 1001, officer=officer, teller=teller)
    early = await client.patch(f"{large}/approve", json={}, headers=regional)
    assert (early.status_code, early.json()["code"]) == (403, "OutOfScope")
    first = await client.patch(f"{large}/approve", json={"approved_amount": 1001}, headers=manager)
    assert (first.status_code, first.json()["status"]) == (200, "under_review")
    late = await client.patch(f"{large}/approve", json={}, headers=second)
    assert (late.status_code, late.json()["code"]) == (422, "StageClosed")
    last = await client.patch(f"{large}/approve", json={"approved_amount": 1001}, headers=regional)
    assert (last.status_code, last.json()["status"], last.json()["approved_amount"]) == (200, "approved", 1001)
    history = (await client.get(f"{large}/workflow/history", headers=officer)).json()
    assert [move["action"] for move in history] == ["submit", "start", "send_to_review", "approve"]


def test_somebody_without_an_account_puts_nothing_into_force(town: Town) -> None:
    refused = adopt(town, "--by", "nobody")
    assert (refused.exit_code, refused.output) == (1, "Error: There is no active account named nobody.\n")
