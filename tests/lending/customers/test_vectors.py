"""The lending vectors about people, through the API: what is kept of a number, a name and a place."""

import json
from pathlib import Path
from typing import Any

import pytest
from httpx import AsyncClient

from tests.conftest import Person

CUSTOMERS = "/api/v1/customers"
VECTORS: dict[str, list[dict[str, Any]]] = json.loads(
    (Path(__file__).parents[1] / "vectors" / "matching.json").read_text("utf-8")
)


def called(row: dict[str, Any]) -> str:
    return str(row.get("written", row.get("code")))


async def written_down(client: AsyncClient, officer: Person, **wish: Any) -> dict[str, Any]:
    """Write somebody down, and give back what is kept, or the refusal."""
    answer = await client.post(CUSTOMERS, json={"full_name_latin": "SOK SOPHEA"} | wish, headers=officer.headers)
    assert answer.status_code in {201, 422}, answer.text
    body: dict[str, Any] = answer.json()
    return body


@pytest.mark.parametrize("row", VECTORS["phones"], ids=called)
async def test_telephones(client: AsyncClient, officer: Person, row: dict[str, Any]) -> None:
    assert (await written_down(client, officer, phones=[row["written"]]))["phones"] == [row["e164"]]


@pytest.mark.parametrize("row", VECTORS["identity_cards"], ids=called)
async def test_identity_cards(client: AsyncClient, officer: Person, row: dict[str, Any]) -> None:
    paper = {"id_card_type": "cambodian_identity", "id_number": row["written"]}
    kept = await written_down(client, officer, identities=[paper])
    assert kept.get("code") == row["refusal"]
    if not row["refusal"]:
        found = await client.get(CUSTOMERS, params={"search": row["number"]}, headers=officer.headers)
        assert [person["id"] for person in found.json()["items"]] == [kept["id"]]


@pytest.mark.parametrize("row", VECTORS["names"], ids=called)
async def test_names(client: AsyncClient, officer: Person, row: dict[str, Any]) -> None:
    kept = await written_down(client, officer, full_name_khmer=row["written"])
    assert kept.get("code") == row["refusal"]
    assert kept.get("full_name_khmer") == row["kept"]


@pytest.mark.parametrize("row", VECTORS["places"], ids=called)
async def test_places(client: AsyncClient, officer: Person, row: dict[str, Any]) -> None:
    kept = await written_down(client, officer, place_code=row["code"])
    assert kept.get("code") == row["refusal"]
    assert kept.get("place_code") == (None if row["refusal"] else row["code"])
