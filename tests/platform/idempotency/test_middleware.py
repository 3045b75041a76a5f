"""A phone on a bad network sends its request again: it happens once, and the same answer comes back."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from httpx import AsyncClient, Response
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from structlog.testing import capture_logs

from lc_workflow.lending.applications.models import CustomerApplication
from lc_workflow.lending.applications.queries import ApplicationQueries
from lc_workflow.organization.branches.models import Branch
from lc_workflow.platform.idempotency.keys import IN_FLIGHT_FOR, KEPT_FOR, AnswerLost, InFlight, Keys
from lc_workflow.platform.idempotency.models import RememberedRequest
from lc_workflow.samples import photo
from tests.conftest import Person, SignIn, reopen_house, settings_for
from tests.journey.town import Town
from tests.journey.town import sign_in as headers_of
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


async def test_what_was_refused_may_be_mended_under_the_same_key(town: Town, town_files: Path) -> None:
    """In a house whose commits are real: the refusal takes back nothing else that was written."""
    async with reopen_house(settings_for(town.database, upload_folder=town_files), in_background=False) as client:
        officer = await headers_of(client, "officer") | {"Idempotency-Key": "a key"}
        assert (await client.post(URL, json=WISH | {"requested_amount": -1}, headers=officer)).status_code == 422
        answers = [await client.post(URL, json=WISH, headers=officer) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert [answer.headers.get("idempotent-replay") for answer in answers] == [None, "true"]


async def test_what_was_done_before_a_mistake_of_ours_is_not_done_again(
    town: Town, town_files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The loan is drafted, and then its answer cannot be made."""
    async with reopen_house(settings_for(town.database, upload_folder=town_files), in_background=False) as client:
        officer = await headers_of(client, "officer") | {"Idempotency-Key": "a key"}
        with monkeypatch.context() as broken, capture_logs():
            broken.setattr(ApplicationQueries, "one", None)
            assert (await client.post(URL, json=WISH, headers=officer)).status_code == 500
        refused = await client.post(URL, json=WISH, headers=officer)
        assert (refused.status_code, refused.json()["code"]) == (422, "AnswerLost")
        del officer["Idempotency-Key"]
        assert (await client.get(URL, headers=officer)).json()["total"] == 1


async def test_without_a_key_each_request_counts(client: AsyncClient, session: AsyncSession, officer: Person) -> None:
    for _ in range(2):
        assert (await client.post(URL, json=WISH, headers=officer.headers)).status_code == 201
    assert await how_many(session) == 2


@pytest.mark.parametrize("key", ["", " ", "k" * 201, "k\u00e9", "a\tkey"])
async def test_a_key_is_plain_text(client: AsyncClient, officer: Person, key: str) -> None:
    headers = {name.encode(): value.encode() for name, value in officer.headers.items()}
    headers[b"Idempotency-Key"] = key.encode("latin-1")
    refused = await client.post(URL, json=WISH, headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (422, "BadKey")
    assert (await send(client, officer, "k" * 200)).status_code == 201


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


async def test_other_work_under_the_same_request_id_is_not_taken_for_what_was_lost(
    client: AsyncClient, session: AsyncSession, officer: Person, sign_in: SignIn, branch: Branch
) -> None:
    """Some clients give all their requests one id."""
    client.headers["X-Request-ID"] = "tablet-7"
    await send(client, officer)
    (row,) = (await session.scalars(select(RememberedRequest))).all()
    later, sooner = NOON - IN_FLIGHT_FOR - timedelta(seconds=1), NOON + timedelta(seconds=1)
    for begun_at in (later, sooner):
        await session.execute(update(RememberedRequest).values(status=None, begun_at=begun_at, request_id="tablet-7"))
        keys = Keys(session, officer.user.id, lambda: sooner + IN_FLIGHT_FOR)
        assert await keys.begin("a key", row.digest, request_id="again") is None
    colleague = await sign_in("officer", branch_id=branch.id)
    lost = {"person_id": colleague.user.id, "status": None, "begun_at": NOON, "request_id": "tablet-7"}
    await session.execute(update(RememberedRequest).values(**lost))
    keys = Keys(session, colleague.user.id, lambda: NOON + IN_FLIGHT_FOR)
    assert await keys.begin("a key", row.digest, request_id="again") is None, "a colleague's work is not theirs"


async def test_who_comes_back_late_settles_nothing_of_what_another_has_taken_over(
    session: AsyncSession, officer: Person
) -> None:
    later = NOON + IN_FLIGHT_FOR
    first = Keys(session, officer.user.id, lambda: NOON, settles="first")
    second = Keys(session, officer.user.id, lambda: later, settles="second")
    for keys, request_id in ((first, "first"), (second, "second")):
        assert await keys.begin("a key", b"a digest", request_id=request_id) is None
    await first.remember("a key", status=201, body=b"the first")
    await first.free("a key")
    with pytest.raises(InFlight):
        await second.begin("a key", b"a digest", request_id="third")
    await second.remember("a key", status=201, body=b"the second")
    known = await first.begin("a key", b"a digest", request_id="third")
    assert known is not None
    assert known.body == b"the second"


async def test_a_key_is_kept_for_a_day(client: AsyncClient, session: AsyncSession, officer: Person) -> None:
    await send(client, officer)
    assert await session.scalar(select(RememberedRequest.kept_until)) == NOON + KEPT_FOR
    await session.execute(update(RememberedRequest).values(kept_until=NOON))
    await session.commit()
    anew = [await send(client, officer, requested_amount=999) for _ in range(2)]
    assert [answer.headers.get("idempotent-replay") for answer in anew] == [None, "true"], "for another day"
    assert await how_many(session) == 2


async def test_yesterdays_answer_is_none_to_what_is_worked_on_under_its_key_today(
    client: AsyncClient, session: AsyncSession, officer: Person
) -> None:
    await send(client, officer)
    (row,) = (await session.scalars(select(RememberedRequest))).all()
    tomorrow = Keys(session, officer.user.id, lambda: NOON + KEPT_FOR)
    assert await tomorrow.begin("a key", row.digest, request_id="today") is None
    with pytest.raises(InFlight):
        await tomorrow.begin("a key", row.digest, request_id="again")


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
