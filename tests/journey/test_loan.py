"""One loan from the officer's notes to the manager's decision, in one process and through two workers."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from httpx import AsyncClient, Limits
from sqlalchemy import URL

from tests.conftest import open_house, settings_for
from tests.journey.town import Town, settle, sign_in
from tests.lending.steps import URL as APPLICATIONS
from tests.lending.steps import WISH
from tests.moments import PATIENCE
from tests.servers.installation import installation

V1 = "/api/v1"
PAPER = ("ប័ណ្ណ.txt", "ប័ណ្ណសម្គាល់ខ្លួន".encode(), "text/plain")


@pytest.fixture(scope="module", params=["in this process", "through Granian with two workers on Redis"])
def way(request: pytest.FixtureRequest) -> str:
    """How an installation is served."""
    return str(request.param)


@pytest.fixture(scope="module")
def settled(way: str, copy_database: Callable[[], URL]) -> URL:  # a town for each way
    """The database of a town that the tests share; each has people of its own to put out."""
    return asyncio.run(settle(copy_database())).database


@pytest.fixture(scope="module")
async def client(
    way: str,
    settled: URL,
    redis_url: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[AsyncClient]:
    """The same installation, served in two ways."""
    papers = tmp_path_factory.mktemp("papers")
    if way == "in this process":
        async with open_house(settings_for(settled, upload_folder=papers)) as client:
            yield client
    else:
        with installation(settled, papers, workers=2, redis_url=redis_url) as url:
            # no connection is kept, so that requests come to both workers
            async with AsyncClient(
                base_url=url, limits=Limits(max_keepalive_connections=0), timeout=PATIENCE
            ) as client:
                yield client


async def test_a_loan_walks_through_the_house(client: AsyncClient) -> None:
    officer, teller, manager = [await sign_in(client, name) for name in ("officer", "teller", "manager")]
    drafted = (await client.post(APPLICATIONS, json=WISH, headers=officer)).json()
    at = f"{APPLICATIONS}/{drafted['id']}"
    paper = await client.post(
        f"{V1}/files/upload",
        files={"file": PAPER},
        data={"application_id": drafted["id"], "document_type": "borrower_id_card"},
        headers=officer,
    )
    assert paper.status_code == 201, paper.text
    assert (await client.patch(f"{at}/submit", json={}, headers=officer)).status_code == 200
    for body in (
        {"new_status": "TELLER_PROCESSING"},
        {"new_status": "MANAGER_REVIEW", "account_id": "00012345", "notes": "Account seen"},
    ):
        moved = await client.post(f"{at}/workflow/transition", json=body, headers=teller)
        assert moved.status_code == 200, moved.text
    refused = await client.patch(f"{at}/approve", json={}, headers=teller)
    assert refused.status_code == 403
    approved = await client.patch(f"{at}/approve", json={"approved_amount": 1200}, headers=manager)
    assert (approved.json()["status"], approved.json()["approved_amount"]) == ("approved", 1200)
    history = (await client.get(f"{at}/workflow/history", headers=officer)).json()
    assert [move["action"] for move in history] == ["submit", "start", "send_to_review", "approve"]

    link = (await client.get(f"{V1}/files/{paper.json()['id']}/download", headers=manager)).json()["url"]
    opened = await client.get(link)
    assert opened.content == PAPER[1]
    told = await first_told(client, officer)
    assert told["recent_notifications"][0]["data"]["application_id"] == drafted["id"]


async def first_told(client: AsyncClient, person: dict[str, str]) -> Any:
    """Wait for a person's first notification: the relay writes it a moment after the commit."""
    async with asyncio.timeout(PATIENCE):
        while True:
            told = (await client.get(f"{V1}/users/notifications/summary", headers=person)).json()
            if told["total_notifications"]:
                return told
            await asyncio.sleep(0.05)


async def test_an_ended_session_is_refused_everywhere_at_once(client: AsyncClient) -> None:
    officer = await sign_in(client, "officer")
    before = [client.get(f"{V1}/auth/me", headers=officer) for _ in range(10)]
    assert {answer.status_code for answer in await asyncio.gather(*before)} == {200}
    assert (await client.post(f"{V1}/auth/logout", headers=officer)).status_code == 200
    after = [client.get(f"{V1}/auth/me", headers=officer) for _ in range(20)]
    assert Counter(answer.status_code for answer in await asyncio.gather(*after)) == {401: 20}


async def test_a_deactivated_account_is_refused_everywhere_at_once(client: AsyncClient) -> None:
    admin, officer = await sign_in(client, "admin"), await sign_in(client, "second_officer")
    officer_id = (await client.get(f"{V1}/auth/me", headers=officer)).json()["id"]
    assert (await client.delete(f"{V1}/users/{officer_id}", headers=admin)).status_code == 204
    after = [client.get(f"{V1}/auth/me", headers=officer) for _ in range(20)]
    assert Counter(answer.status_code for answer in await asyncio.gather(*after)) == {401: 20}


async def test_two_workers_let_exactly_as_many_through_as_the_limit_says(
    town: Town, redis_url: str, tmp_path: Path
) -> None:
    limits = {"RATE_LIMIT_ENABLED": "true", "RATE_LIMIT_REQUESTS": "50", "RATE_LIMIT_WINDOW": "60"}
    with installation(town.database, tmp_path, workers=2, redis_url=redis_url, **limits) as url:
        async with AsyncClient(base_url=url, limits=Limits(max_keepalive_connections=0), timeout=PATIENCE) as client:
            officer = await sign_in(client, "officer")
            statuses = Counter[int]()
            for _ in range(20):  # in small crowds: a request that waits a second for Redis is counted without it
                asked = [client.get(f"{V1}/auth/me", headers=officer) for _ in range(10)]
                statuses.update(answer.status_code for answer in await asyncio.gather(*asked))
            assert statuses == {200: 50, 429: 150}
