"""The law of the place over HTTP: written, confirmed by another, chosen, and held against quotes."""

import json
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from httpx import AsyncClient

from tests.conftest import Person, SignIn
from tests.moments import NOON

URL = "/api/v1/jurisdiction-profiles"
VECTORS = json.loads((Path(__file__).parents[1] / "vectors/jurisdiction.json").read_text())
TODAY = NOON.date()
LOAN: dict[str, Any] = {
    "currency": "USD",
    "principal": 1000,
    "annual_rate": 18,
    "term": 12,
    "frequency": "monthly",
    "method": "annuity",
}


@pytest.fixture
def follow_cambodia(client: AsyncClient, admin: Person) -> Callable[[], Awaitable[Any]]:
    """Confirm the seeded profile and follow it."""

    async def follow() -> Any:
        profile = (await client.get(f"{URL}?code=KH", headers=admin.headers)).json()["items"][0]
        confirmed = await client.post(f"{URL}/{profile['id']}/confirm", headers=admin.headers)
        assert confirmed.status_code == 200, confirmed.text
        chosen = await client.put(f"{URL}/in-use", json={"code": "KH"}, headers=admin.headers)
        assert chosen.status_code == 200, chosen.text
        return chosen.json()

    return follow


async def test_a_new_installation_follows_no_law(client: AsyncClient, admin: Person) -> None:
    assert (await client.get(f"{URL}/in-use", headers=admin.headers)).json() == {"code": "NONE", "profile": None}
    refused = await client.put(f"{URL}/in-use", json={"code": "KH"}, headers=admin.headers)
    assert (refused.status_code, refused.json()["code"]) == (422, "ProfileNotConfirmed")


async def test_a_confirmed_law_is_followed_and_left_again(
    client: AsyncClient,
    admin: Person,
    follow_cambodia: Callable[[], Awaitable[Any]],
    announced: Callable[[], Awaitable[list[str]]],
) -> None:
    in_use = await follow_cambodia()
    assert (in_use["code"], in_use["profile"]["rate_ceiling"]) == ("KH", 18)
    again = await client.put(f"{URL}/in-use", json={"code": "KH"}, headers=admin.headers)
    assert again.json() == in_use
    left = await client.put(f"{URL}/in-use", json={"code": "NONE"}, headers=admin.headers)
    assert left.json() == {"code": "NONE", "profile": None}
    assert await announced() == ["JurisdictionProfileConfirmed", "JurisdictionChosen", "JurisdictionChosen"]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
async def test_the_law_answers_as_written_down(
    vector: dict[str, Any], client: AsyncClient, admin: Person, follow_cambodia: Callable[[], Awaitable[Any]]
) -> None:
    if vector["profile"] == "KH":
        await follow_cambodia()
    fees = [{"code": "processing", "amount": 25, "timing": "deducted"}] if "rate_with_fees" in vector else []
    body = LOAN | {"annual_rate": vector["annual_rate"], "method": vector["method"], "fees": fees}
    answer = await client.post("/api/v1/quotes", json=body, headers=admin.headers)
    if vector["refusals"]:
        assert (answer.status_code, answer.json()["code"]) == (422, vector["refusals"][0])
    else:
        codes = [warning["code"] for warning in answer.json()["warnings"]]
        assert codes == (["AprWithFeesAboveCap"] if vector["warning"] else [])


async def test_a_law_is_confirmed_by_another_than_who_wrote_it_and_holds_from_its_day_on(
    client: AsyncClient, sign_in: SignIn, admin: Person, follow_cambodia: Callable[[], Awaitable[Any]]
) -> None:
    await follow_cambodia()
    tomorrow = (TODAY + timedelta(days=1)).isoformat()
    law = {"code": "KH", "name": "Cambodia, from tomorrow", "valid_from": tomorrow, "rate_ceiling": 12}
    written = await client.post(URL, json=law, headers=admin.headers)
    assert written.status_code == 201, written.text
    at = f"{URL}/{written.json()['id']}"
    refused = await client.post(f"{at}/confirm", headers=admin.headers)
    assert (refused.status_code, refused.json()["code"]) == (403, "OwnProfile")
    other = await sign_in("admin")
    changed = await client.patch(at, json={"rate_ceiling": 15}, headers=other.headers)
    assert changed.json()["rate_ceiling"] == 15
    for hand in (admin, other):  # a word changed by the one does not make the law another's
        refused = await client.post(f"{at}/confirm", headers=hand.headers)
        assert (refused.status_code, refused.json()["code"]) == (403, "OwnProfile")
    third = await sign_in("admin")
    assert (await client.post(f"{at}/confirm", headers=third.headers)).json()["confirmed_by"] == str(third.user.id)
    closed = await client.patch(at, json={"rate_ceiling": 99}, headers=admin.headers)
    assert (closed.status_code, closed.json()["code"]) == (422, "ProfileConfirmed")
    in_use = (await client.get(f"{URL}/in-use", headers=admin.headers)).json()
    assert in_use["profile"]["rate_ceiling"] == 18
    assert (await client.get(at, headers=admin.headers)).json()["name"] == "Cambodia, from tomorrow"


async def test_no_law_has_the_name_of_none(client: AsyncClient, admin: Person) -> None:
    law = {"code": "NONE", "name": "Anarchy", "valid_from": "2026-01-01"}
    answer = await client.post(URL, json=law, headers=admin.headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "CodeReserved")


async def test_only_who_may_confirm_chooses(client: AsyncClient, sign_in: SignIn) -> None:
    officer = await sign_in("officer")
    assert (await client.get(URL, headers=officer.headers)).status_code == 200
    assert (await client.put(f"{URL}/in-use", json={"code": "NONE"}, headers=officer.headers)).status_code == 403
