"""What a person gets to read when something is refused."""

import errno
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Literal, cast
from uuid import UUID

import pytest
from advanced_alchemy.exceptions import NotFoundError
from httpx import AsyncClient
from litestar import post
from litestar.di import NamedDependency, Provide
from litestar.exceptions import NotAuthorizedException, PermissionDeniedException
from litestar.handlers import get, put
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from litestar.types import Scope
from msgspec import Meta, Struct, UnsetType
from sqlalchemy.exc import TimeoutError as PoolExhausted
from sqlalchemy.orm.exc import StaleDataError
from structlog.testing import capture_logs

from lc_workflow.identity.users.schemas import RoleName
from lc_workflow.kernel.errors import (
    Busy,
    DomainError,
    FieldError,
    Forbidden,
    Invalid,
    Locked,
    Missing,
    Stale,
    TooLarge,
    TooMany,
    Unauthenticated,
    Unavailable,
)
from lc_workflow.platform.http.fields import cannot_take, field_errors
from lc_workflow.platform.http.problems import UNFORESEEN, log_broken_socket
from lc_workflow.platform.http.shapes import Code, Email, Name
from tests.platform.http.conftest import WEB_APP, Serve


class LimitExceeded(Invalid):
    """A refusal with a name of its own."""


RAISED: dict[str, Exception] = {
    "missing": Missing("No such thing."),
    "forbidden": Forbidden("Not you."),
    "invalid": LimitExceeded("Too high.", errors=(FieldError("amount", "is too high"),)),
    "other": DomainError("Some refusal."),
    "stale": Stale("It changed."),
    "unauthenticated": Unauthenticated("Sign in."),
    "locked": Locked("Locked.", retry_after=90),
    "too-large": TooLarge("Too large."),
    "too-many": TooMany("Slowly.", retry_after=7),
    "busy": Busy("Again."),
    "unavailable": Unavailable("Later."),
    "outrun": StaleDataError("UPDATE expected 1 row"),
    "not-found": NotFoundError("none"),
    "pool": PoolExhausted("QueuePool limit"),
    "refused": ConnectionRefusedError(111, "Connect call failed"),
    "multiple": OSError("Multiple exceptions: [Errno 111] Connect call failed"),
    "disk": FileNotFoundError(2, "secret path"),
    "ours": RuntimeError("secret text"),
    "litestar-401": NotAuthorizedException(),
    "litestar-403": PermissionDeniedException(),
}


class Sort(StrEnum):
    UP = "up"
    DOWN = "down"


class Guarantor(Struct, forbid_unknown_fields=True):
    name: Annotated[str, Meta(min_length=2, max_length=5)]
    born: date | None = None

    def __post_init__(self) -> None:
        if self.name == "N.N.":
            raise cannot_take([FieldError("name", "must be somebody's")])


class Draft(Struct):
    amount: Annotated[int, Meta(ge=1)]
    share: Decimal
    guarantors: list[Guarantor]
    officer: UUID
    kind: Literal["monthly", "weekly"]
    code: Annotated[str, Meta(pattern="^[A-Z]+$")] = "A"
    at: Annotated[datetime, Meta(tz=True)] | None = None
    sort: Sort = Sort.UP
    tags: Annotated[list[str], Meta(max_length=2)] = []
    agreed: bool = False
    counts: dict[str, int] = {}

    def __post_init__(self) -> None:
        if self.share > self.amount:
            raise ValueError("share must not be above amount")


@get("/raise/{name:str}")
async def raises(name: FromPath[str]) -> None:
    raise RAISED[name]


@post("/drafts")
async def draft(data: JSONBody[Draft], limit: FromQuery[int] = 1) -> None: ...


@get("/drafts")
async def drafts(
    wanted: NamedDependency[int],
    sort: FromQuery[Sort] = Sort.UP,
    draft_format: Annotated[Sort, QueryParameter(name="format")] = Sort.UP,
) -> None: ...


@put("/drafts/{draft_id:uuid}", request_max_body_size=100)
async def change(draft_id: FromPath[UUID], data: JSONBody[dict[str, Any]]) -> None: ...


@get("/needs")
async def needs(branch: FromQuery[UUID]) -> None: ...


def wanted_page(page: Annotated[int, QueryParameter(ge=1)] = 1) -> int:
    return page


@pytest.fixture
async def client(serve: Serve) -> AsyncClient:
    provide = {"wanted": Provide(wanted_page, sync_to_thread=False)}
    return await serve(raises, draft, drafts, change, needs, dependencies=provide)


@pytest.mark.parametrize(
    ("name", "status", "code"),
    [
        ("missing", 404, "Missing"),
        ("forbidden", 403, "Forbidden"),
        ("invalid", 422, "LimitExceeded"),
        ("other", 422, "DomainError"),
        ("stale", 412, "Stale"),
        ("unauthenticated", 401, "Unauthenticated"),
        ("locked", 423, "Locked"),
        ("too-large", 413, "TooLarge"),
        ("too-many", 429, "TooMany"),
        ("busy", 409, "Busy"),
        ("unavailable", 503, "Unavailable"),
        ("outrun", 412, "Stale"),
        ("not-found", 404, "Missing"),
        ("pool", 503, "Unavailable"),
        ("refused", 503, "Unavailable"),
        ("multiple", 503, "Unavailable"),
        ("disk", 500, "UnforeseenError"),
        ("ours", 500, "UnforeseenError"),
        ("litestar-401", 401, "Unauthenticated"),
        ("litestar-403", 403, "Forbidden"),
    ],
)
async def test_every_refusal_has_its_status_and_its_name(
    client: AsyncClient, name: str, status: int, code: str
) -> None:
    answer = await client.get(f"/raise/{name}", headers={"X-Request-ID": "r1", "Origin": WEB_APP})
    problem = answer.json()
    assert (answer.status_code, problem["code"], problem["status"]) == (status, code, status)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["access-control-allow-origin"] == WEB_APP
    assert (problem["type"], problem["request_id"]) == ("about:blank", "r1")
    assert problem["title"]
    assert isinstance(problem["detail"], str)
    assert "secret" not in answer.text


class S3Error(Exception):
    """What a store says, with a code of its own."""

    code = "AccessDenied"


@pytest.mark.parametrize(
    ("cause", "said"),
    [(OSError(errno.ENOSPC, "secret path"), "OSError ENOSPC"), (S3Error("secret path"), "S3Error AccessDenied")],
)
async def test_why_a_part_is_out_of_reach_is_said_in_the_log_and_to_nobody_else(
    client: AsyncClient, monkeypatch: pytest.MonkeyPatch, cause: Exception, said: str
) -> None:
    gone = Unavailable("The files cannot be reached.")
    gone.__cause__ = cause
    monkeypatch.setitem(RAISED, "unavailable", gone)
    with capture_logs() as logged:
        answer = await client.get("/raise/unavailable")
    (line,) = [line for line in logged if line["log_level"] == "warning"]
    assert (line["event"], line["refusal"], line["cause"]) == ("a part is out of reach", gone.detail, said)
    assert said not in answer.text
    assert "secret" not in str(line)


async def test_a_refusal_says_when_to_come_again(client: AsyncClient) -> None:
    waits = {name: (await client.get(f"/raise/{name}")).headers.get("Retry-After") for name in RAISED}
    assert {name: wait for name, wait in waits.items() if wait} == {
        "locked": "90",
        "too-many": "7",
        "busy": "1",
        "unavailable": "5",
        "pool": "5",
        "refused": "5",
        "multiple": "5",
    }


async def test_whoever_must_sign_in_is_told_how(client: AsyncClient) -> None:
    assert (await client.get("/raise/unauthenticated")).headers["WWW-Authenticate"] == "Bearer"
    assert (await client.get("/raise/litestar-401")).headers["WWW-Authenticate"] == "Bearer"


async def test_our_mistakes_are_in_the_log_and_not_in_the_answer(client: AsyncClient) -> None:
    with capture_logs() as lines:
        answer = await client.get("/raise/ours")
    assert (answer.status_code, answer.json()["detail"]) == (500, UNFORESEEN)
    assert "secret" not in answer.text
    assert [str(line["exc_info"]) for line in lines if line["event"] == "unforeseen error"] == ["secret text"]


async def test_refusals_of_rules_carry_their_fields(client: AsyncClient) -> None:
    assert (await client.get("/raise/invalid")).json()["errors"] == [
        {"field": "amount", "msg": "is too high", "loc": "body"}
    ]


async def test_all_wrong_fields_are_named_at_once(client: AsyncClient) -> None:
    answer = await client.post(
        "/drafts?limit=x",
        json={
            "amount": 0,
            "share": "much",
            "guarantors": [{"name": "x"}, {"born": "yesterday", "nickname": "Y"}, 5, {"name": "longer"}],
            "kind": "yearly",
            "code": "a",
            "at": "2026-11-24T09:00:00",
            "sort": "sideways",
            "tags": ["a", "b", "c"],
            "agreed": "perhaps",
            "counts": {"a": "b"},
        },
    )
    problem = answer.json()
    assert answer.status_code == 422
    assert {error["field"]: error["msg"] for error in problem["errors"]} == {
        "limit": "must be a whole number",
        "amount": "must be at least 1",
        "share": "must be a number",
        "guarantors[0].name": "must have at least 2 characters",
        "guarantors[1].name": "is needed",
        "guarantors[1].born": "must be a date like 2026-11-24",
        "guarantors[1].nickname": "is not known here",
        "guarantors[2]": "must be an object",
        "guarantors[3].name": "must have at most 5 characters",
        "officer": "is needed",
        "kind": "must be one of monthly, weekly",
        "code": "must have the expected form",
        "at": "must carry its time zone, like 2026-11-24T09:00:00+07:00",
        "sort": "must be one of up, down",
        "tags": "must have at most 2 entries",
        "agreed": "must be true or false",
        "counts.a": "must be a whole number",
    }
    assert {error["loc"] for error in problem["errors"]} == {"body", "query"}
    assert problem["detail"].startswith("17 fields cannot be taken: limit, amount, ")


GOOD = {"amount": 5, "share": 1, "guarantors": [], "officer": str(UUID(int=1)), "kind": "weekly"}


async def test_one_wrong_field_is_one_sentence(client: AsyncClient) -> None:
    assert (await client.post("/drafts", json=GOOD | {"amount": 0})).json()["detail"] == "amount: must be at least 1."


@pytest.mark.parametrize(
    ("kind", "value", "said"),
    [
        (Email, "sok.dara", "must be an e-mail address like sok.dara@example.com"),
        (Email | None, "sok dara@example.com", "must be an e-mail address like sok.dara@example.com"),
        (Code | UnsetType, "ភ្នំពេញ", "must be Latin letters and digits without spaces, like PP01"),
        (Name, "   ", "must not be blank"),
        (Name, "\u200b\ufeff\x01", "must not be blank"),
        (RoleName, "Branch manager", "must be small Latin letters, digits and underscores, like branch_manager"),
        (Annotated[str, Meta(pattern="^x$")], "y", "must have the expected form"),
    ],
)
def test_a_text_of_another_form_hears_which_one(kind: object, value: str, said: str) -> None:
    assert [fault.msg for fault in field_errors(value, kind)] == [said]


async def test_a_part_that_refuses_itself_is_found_in_its_list(client: AsyncClient) -> None:
    sent = GOOD | {"guarantors": [{"name": "Sok"}, {"name": "N.N."}], "kind": "yearly"}
    assert [error["field"] for error in (await client.post("/drafts", json=sent)).json()["errors"]] == [
        "guarantors[1].name",
        "kind",
    ]
    alone = (await client.post("/drafts", json=sent | {"kind": "weekly"})).json()
    assert (alone["code"], alone["detail"]) == ("InvalidInput", "guarantors[1].name: must be somebody's.")


async def test_a_rule_between_fields_speaks_for_itself(client: AsyncClient) -> None:
    answer = await client.post("/drafts", json=GOOD | {"share": 9})
    assert answer.json()["detail"] == "body: share must not be above amount."


async def test_a_body_full_of_mistakes_gets_a_bounded_answer(client: AsyncClient) -> None:
    answer = await client.post("/drafts", json=GOOD | {"guarantors": [{}] * 5_000})
    assert len(answer.json()["errors"]) == 100


async def test_a_missing_body_is_named(client: AsyncClient) -> None:
    assert (await client.post("/drafts")).json()["detail"] == "body: is needed."


@pytest.mark.parametrize(
    ("path", "field", "said"),
    [
        ("/needs", "branch", "is needed"),
        ("/needs?branch=", "branch", "is needed"),
        ("/needs?branch=5", "branch", "must be an id"),
        ("/drafts?sort=x", "sort", "must be one of up, down"),
        ("/drafts?page=0", "page", "must be at least 1"),
        ("/drafts?format=x", "format", "must be one of up, down"),
    ],
)
async def test_wrong_parameters_are_named(client: AsyncClient, path: str, field: str, said: str) -> None:
    answer = await client.get(path)
    assert answer.status_code == 422
    assert answer.json()["errors"] == [{"field": field, "msg": said, "loc": "query"}]


async def test_an_id_that_is_none_is_an_address_that_leads_nowhere(client: AsyncClient) -> None:
    answer = await client.put("/drafts/5", json={})
    assert (answer.status_code, answer.json()["code"]) == (404, "NoSuchPath")


async def test_a_path_nobody_serves_is_a_problem_with_cors(client: AsyncClient) -> None:
    answer = await client.get("/nowhere", headers={"Origin": WEB_APP})
    assert (answer.status_code, answer.json()["code"]) == (404, "NoSuchPath")
    assert answer.headers["access-control-allow-origin"] == WEB_APP


async def test_a_wrong_method_hears_the_right_ones(client: AsyncClient) -> None:
    answer = await client.delete("/drafts")
    assert (answer.status_code, answer.json()["code"]) == (405, "MethodNotAllowed")
    assert set(answer.headers["allow"].split(", ")) == {"GET", "HEAD", "POST", "OPTIONS"}


async def test_asking_for_the_methods_names_all_of_them(client: AsyncClient) -> None:
    answer = await client.options("/drafts")
    assert answer.status_code == 204
    assert set(answer.headers["allow"].split(", ")) == {"GET", "HEAD", "POST", "OPTIONS"}


async def test_a_body_above_the_limit_is_too_large(client: AsyncClient) -> None:
    answer = await client.put(f"/drafts/{UUID(int=1)}", json={"a": "x" * 200})
    assert (answer.status_code, answer.json()["code"]) == (413, "TooLarge")


async def test_a_socket_that_breaks_is_written_down() -> None:
    socket = cast("Scope", {"type": "websocket"})
    with capture_logs() as lines:
        await log_broken_socket(RuntimeError("broken"), socket)
        await log_broken_socket(Missing("not ours"), socket)
    assert [line["event"] for line in lines] == ["unforeseen error"]
