"""The documentation says of each operation what it does, who may call it, and how it can be refused."""

import re
from typing import Any

import pytest
from litestar import Litestar

from lc_workflow.platform.idempotency.keys import LONGEST_KEY
from tests.conftest import Sessions


@pytest.fixture(scope="session")
def operations(application: tuple[Litestar, Sessions]) -> dict[str, dict[str, Any]]:
    """Every operation of the document, by method and path."""
    paths = application[0].openapi_schema.to_schema()["paths"]
    return {f"{method.upper()} {path}": operation for path, item in paths.items() for method, operation in item.items()}


@pytest.fixture(scope="session")
def described(application: tuple[Litestar, Sessions]) -> dict[str, dict[str, Any]]:
    """What the document says of the fields of each class."""
    schemas = application[0].openapi_schema.to_schema()["components"]["schemas"]
    return {name: schema.get("properties", {}) for name, schema in schemas.items()}


def test_each_operation_says_what_it_does_and_for_whom(operations: dict[str, dict[str, Any]]) -> None:
    for name, operation in operations.items():
        assert operation["summary"], name
        assert "permission" in operation["description"] or "may call this" in operation["description"], name
        assert operation["tags"], name


def test_each_operation_says_how_it_is_refused(operations: dict[str, dict[str, Any]]) -> None:
    for name, operation in operations.items():
        declared = operation["responses"]
        for status in ("401", "403", "404", "409", "422", "429", "503"):
            assert status in declared, (name, status)
        assert ("405" in declared) or "{" not in name, name
        assert {"413", "415"} <= declared.keys() or "requestBody" not in operation, name
        sent = {given["name"] for given in operation.get("parameters", ())}
        assert "412" in declared or "If-Match" not in sent, name
        assert all(answer["description"] for answer in declared.values()), name
        assert "400" not in operation["responses"], name
        assert "application/problem+json" in operation["responses"]["404"]["content"], name


def test_what_makes_something_says_how_it_is_made_once(operations: dict[str, dict[str, Any]]) -> None:
    """Only whoever is known has keys: what is open to everybody takes none."""
    keyed = {
        name: given["schema"]["maxLength"]
        for name, operation in operations.items()
        for given in operation.get("parameters", ())
        if given["name"] == "Idempotency-Key"
    }
    assert set(keyed.values()) == {LONGEST_KEY}
    assert keyed.keys() == {
        name for name, operation in operations.items() if name.startswith("POST ") and operation.get("security") != []
    }


def test_answers_say_what_stands_in_their_headers(operations: dict[str, dict[str, Any]]) -> None:
    drafted = operations["POST /api/v1/applications"]["responses"]
    assert drafted["201"]["headers"].keys() == {"ETag", "Idempotent-Replay"}
    assert operations["GET /api/v1/applications"]["responses"]["200"]["headers"] == {}
    for name, operation in operations.items():
        for status in ("409", "429", "503"):
            assert "Retry-After" in operation["responses"][status]["headers"], (name, status)
        sent = {given["name"] for given in operation.get("parameters", ())}
        told = [answer.get("headers", {}) for status, answer in operation["responses"].items() if status[0] == "2"]
        assert any("Idempotent-Replay" in headers for headers in told) == ("Idempotency-Key" in sent), name


def test_each_operation_has_a_name_that_a_person_would_give_a_function(operations: dict[str, dict[str, Any]]) -> None:
    names = [operation["operationId"] for operation in operations.values()]
    assert len(set(names)) == len(names)
    for name in names:
        assert re.fullmatch(r"[a-z]+(_[a-z]+){1,7}", name), name
    assert operations["POST /api/v1/branches"]["operationId"] == "branch_open"


def test_no_two_classes_share_a_name_in_clients(application: tuple[Litestar, Sessions]) -> None:
    """Litestar puts the module before a name that two classes have, and generators trip over it."""
    for name in application[0].openapi_schema.to_schema()["components"]["schemas"]:
        assert re.fullmatch(r"([A-Z][a-z]*)+", name), name


def test_paths_stand_in_one_order_in_every_process(application: tuple[Litestar, Sessions]) -> None:
    paths = [*application[0].openapi_schema.to_schema()["paths"]]
    assert paths == sorted(paths)


def test_a_guard_stands_in_the_description(operations: dict[str, dict[str, Any]]) -> None:
    approve = operations["PATCH /api/v1/applications/{application_id}/approve"]
    assert approve["summary"] == "Approve the loan, on the requested terms or on others"
    assert (
        "Needs the permission application:approve or application:process or application:update."
        in approve["description"]
    )
    assert operations["POST /api/v1/auth/login"]["security"] == []


def test_amounts_are_numbers_as_in_the_answers(application: tuple[Litestar, Sessions]) -> None:
    quote = application[0].openapi_schema.to_schema()["components"]["schemas"]["QuoteRequest"]["properties"]
    assert quote["principal"]["type"] == "number"


def test_what_a_list_or_a_mapping_may_hold_stands_in_the_description(described: dict[str, dict[str, Any]]) -> None:
    banned = described["NewProfile"]["prohibited_collateral"]
    assert (banned["maxItems"], banned["items"]) == (100, {"type": "string", "minLength": 1, "maxLength": 60})
    assert described["ProfileChange"]["prohibited_collateral"]["oneOf"][0]["items"] == banned["items"]
    attributes = described["NewScorecard"]["attributes"]
    assert (attributes["maxProperties"], attributes["additionalProperties"]["maxItems"]) == (50, 50)
    assert attributes["propertyNames"]["pattern"].startswith("^[a-z]")
    limits, nothing = described["NewAuthority"]["limits"]["oneOf"]
    assert (limits["propertyNames"], nothing) == ({"enum": ["USD", "KHR"]}, {"type": "null"})
    assert limits["additionalProperties"]["minimum"] == 0


def test_amounts_rates_and_new_ids_say_what_they_can_be(described: dict[str, dict[str, Any]]) -> None:
    assert described["Confirmation"]["amount"] == {"type": "number", "minimum": 0, "maximum": 9999999999999.99}
    assert described["NewRate"]["rate"]["exclusiveMinimum"] == 0
    assert described["RoleChange"]["level"]["minimum"] == 0
    assert described["NewApplication"]["requested_amount"]["minimum"] == 0
    made_at_random = described["NewApplication"]["id"]["pattern"]
    assert re.match(made_at_random, "5a3b0f0e-4a53-4f3c-9d52-6f5f0c0f7a11")
    assert not re.match(made_at_random, "5a3b0f0e-4a53-1f3c-9d52-6f5f0c0f7a11")


def test_no_text_that_a_request_needs_can_be_empty(application: tuple[Litestar, Sessions]) -> None:
    """What is empty counts as absent, so it would be refused as missing."""
    document = application[0].openapi_schema.to_schema()
    operations = [operation for item in document["paths"].values() for operation in item.values()]
    sent = _named(document, [operation.get("requestBody") for operation in operations])
    answered = _named(document, [operation["responses"] for operation in operations])
    found = [
        f"{name}.{field}"
        for name in sent - answered
        for field in document["components"]["schemas"][name].get("required", ())
        if (told := document["components"]["schemas"][name]["properties"][field]).get("type") == "string"
        and not {"minLength", "pattern", "format", "enum", "const"} & told.keys()
    ]
    assert len(sent - answered) > 100
    assert found == []


def _named(document: dict[str, Any], part: Any) -> set[str]:
    """The classes that a part of the document speaks of, and those that these speak of."""
    known: set[str] = set()
    waiting = [part]
    while waiting:
        new = set(re.findall(r"#/components/schemas/(\w+)", str(waiting.pop()))) - known
        known |= new
        waiting += [document["components"]["schemas"][name] for name in new]
    return known
