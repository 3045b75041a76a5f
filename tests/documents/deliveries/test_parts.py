"""A large file comes in parts over a network that breaks off, to a folder and to a real S3 server."""

import hashlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from itertools import pairwise
from typing import Any
from uuid import uuid4

import httpx
import pytest
from httpx import AsyncClient, Response
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.app import open_store
from lc_workflow.documents.deliveries.models import Delivery
from lc_workflow.documents.deliveries.service import KEPT_FOR, clear_up
from lc_workflow.documents.rules.uploads import MOST_PARTS, SMALLEST_PART, part_size_for, parts_for
from lc_workflow.lending.applications.models import CustomerApplication
from lc_workflow.lending.rules.stages import Stage
from lc_workflow.platform.clock import system_clock
from lc_workflow.platform.config import ObjectStoreSettings
from tests.conftest import Person, SignIn, settings_for
from tests.documents.library.conftest import FILES, NOBODY, OpenOwnHouse, OwnHouse, own_house, s3

__all__ = ["own_house", "s3"]

FILM = b"%PDF-1.7\n" + bytes(SMALLEST_PART - 9) + b"the second part"


def announcement(content: bytes = FILM, **changes: Any) -> dict[str, Any]:
    return {
        "file_id": str(uuid4()),
        "filename": "ប័ណ្ណដី.pdf",
        "content_type": "application/pdf",
        "file_size": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        **changes,
    }


async def begin(client: AsyncClient, person: Person, wish: dict[str, Any]) -> Response:
    return await client.post(f"{FILES}/multipart", json=wish, headers=person.headers)


@asynccontextmanager
async def house_and_phone(
    own_house: OpenOwnHouse, request: pytest.FixtureRequest, kind: str
) -> AsyncIterator[tuple[OwnHouse, AsyncClient]]:
    """A house with a folder or an S3 store, and what brings parts straight to it."""
    changes = {"object_store": request.getfixturevalue("s3")} if kind == "s3" else {}
    async with own_house(max_file_size=20_000_000, **changes) as house, AsyncClient() as phone:
        yield house, house.client if kind == "folder" else phone


@pytest.mark.parametrize("kind", ["folder", "s3"])
async def test_a_file_comes_in_parts_and_a_break_costs_one_of_them(
    own_house: OpenOwnHouse, request: pytest.FixtureRequest, kind: str
) -> None:
    async with house_and_phone(own_house, request, kind) as (house, phone):
        headers = house.officer.headers
        wish = announcement(application_id=str(house.application_id), document_type="land_title")
        parts = (await begin(house.client, house.officer, wish)).json()
        assert [(part["number"], part["start"], part["end"]) for part in parts["parts"]] == [
            (1, 0, SMALLEST_PART),
            (2, SMALLEST_PART, len(FILM)),
        ]
        address = f"{FILES}/multipart/{wish['file_id']}"
        none = await house.client.post(f"{address}/complete", headers=headers)
        assert (none.status_code, none.json()["code"]) == (422, "PartsMissing")
        last = parts["parts"][1]
        another = "11" if last["upload_url"].endswith("00") else "00"
        forged = await phone.put(last["upload_url"][:-2] + another, content=b"x")
        assert forged.status_code == 403
        await put(phone, last)

        again = (await begin(house.client, house.officer, wish)).json()
        assert (again["arrived"], again["missing"], [part["number"] for part in again["parts"]]) == ([2], 1, [1])
        half = await house.client.post(f"{address}/complete", headers=headers)
        assert "send number 1" in half.json()["detail"]
        await put(phone, again["parts"][0])
        whole = (await house.client.get(address, headers=headers)).json()
        assert (whole["arrived"], whole["missing"], whole["parts"]) == ([1, 2], 0, [])

        answers = [await house.client.post(f"{address}/complete", headers=headers) for _ in "ab"]
        assert [answer.status_code for answer in answers] == [201, 201], answers[0].text
        file = answers[0].json()
        assert (
            (file["id"], file["content_sha256"])
            == (wish["file_id"], wish["sha256"])
            == (
                answers[1].json()["id"],
                hashlib.sha256((await phone.get(file["url"])).content).hexdigest(),
            )
        )
        if kind == "folder":
            assert len(house.kept()) == 1


@pytest.mark.parametrize("kind", ["folder", "s3"])
async def test_parts_put_together_in_vain_are_kept_where_they_are_right_and_sent_anew_where_not(
    own_house: OpenOwnHouse, request: pytest.FixtureRequest, kind: str
) -> None:
    async with house_and_phone(own_house, request, kind) as (house, phone):
        headers = house.officer.headers
        wish = announcement(application_id=str(house.application_id))
        address = f"{FILES}/multipart/{wish['file_id']}"

        async def turn(stage: Stage) -> None:
            async with AsyncSession(house.engine) as session:
                (await session.get_one(CustomerApplication, house.application_id)).workflow_status = stage
                await session.commit()

        for part in (await begin(house.client, house.officer, wish)).json()["parts"]:
            await put(phone, part)
        await turn(Stage.APPROVED)
        closed = await house.client.post(f"{address}/complete", headers=headers)
        assert closed.json()["code"] == "PapersClosed"
        await turn(Stage.PO_CREATED)
        again = (await begin(house.client, house.officer, wish)).json()
        assert (again["arrived"], again["missing"], again["parts"]) == ([1, 2], 0, [])
        assert (await house.client.post(f"{address}/complete", headers=headers)).status_code == 201

        wrong = announcement(sha256="00" * 32)
        address = f"{FILES}/multipart/{wrong['file_id']}"
        for part in (await begin(house.client, house.officer, wrong)).json()["parts"]:
            await put(phone, part)
        changed = await house.client.post(f"{address}/complete", headers=headers)
        assert changed.json()["code"] == "WrongContent"
        right = wrong | {"sha256": wish["sha256"]}
        anew = (await begin(house.client, house.officer, right)).json()
        assert (anew["arrived"], anew["missing"]) == ([], 2)
        for part in anew["parts"]:
            await put(phone, part)
        assert (await house.client.post(f"{address}/complete", headers=headers)).status_code == 201


async def put(phone: AsyncClient, part: dict[str, Any]) -> None:
    answer = await phone.put(part["upload_url"], content=FILM[part["start"] : part["end"]])
    assert answer.status_code in {200, 204}, answer.text


@pytest.mark.parametrize("kind", ["folder", "s3"])
async def test_what_is_given_up_or_abandoned_leaves_no_parts(
    own_house: OpenOwnHouse, request: pytest.FixtureRequest, kind: str
) -> None:
    given: ObjectStoreSettings | None = request.getfixturevalue("s3") if kind == "s3" else None
    async with own_house(max_file_size=20_000_000, object_store=given) as house, AsyncExitStack() as stack:
        phone = house.client if kind == "folder" else await stack.enter_async_context(httpx.AsyncClient())
        store = open_store(settings_for(house.engine.url, upload_folder=house.files, object_store=given), system_clock)
        wishes = [announcement(), announcement(), announcement()]
        for wish in wishes:
            await put(phone, (await begin(house.client, house.officer, wish)).json()["parts"][1])
        attempts = await attempts_of(house)
        gone = await house.client.delete(f"{FILES}/multipart/{wishes[0]['file_id']}", headers=house.officer.headers)
        assert gone.status_code == 204, gone.text
        there = [await store.parts_of(*attempts[wish["file_id"]]) for wish in wishes]
        assert there[:2] == [{}, {2: len(FILM) - SMALLEST_PART}]
        whole = await house.client.post(f"{FILES}/upload-url", json=wishes[2], headers=house.officer.headers)
        await phone.put(whole.json()["upload_url"], content=FILM, headers=whole.json()["headers"])
        told = {"file_id": wishes[2]["file_id"]}
        came = await house.client.post(f"{FILES}/finalize", json=told, headers=house.officer.headers)
        assert came.status_code == 201, came.text
        assert await store.parts_of(*attempts[wishes[2]["file_id"]]) == {}
        async with AsyncSession(house.engine) as session:
            assert await clear_up(session, store, at=system_clock() + KEPT_FOR + timedelta(minutes=1)) == 1
        assert await store.parts_of(*attempts[wishes[1]["file_id"]]) == {}
        assert len(house.kept()) == (kind == "folder"), "the one that came whole"


async def attempts_of(house: OwnHouse) -> dict[str, tuple[str, str]]:
    async with AsyncSession(house.engine) as session:
        rows = await session.scalars(select(Delivery))
        return {str(row.id): (row.key, row.attempt or "") for row in rows}


async def test_only_who_announced_a_file_brings_its_parts(client: AsyncClient, sign_in: SignIn) -> None:
    officer, other = await sign_in("officer"), await sign_in("officer")
    wish = announcement(b"%PDF-1.7 a small one")
    await begin(client, officer, wish)
    for method, path in (("GET", ""), ("DELETE", ""), ("POST", "/complete")):
        for person, file_id in ((other, wish["file_id"]), (officer, NOBODY)):
            answer = await client.request(method, f"{FILES}/multipart/{file_id}{path}", headers=person.headers)
            assert (answer.status_code, answer.json()["code"]) == (404, "Missing")
    large = await begin(client, officer, announcement(file_size=10 * 1024 * 1024 + 1))
    assert (large.status_code, large.json()["code"]) == (413, "FileTooLarge")


@pytest.mark.parametrize("size", [1, SMALLEST_PART, SMALLEST_PART + 1, 5 * 1024**3, 2**53])
def test_parts_cover_a_file_and_are_no_more_than_a_store_lists(size: int) -> None:
    parts = parts_for(size, part_size_for(size))
    assert parts[0][1] == 0
    assert parts[-1][2] == size
    assert len(parts) <= MOST_PARTS
    assert all(before[2] == after[1] for before, after in pairwise(parts))
    assert all(end - start >= SMALLEST_PART for _, start, end in parts[:-1])
