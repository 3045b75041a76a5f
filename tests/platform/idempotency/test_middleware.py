"""A phone on a bad network sends its request again: it happens once, and the same answer comes back."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from httpx import AsyncClient, Response
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.lending.applications.models import CustomerApplication
from lc_workflow.organization.branches.models import Branch
from lc_workflow.platform.idempotency.keys import IN_FLIGHT_FOR, KEPT_FOR, AnswerLost, Keys
from lc_workflow.platform.idempotency.models import RememberedRequest
from lc_workflow.samples import photo
from tests.conftest import Person, SignIn
from tests.lending.steps import URL, WISH
from tests.moments import NOON


async def send(client: AsyncClient, person: Person, key: str = "a key", **changes: Any) -> Response:
    return await client.post(URL, json=WISH | changes, headers=person.headers | {"Idempotency-Key": key})


async def how_many(session: AsyncSession) -> int:
    return await session.scalar(select(func.count()).select_from(CustomerApplication)) or 0


async def test_what_is_sent_again_happens_once(client: AsyncClient, session: AsyncSession, officer: Person) -> None:
    first = await send(client, officer)
    again = await send(client, officer)
    assert (first.status_code, again.status_code) == (201, 201)
    assert "idempotent-replay" not in first.headers
    assert again.headers["idempotent-replay"] == "true"
    assert again.content == first.content
    assert again.headers["etag"] == first.headers["etag"]
    assert again.headers["x-request-id"] != first.headers["x-request-id"]
    assert await how_many(session) == 1


async def test_another_request_needs_another_key(client: AsyncClient, session: AsyncSession, officer: Person) -> None:
    await send(client, officer)
    refused = await send(client, officer, requested_amount=999)
    assert (refused.status_code, refused.json()["code"]) == (422, "KeyUsedOtherwise")
    assert (await send(client, officer, "another key", requested_amount=999)).status_code == 201
    assert await how_many(session) == 2


async def test_the_same_words_said_of_another_loan_are_another_request(client: AsyncClient, officer: Person) -> None:
    loans = [(await send(client, officer, f"draft {number}")).json()["id"] for number in range(2)]
    key = officer.headers | {"Idempotency-Key": "once"}
    first = await client.post(f"{URL}/{loans[0]}/actions/submit", json={}, headers=key)
    assert first.status_code == 200, first.text
    for other in (f"{loans[1]}/actions/submit", f"{loans[0]}/actions/submit?of=another", f"{loans[0]}/actions/start"):
        refused = await client.post(f"{URL}/{other}", json={}, headers=key)
        assert (refused.status_code, refused.json()["code"]) == (422, "KeyUsedOtherwise"), other
    untouched = (await client.get(f"{URL}/{loans[1]}", headers=officer.headers)).json()
    assert untouched["workflow_status"] == "PO_CREATED", "and nobody is told that it was submitted"
    again = await client.post(f"{URL}/{loans[0]}/actions/submit", json={}, headers=key)
    assert (again.status_code, again.headers["idempotent-replay"]) == (200, "true")


async def test_the_key_of_somebody_else_is_not_ours(
    client: AsyncClient, session: AsyncSession, officer: Person, sign_in: SignIn, branch: Branch
) -> None:
    colleague = await sign_in("officer", branch_id=branch.id)
    await send(client, officer)
    assert "idempotent-replay" not in (await send(client, colleague)).headers
    assert await how_many(session) == 2


async def test_what_was_refused_may_be_mended_under_the_same_key(client: AsyncClient, officer: Person) -> None:
    assert (await send(client, officer, requested_amount=-1)).status_code == 422
    assert (await send(client, officer)).status_code == 201


async def test_without_a_key_each_request_counts(client: AsyncClient, session: AsyncSession, officer: Person) -> None:
    for _ in range(2):
        assert (await client.post(URL, json=WISH, headers=officer.headers)).status_code == 201
    assert await how_many(session) == 2


@pytest.mark.parametrize("key", ["", " ", "k" * 201, "k\u00e9"])
async def test_a_key_is_plain_text(client: AsyncClient, officer: Person, key: str) -> None:
    headers = {name.encode(): value.encode() for name, value in officer.headers.items()}
    headers[b"Idempotency-Key"] = key.encode("latin-1")
    refused = await client.post(URL, json=WISH, headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (422, "BadKey")


async def test_while_the_first_is_worked_on_the_second_waits(
    client: AsyncClient, session: AsyncSession, officer: Person
) -> None:
    await send(client, officer)
    await session.execute(update(RememberedRequest).values(status=None, body=None))
    await session.commit()
    refused = await send(client, officer)
    assert (refused.status_code, refused.json()["code"]) == (409, "InFlight")
    assert refused.headers["retry-after"] == "1"


async def test_an_answer_that_was_lost_with_its_process_is_not_made_up(
    client: AsyncClient, session: AsyncSession, officer: Person
) -> None:
    await send(client, officer)
    await session.execute(update(RememberedRequest).values(status=None, body=None, begun_at=NOON - IN_FLIGHT_FOR))
    await session.commit()
    refused = await send(client, officer)
    assert (refused.status_code, refused.json()["code"]) == (422, "AnswerLost")
    assert await how_many(session) == 1


async def test_what_died_before_it_did_anything_is_done_by_the_next(
    client: AsyncClient, session: AsyncSession, officer: Person
) -> None:
    await send(client, officer, "another key")
    await session.execute(
        update(RememberedRequest).values(key="a key", status=None, request_id="died", begun_at=NOON - IN_FLIGHT_FOR)
    )
    await session.commit()
    assert (await send(client, officer)).status_code == 201
    assert (await send(client, officer)).headers["idempotent-replay"] == "true"


async def test_what_is_left_open_late_was_done_all_the_same(
    client: AsyncClient, session: AsyncSession, officer: Person
) -> None:
    """The connection broke at the commit, and the database came back two minutes later."""
    await send(client, officer)
    await session.execute(update(RememberedRequest).values(status=None, body=None))
    keys = Keys(session, officer.user.id, lambda: NOON + timedelta(minutes=2))
    await keys.leave_open("a key")
    (row,) = (await session.scalars(select(RememberedRequest))).all()
    with pytest.raises(AnswerLost):
        await keys.begin("a key", row.digest, request_id="again")


async def test_later_work_under_the_same_request_id_is_not_taken_for_what_was_lost(
    client: AsyncClient, session: AsyncSession, officer: Person
) -> None:
    """Some clients give all their requests one id."""
    client.headers["X-Request-ID"] = "tablet-7"
    await send(client, officer)
    before = NOON - IN_FLIGHT_FOR - timedelta(seconds=1)
    await session.execute(update(RememberedRequest).values(key="died", status=None, begun_at=before))
    await session.commit()
    assert (await send(client, officer, "died")).status_code == 201
    assert await how_many(session) == 2


async def test_a_key_is_kept_for_a_day(client: AsyncClient, session: AsyncSession, officer: Person) -> None:
    await send(client, officer)
    assert await session.scalar(select(RememberedRequest.kept_until)) == NOON + KEPT_FOR
    await session.execute(update(RememberedRequest).values(kept_until=NOON))
    await session.commit()
    assert "idempotent-replay" not in (await send(client, officer, requested_amount=999)).headers
    assert await how_many(session) == 2


async def test_a_photo_that_is_sent_again_is_kept_once(
    client: AsyncClient, officer: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each time the form has another boundary, and comes in other pieces."""
    application_id = (await send(client, officer)).json()["id"]

    async def bring(content: bytes, *, boundary: str = "one", piece: int = 50_000) -> Response:
        start = f'--{boundary}\r\nContent-Disposition: form-data; name="'.encode()
        said = b'application_id"\r\n\r\n' + application_id.encode() + b"\r\n"
        sent = b'file"; filename="card.jpg"\r\n\r\n' + content + b"\r\n"
        body = start + said + start + sent + f"--{boundary}--\r\n".encode()

        async def pieces() -> AsyncIterator[bytes]:
            for begin in range(0, len(body), piece):
                yield body[begin : begin + piece]

        form = {"Content-Type": f"multipart/form-data; boundary={boundary}", "Idempotency-Key": "a photo"}
        return await client.post("/api/v1/files/upload", content=pieces(), headers=officer.headers | form)

    monkeypatch.setattr("lc_workflow.platform.idempotency.middleware.IN_MEMORY", 100)  # beyond it is a file
    first = await bring(photo("A"))
    again = await bring(photo("A"), boundary="another", piece=7)
    other = await bring(photo("B"))
    assert (first.status_code, again.content) == (201, first.content)
    assert again.headers["idempotent-replay"] == "true"
    assert (other.status_code, other.json()["code"]) == (422, "KeyUsedOtherwise")
    listed = await client.get("/api/v1/files", params={"application_id": application_id}, headers=officer.headers)
    assert [file["id"] for file in listed.json()["items"]] == [first.json()["id"]]


async def test_a_file_that_is_too_large_is_refused_as_without_a_key(client: AsyncClient, officer: Person) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="film.pdf"\r\n\r\n'
        for _ in range(11):
            yield bytes(1024 * 1024)

    form = {"Content-Type": "multipart/form-data; boundary=x"}
    for key in ({}, {"Idempotency-Key": "a film"}, {"Idempotency-Key": "a film", "Content-Length": "11534336"}):
        answer = await client.post("/api/v1/files/upload", content=pieces(), headers=officer.headers | form | key)
        assert (answer.status_code, answer.json()["code"]) == (413, "FileTooLarge")


async def test_what_was_compressed_for_the_first_is_readable_for_the_second(
    client: AsyncClient, officer: Person
) -> None:
    first = await send(client, officer)
    assert first.headers["content-encoding"] == "br"
    headers = officer.headers | {"Idempotency-Key": "a key", "Accept-Encoding": "identity"}
    async with client.stream("POST", URL, json=WISH, headers=headers) as again:
        body = b"".join([part async for part in again.aiter_raw()])
    assert again.headers["idempotent-replay"] == "true"
    assert json.loads(body) == first.json()
