"""What a handler may rely on when it reads a request."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

import pytest
from httpx import AsyncClient
from litestar import Request, post
from litestar.datastructures import UploadFile
from litestar.handlers import get
from litestar.params import FromQuery, JSONBody, MultipartBody, URLEncodedBody
from msgspec import UNSET, Meta, Struct, UnsetType

from lc_workflow.platform.http.requests import CheckedRequest
from tests.platform.http.conftest import Serve

JSON = {"Content-Type": "application/json"}


class Wish(Struct):
    amount: Decimal
    name: str = "nobody"
    note: str | UnsetType | None = UNSET


class Stay(Struct):
    begins: date
    ends: date | UnsetType | None = UNSET
    told_at: datetime | None = None
    words: str = ""
    anything: Any = None


class Plan(Struct):
    stays: Annotated[list[Stay], Meta(max_length=3)]
    by_name: dict[str, date] = {}


class Paper(Struct):
    file: UploadFile
    folder: str = "none"


@post("/wish", status_code=200)
async def wish(data: JSONBody[Wish]) -> dict[str, Any]:
    return {"amount": data.amount, "name": data.name, "noted": data.note is not UNSET}


@post("/plan", status_code=200)
async def plan(data: JSONBody[Plan | None] = None) -> Plan | None:
    return data


@post("/plan/read", status_code=200)
async def read_plan(request: CheckedRequest) -> Plan:
    return await request.body_as(Plan)


@post("/form", status_code=200)
async def form(data: URLEncodedBody[Wish]) -> dict[str, Any]:
    return {"amount": data.amount, "name": data.name}


@post("/paper", status_code=200)
async def paper(data: MultipartBody[Paper]) -> dict[str, Any]:
    return {"size": len(await data.file.read()), "folder": data.folder}


@post("/either", status_code=200)
async def either(request: CheckedRequest) -> dict[str, Any]:
    taken = await request.body_as(Wish)
    return {"amount": taken.amount, "name": taken.name}


@post("/raw", status_code=200)
async def raw(request: Request[Any, Any, Any]) -> Any:
    return await request.json()


@get("/list")
async def listed(search: FromQuery[str | None] = None, least: FromQuery[Decimal | None] = None) -> dict[str, Any]:
    return {"search": search, "least": least}


@pytest.fixture
async def client(serve: Serve) -> AsyncClient:
    return await serve(wish, plan, read_plan, form, paper, either, raw, listed)


async def test_amounts_travel_without_losing_a_digit(client: AsyncClient) -> None:
    answer = await client.post("/wish", content=b'{"amount": 12345678901.10}', headers=JSON)
    assert answer.text.startswith('{"amount":12345678901.10,')


async def test_a_whole_number_may_be_written_with_zeros_behind_its_point(client: AsyncClient) -> None:
    answer = await client.post("/raw", content=b'{"term": 12.0, "rate": 12.50, "grace": -0.00}', headers=JSON)
    assert answer.text == '{"term":12,"rate":12.50,"grace":0}'


async def test_empty_strings_count_as_absent_at_every_depth(client: AsyncClient) -> None:
    body = {"a": "", "b": {"c": "", "d": 1, "e": [{"f": ""}]}, "g": ["", "x"]}
    assert (await client.post("/raw", json=body)).json() == {"b": {"d": 1, "e": [{}]}, "g": ["", "x"]}


async def test_an_empty_field_takes_its_default(client: AsyncClient) -> None:
    answer = await client.post("/wish", json={"amount": 1, "name": "", "note": ""})
    assert answer.json() == {"amount": 1, "name": "nobody", "noted": False}


@pytest.mark.parametrize("url", ["/plan", "/plan/read"])
async def test_a_moment_is_taken_for_its_day_where_a_day_is_asked_for(client: AsyncClient, url: str) -> None:
    moment = "2026-11-30T17:00:00.000Z"
    stay = {"begins": moment, "ends": moment, "told_at": moment, "words": moment, "anything": moment}
    other = {"begins": "2026-12-02T23:30:00", "ends": None}
    answer = await client.post(url, json={"stays": [stay, other], "by_name": {"Dara": "2026-12-01T00:00:00+07:00"}})
    assert answer.status_code == 200, answer.text
    first, second = answer.json()["stays"]
    assert (first["begins"], first["ends"]) == ("2026-12-01", "2026-12-01")
    assert (first["told_at"][:19], first["words"], first["anything"]) == (moment[:19], moment, moment)
    assert (second["begins"], second["ends"]) == ("2026-12-02", None)
    assert answer.json()["by_name"] == {"Dara": "2026-12-01"}
    for none in ("2026-13-01T00:00:00Z", "2026-12-01Tmorning", "0001-01-01T00:00:00-23:00x", "1.12.2026"):
        refused = await client.post(url, json={"stays": [{"begins": none}]})
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "stays[0].begins"), refused.text


async def test_null_is_not_absent(client: AsyncClient) -> None:
    assert (await client.post("/wish", json={"amount": 1, "note": None})).json()["noted"] is True


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"nonsense",
        b"\xff\xfe{\x00}\x00",
        b'{"amount": "\xff"}',
        b'{"amount": 1}}',
        b'{"amount": 1e999999999999999999999}',
        b'{"amount": 1e400}',
        b'{"amount": 1e-400}',
        b'{"amount": ' + b"9" * 5_000 + b"}",
        b'{"amount": ' + b"9" * 60 + b"}",
        b'{"amount": ' + b"9" * 5_000 + b".0}",
        b'{"amount": "NaN"}',
        b'{"amount": "-Infinity"}',
        b'{"amount": "1e99999999"}',
        b'{"amount": NaN}',
        b'{"amount": true}',
        b'{"amount": 1, "name": "\\u0000"}',
        b'{"amount": 1, "name": "\\ud800"}',
        b'{"amount": 1, "name": 5}',
        b'{"amount": 1, "x\\u0000": 5}',
        b'{"amount": 1, "other": ' + b"[" * 100_000,
        b'{"amount": 1, "other": ' + b"[" * 40 + b"]" * 40 + b"}",
        b'{"amount": 1, "other": ' + b'{"a":' * 40 + b"1" + b"}" * 40 + b"}",
        b"null",
        b"[]",
        b'"text"',
        b"5",
        b"{}",
    ],
)
@pytest.mark.parametrize("path", ["/wish", "/either"])
async def test_what_cannot_be_taken_is_refused_with_a_sentence(client: AsyncClient, path: str, body: bytes) -> None:
    answer = await client.post(path, content=body, headers=JSON)
    problem = answer.json()
    assert answer.status_code == 422, problem
    assert answer.headers["content-type"] == "application/problem+json"
    assert isinstance(problem["detail"], str)
    assert problem["detail"].endswith(".")


async def test_a_nul_character_is_refused_with_the_name_of_its_field(client: AsyncClient) -> None:
    answer = await client.post("/raw", json={"people": [{"name": "a\0b"}]})
    assert answer.json()["errors"] == [
        {"field": "people[0].name", "msg": "must not contain a NUL character", "loc": "body"}
    ]


async def test_a_person_may_be_called_nan(client: AsyncClient) -> None:
    assert (await client.post("/wish", json={"amount": 1, "name": "Nan"})).json()["name"] == "Nan"
    assert (await client.get("/list?search=nan")).json()["search"] == "nan"


async def test_json_must_be_announced_as_json(client: AsyncClient) -> None:
    answer = await client.post("/wish", content=b'{"amount": 1}', headers={"Content-Type": "text/plain"})
    assert (answer.status_code, answer.json()["code"]) == (415, "UnsupportedMediaType")
    answer = await client.post("/form", json={"amount": 1})
    assert (answer.status_code, answer.json()["code"]) == (415, "UnsupportedMediaType")
    for unsaid in ({"content": b"amount=1"}, {}):
        answer = await client.post("/either", **unsaid)  # type: ignore[arg-type]
        assert answer.status_code == 415
        assert answer.json()["detail"] == "Send the body as JSON or as a form, and say which in its Content-Type."


async def test_a_form_reads_like_json(client: AsyncClient) -> None:
    assert (await client.post("/form", data={"amount": "1.50", "name": ""})).json() == {"amount": 1.5, "name": "nobody"}
    assert (await client.post("/either", data={"amount": "1.50", "name": ""})).json()["name"] == "nobody"


@pytest.mark.parametrize("path", ["/form", "/either"])
@pytest.mark.parametrize(
    "body", [b"amount=%ff", b"amount=\xff", b"amount=1&name=%00", b"amount=NaN", b"amount=1&amount=2", b"name=x", b""]
)
async def test_a_form_that_cannot_be_taken_is_refused(client: AsyncClient, path: str, body: bytes) -> None:
    answer = await client.post(path, content=body, headers={"Content-Type": "application/x-www-form-urlencoded"})
    assert answer.status_code == 422, answer.text


async def test_a_form_has_an_end(client: AsyncClient) -> None:
    body = "&".join(f"a{n}=1" for n in range(2_000))
    answer = await client.post("/form", content=body, headers={"Content-Type": "application/x-www-form-urlencoded"})
    assert (answer.status_code, answer.json()["code"]) == (422, "MalformedBody")


async def test_a_file_comes_with_its_fields(client: AsyncClient) -> None:
    twice = [("file", ("a.txt", b"four")), ("file", ("b.txt", b"five"))]
    refused = await client.post("/paper", files=twice)
    assert (refused.status_code, refused.json()["detail"]) == (422, "file: cannot be taken in this form; give it once.")
    nameless = await client.post("/paper", files={"file": (None, b"four")})
    assert (nameless.status_code, nameless.json()["detail"]) == (422, "file: must be a file, sent with a file name.")
    answer = await client.post("/paper", files={"file": ("a.txt", b"four")}, data={"folder": ""})
    assert answer.json() == {"size": 4, "folder": "none"}


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data", b""),
        ("multipart/form-data; boundary=x", b""),
        ("multipart/form-data; boundary=x", b"junk"),
        ("multipart/form-data; boundary=", b"--\r\n"),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="folder"\r\n\r\n\xff\r\n--x--\r\n',
        ),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="file"\r\n\r\ntext\r\n--x--\r\n',
        ),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="folder"\r\nContent-Type: a; charset=x\r\n\r\nc\r\n--x--\r\n',
        ),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="folder"\r\n\r\na\0\r\n--x--\r\n',
        ),
    ],
)
async def test_a_broken_upload_is_refused(client: AsyncClient, kind: str, body: bytes) -> None:
    answer = await client.post("/paper", content=body, headers={"Content-Type": kind})
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("kind", "body", "helps"),
    [
        ("multipart/form-data", b"--x\r\n", "leave that header to your HTTP client"),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="file"\r\n\r\n\xff\xd8\r\n--x--\r\n',
            "a file in it needs a file name",
        ),
    ],
)
async def test_who_writes_a_form_by_hand_is_told_what_is_missing(
    client: AsyncClient, kind: str, body: bytes, helps: str
) -> None:
    answer = await client.post("/paper", content=body, headers={"Content-Type": kind})
    assert (answer.status_code, answer.json()["code"]) == (422, "MalformedBody"), answer.text
    assert helps in answer.json()["detail"]


async def test_empty_filters_are_no_filters(client: AsyncClient) -> None:
    assert (await client.get("/list?search=&least=")).json() == {"search": None, "least": None}


async def test_a_small_fraction_is_a_number_as_any_other(client: AsyncClient) -> None:
    assert (await client.get("/list?least=3.5e-12")).json()["least"] == pytest.approx(3.5e-12)


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-inf", "1e999", "x", "1" * 60])
async def test_a_filter_that_is_no_number_is_refused_by_name(client: AsyncClient, text: str) -> None:
    answer = await client.get("/list", params={"least": text})
    assert answer.status_code == 422
    assert [(error["field"], error["loc"]) for error in answer.json()["errors"]] == [("least", "query")]
