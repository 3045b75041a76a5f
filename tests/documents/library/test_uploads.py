"""What is taken in and what is not: content, size, names, forms, places, and commits that fail."""

import gc
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from uuid import UUID

import anyio
import pytest
from httpx import AsyncClient, Response
from litestar import Litestar
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from lc_workflow.documents.library.models import File
from lc_workflow.documents.library.schemas import FileAnswer
from lc_workflow.organization.branches.models import Branch
from lc_workflow.platform.config import Settings
from tests.conftest import Person, Sessions, SignIn
from tests.documents.library.conftest import FILES, FOLDERS, JPEG, NOBODY, OpenOwnHouse, OwnHouse, Upload, send
from tests.lending.factories import an_application
from tests.moments import PATIENCE
from tests.statements import sent

URL = f"{FILES}/upload"
PROGRAM = b"MZ\x90\x00\x03" + bytes(200) + b"This program cannot be run in DOS mode."
PAGE = b"<!DOCTYPE html><script>alert(document.cookie)</script>"
LARGEST = 10 * 1024 * 1024


@pytest.fixture
def nothing_kept(session: AsyncSession, house_settings: Settings) -> Callable[[], Awaitable[None]]:
    """Look whether the house is as it was before: no row, no bytes."""
    before = sorted(house_settings.upload_folder.rglob("*.*"))

    async def nothing_kept() -> None:
        assert await session.scalar(select(func.count()).select_from(File)) == 0
        assert sorted(house_settings.upload_folder.rglob("*.*")) == before

    return nothing_kept


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("photo.jpg", PROGRAM, "TypeNotAllowed"),
        ("notes.txt", PAGE, "TypeNotAllowed"),
        ("picture.svg", b"<svg onload='alert(1)'/>", "TypeNotAllowed"),
        ("papers.zip", b"PK\x03\x04" + bytes(60), "TypeNotAllowed"),
        ("empty.pdf", b"", "EmptyFile"),
    ],
)
async def test_what_is_no_paper_is_not_taken_whatever_it_is_called(
    officer: Person,
    upload: Upload,
    nothing_kept: Callable[[], Awaitable[None]],
    name: str,
    content: bytes,
    code: str,
) -> None:
    answer = await upload(officer, content, name)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    await nothing_kept()


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("../../etc/passwd", "passwd.jpg"),
        ("C:\\Users\\chan\\id card.jpg", "id card.jpg"),
        ("អត្តសញ្ញាណប័ណ្ណ សុខ.jpeg", "អត្តសញ្ញាណប័ណ្ណ សុខ.jpeg"),
        ("invoice.exe", "invoice.exe.jpg"),
        ('quote"; filename="other.jpg', "quote_; filename=_other.jpg"),
        ("line\r\nSet-Cookie: a=b.jpg", "line Set-Cookie_ a=b.jpg"),
        ("\u202egpj.exe", "gpj.exe.jpg"),
        ("...", "file.jpg"),
        ("ក" * 400 + ".jpg", "ក" * 116 + ".jpg"),
    ],
)
async def test_a_name_is_kept_as_far_as_it_is_safe(
    client: AsyncClient, officer: Person, upload: Upload, sent: str, shown: str
) -> None:
    answer = await upload(officer, JPEG, sent)
    assert answer.status_code == 201, answer.text
    assert answer.json()["display_name"] == shown
    assert (await client.get(answer.json()["url"])).content == JPEG


async def test_a_file_that_is_a_little_too_large_is_refused(
    officer: Person, upload: Upload, nothing_kept: Callable[[], Awaitable[None]]
) -> None:
    answer = await upload(officer, JPEG + bytes(LARGEST - len(JPEG) + 1))
    assert (answer.status_code, answer.json()["code"]) == (413, "FileTooLarge")
    assert "10 MB" in answer.json()["detail"]
    await nothing_kept()
    assert (await upload(officer, JPEG + bytes(LARGEST - len(JPEG)))).status_code == 201


async def test_of_a_file_that_is_far_too_large_only_the_beginning_is_read(client: AsyncClient, officer: Person) -> None:
    gc.freeze()  # what was there before need not be looked through in the end
    megabytes = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal megabytes
        yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="film.jpg"\r\n\r\n'
        for megabytes in range(1, 1_000):  # noqa: B007 - counted for the test
            yield bytes(1024 * 1024)

    answer = await client.post(
        URL, content=endless(), headers=officer.headers | {"Content-Type": "multipart/form-data; boundary=x"}
    )
    assert (answer.status_code, answer.json()["code"]) == (413, "FileTooLarge")
    assert "10 MB" in answer.json()["detail"]
    assert megabytes == 11
    gc.collect()  # complains about what was written to disk and not closed


async def test_an_upload_that_breaks_off_leaves_nothing(house: tuple[Litestar, Sessions], officer: Person) -> None:
    gc.freeze()  # as above
    pieces: list[dict[str, Any]] = [
        {
            "type": "http.request",
            "body": b'--x\r\nContent-Disposition: form-data; name="file"; filename="film.jpg"\r\n\r\n'
            + bytes(2_000_000),
            "more_body": True,
        },
        {"type": "http.disconnect"},
    ]
    sent: list[Any] = []
    headers = officer.headers | {"Content-Type": "multipart/form-data; boundary=x"}
    scope: dict[str, Any] = {
        "type": "http",
        "method": "POST",
        "scheme": "http",
        "path": URL,
        "raw_path": URL.encode(),
        "query_string": b"",
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 1),
        "server": ("test", 80),
    }

    async def receive() -> Any:
        return pieces.pop(0)

    async def note(message: Any) -> None:
        sent.append(message)

    await house[0](scope, receive, note)  # type: ignore[arg-type]
    assert sent[0]["status"] == 400
    gc.collect()  # complains about what was written to disk and not closed


async def test_a_file_that_says_it_is_too_large_is_not_read_at_all(client: AsyncClient, officer: Person) -> None:
    async def unread() -> AsyncIterator[bytes]:
        raise AssertionError("nobody should read this")
        yield b""

    headers = {"Content-Type": "multipart/form-data; boundary=x", "Content-Length": str(11 * 1024 * 1024)}
    answer = await client.post(URL, content=unread(), headers=officer.headers | headers)
    assert (answer.status_code, answer.json()["code"]) == (413, "FileTooLarge")


async def test_who_may_not_upload_is_refused_before_the_file_is_read(client: AsyncClient, sign_in: SignIn) -> None:
    async def unread() -> AsyncIterator[bytes]:
        raise AssertionError("nobody should read this")
        yield b""

    viewer = await sign_in("viewer")
    for headers, status in ((viewer.headers, 403), ({}, 401)):
        answer = await client.post(
            URL, content=unread(), headers=headers | {"Content-Type": "multipart/form-data; boundary=x"}
        )
        assert answer.status_code == status


PART = 'Content-Disposition: form-data; name="{}"{}\r\n\r\n'


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", b'{"file": "x"}'),
        ("text/plain", b"hello"),
        ("multipart/form-data", b"--x--\r\n"),
        ("multipart/form-data; boundary=x", b""),
        ("multipart/form-data; boundary=x", b"no boundary in here"),
        ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"'),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="file"\r\n\r\ntext\r\n--x--\r\n',
        ),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="f"; filename="\xff"\r\n\r\n1\r\n--x--',
        ),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="other"\r\n\r\n1\r\n--x--\r\n',
        ),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="file"; filename=""\r\n\r\n\r\n--x--\r\n',
        ),
        (
            "multipart/form-data; boundary=x",
            2 * b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\nwords\r\n' + b"--x--\r\n",
        ),
    ],
)
async def test_a_broken_form_is_refused_with_a_sentence(
    client: AsyncClient, officer: Person, nothing_kept: Callable[[], Awaitable[None]], kind: str, body: bytes
) -> None:
    answer = await client.post(URL, content=body, headers=officer.headers | {"Content-Type": kind})
    assert answer.status_code in {415, 422}, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"]
    await nothing_kept()


async def test_without_a_file_the_answer_names_what_is_missing(client: AsyncClient, officer: Person) -> None:
    answer = await client.post(URL, files={"other": ("a.txt", b"words")}, headers=officer.headers)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == ["file"]


@pytest.mark.parametrize(
    "fields",
    [
        {"application_id": "not an id"},
        {"folder_id": "1"},
        {"document_type": "x" * 61},
        {"field_name": "x" * 101},
        {"document_type": "nul\0byte"},
    ],
)
async def test_fields_of_the_wrong_form_are_named(
    officer: Person, upload: Upload, nothing_kept: Callable[[], Awaitable[None]], fields: dict[str, str]
) -> None:
    answer = await upload(officer, **fields)
    assert answer.status_code == 422, answer.text
    assert [error["field"] for error in answer.json()["errors"]] == list(fields)
    await nothing_kept()


@pytest.mark.parametrize(
    ("document_type", "folder"),
    [
        ("borrower_id_card", "Borrower Documents"),
        ("guarantor_id", "Guarantor Documents"),
        ("collateral_photo", "Collateral Documents"),
        ("land_title", "Land Documents"),
        ("something the app learns next year", "Supporting Documents"),
    ],
)
async def test_a_paper_is_filed_in_the_folder_of_its_kind(
    client: AsyncClient, officer: Person, application_id: UUID, upload: Upload, document_type: str, folder: str
) -> None:
    files = [(await upload(officer, application_id=application_id, document_type=document_type)).json() for _ in "ab"]
    folders = (await client.get(f"{FOLDERS}/?application_id={application_id}", headers=officer.headers)).json()
    assert [(each["name"], each["file_count"]) for each in folders] == [(folder, 2)]
    assert [(file["document_type"], file["folder_id"]) for file in files] == [(document_type, folders[0]["id"])] * 2


async def test_an_application_is_locked_once_and_only_when_the_row_is_written(
    officer: Person, application_id: UUID, upload: Upload, engine: AsyncEngine
) -> None:
    await upload(officer, application_id=application_id, document_type="contract")
    with sent(engine) as statements:
        answer = await upload(officer, application_id=application_id, document_type="land_title")
    assert answer.status_code == 201
    looks = [text for text, _ in statements if text.startswith("SELECT customer_applications.id")]
    assert ["FOR SHARE" in look for look in looks] == [False, True], "a lock waits for the disk when it is given back"


async def test_a_folder_that_is_named_wins_over_the_kind(
    client: AsyncClient, officer: Person, application_id: UUID, upload: Upload
) -> None:
    wish = {"name": "Visit", "application_id": str(application_id)}
    folder = (await client.post(FOLDERS, json=wish, headers=officer.headers)).json()
    file = (await upload(officer, folder_id=folder["id"], document_type="land_title")).json()
    assert (file["folder_id"], file["application_id"]) == (folder["id"], str(application_id))
    assert [each["name"] for each in (await client.get(FOLDERS, headers=officer.headers)).json()] == ["Visit"]


async def test_a_file_does_not_come_into_the_folder_of_another_application(
    client: AsyncClient,
    session: AsyncSession,
    branch: Branch,
    officer: Person,
    application_id: UUID,
    upload: Upload,
    nothing_kept: Callable[[], Awaitable[None]],
) -> None:
    session.add(other := an_application(officer.user.id, branch_id=branch.id))
    await session.commit()
    folders = [
        (await client.post(FOLDERS, json=wish, headers=officer.headers)).json()
        for wish in ({"name": "Theirs", "application_id": str(other.id)}, {"name": "The house's"})
    ]
    for folder in folders:
        answer = await upload(officer, application_id=application_id, folder_id=folder["id"])
        assert (answer.status_code, answer.json()["code"]) == (422, "FolderElsewhere")
    for fields in ({"application_id": NOBODY}, {"folder_id": NOBODY}):
        answer = await upload(officer, PROGRAM, **fields)
        assert (answer.status_code, answer.json()["code"]) == (404, "Missing"), "nobody looks into the file"
    await nothing_kept()


async def test_an_answer_carries_every_field_the_web_app_reads(officer: Person, upload: Upload) -> None:
    file = (await upload(officer)).json()
    read = (
        "id filename original_filename display_name file_path file_size mime_type uploaded_by application_id folder_id "
        "url preview_url expires_at created_at"
    )
    assert set(read.split()) <= file.keys() == set(FileAnswer.__struct_fields__)


async def test_as_many_files_a_minute_are_taken_as_the_house_allows_and_the_next_waits(own_house: OpenOwnHouse) -> None:
    async with own_house(rate_limit_enabled=True, uploads_per_minute=3) as house:
        for _ in range(3):
            assert (await send(house.client, house.officer)).status_code == 201
        answer = await send(house.client, house.officer)
        assert (answer.status_code, answer.json()["code"]) == (429, "TooMany")
        assert 1 <= int(answer.headers["Retry-After"]) <= 60
        assert (await house.client.get(FILES, headers=house.officer.headers)).status_code == 200


async def test_nobody_waits_for_a_file_that_arrives_slowly(own_house: OpenOwnHouse) -> None:
    arrives = anyio.Event()
    begun = anyio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="id.jpg"\r\n\r\n' + JPEG
        begun.set()
        await arrives.wait()
        yield b"\r\n--x--\r\n"

    async with own_house(pool_size=1, pool_overflow=0) as house:
        headers = house.officer.headers

        async def send_slowly() -> None:
            form = {"Content-Type": "multipart/form-data; boundary=x"}
            answer = await house.client.post(URL, content=slow(), headers=headers | form)
            assert answer.status_code == 201, answer.text

        async with anyio.create_task_group() as together:
            together.start_soon(send_slowly)
            await begun.wait()
            with anyio.fail_after(PATIENCE):
                assert (await house.client.get(FILES, headers=headers)).json()["total"] == 0
            arrives.set()
        assert (await house.client.get(FILES, headers=headers)).json()["total"] == 1


async def test_of_many_uploads_at_once_one_makes_the_folder(own_house: OpenOwnHouse) -> None:
    answers: list[Response] = []

    async def send_one(house: OwnHouse) -> None:
        answers.append(
            await send(house.client, house.officer, application_id=house.application_id, document_type="borrower_photo")
        )

    async with own_house() as house:
        async with anyio.create_task_group() as together:
            for _ in range(10):
                together.start_soon(send_one, house)
        assert [answer.status_code for answer in answers] == [201] * 10
        assert len({answer.json()["folder_id"] for answer in answers}) == 1
        assert len(house.kept()) == 10


async def test_a_commit_that_fails_leaves_no_bytes(own_house: OpenOwnHouse) -> None:
    async with own_house() as house:
        await _at_commit(house.engine, "RAISE EXCEPTION 'refused' USING ERRCODE = '23514'")
        answer = await send(house.client, house.officer, application_id=house.application_id)
        assert answer.status_code == 422
        assert (await _files(house.engine), house.kept()) == (0, [])


async def test_a_commit_whose_end_nobody_knows_leaves_the_bytes(own_house: OpenOwnHouse) -> None:
    async with own_house() as house:
        await _at_commit(house.engine, "PERFORM pg_terminate_backend(pg_backend_pid())")
        answer = await send(house.client, house.officer, application_id=house.application_id)
        assert answer.status_code == 503, answer.text
        assert (await _files(house.engine), len(house.kept())) == (0, 1)


async def test_an_application_decided_while_the_bytes_travel_takes_them_no_more(own_house: OpenOwnHouse) -> None:
    async with own_house() as house, house.engine.connect() as manager:
        await manager.execute(
            text("UPDATE customer_applications SET workflow_status = 'APPROVED' WHERE id = :id"),
            {"id": house.application_id},
        )
        answers: list[Any] = []

        async def send_one() -> None:
            answers.append(await send(house.client, house.officer, application_id=house.application_id))

        async with anyio.create_task_group() as together:
            together.start_soon(send_one)
            await anyio.sleep(0.2)
            assert not answers, "the upload waits for the decision"
            await manager.commit()
        assert (answers[0].status_code, answers[0].json()["code"]) == (422, "PapersClosed")
        assert (await _files(house.engine), house.kept()) == (0, [])


async def _at_commit(engine: AsyncEngine, deed: str) -> None:
    """Let the database do something at the end of every transaction that writes a file."""
    async with engine.begin() as connection:
        await connection.execute(
            text(f"CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {deed}; RETURN NULL; END $$")
        )
        await connection.execute(
            text(
                "CREATE CONSTRAINT TRIGGER spoil AFTER INSERT ON files DEFERRABLE INITIALLY DEFERRED "
                "FOR EACH ROW EXECUTE FUNCTION spoil()"
            )
        )


async def _files(engine: AsyncEngine) -> int:
    async with engine.connect() as connection:
        return (await connection.scalar(select(func.count()).select_from(File))) or 0
