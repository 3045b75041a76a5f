"""Whoever copies an example out of the documentation is understood."""

from typing import Any

import jsonschema_rs
import pytest
from httpx import AsyncClient
from litestar import Litestar

from lc_workflow.identity.rules.roles import Role
from lc_workflow.organization.branches.models import Branch
from tests.conftest import Sessions, SignIn
from tests.house.doors import Door, doors_of

MISUNDERSTOOD = {"InvalidInput", "MalformedBody", "MalformedRequest", "UnsupportedMediaType"}

WORK = {
    "POST /api/v1/applications": 201,
    "POST /api/v1/branches": 201,
    "POST /api/v1/checklists": 201,
    "POST /api/v1/customers": 201,
    "POST /api/v1/employees": 201,
    "POST /api/v1/products": 201,
    "POST /api/v1/quotes": 200,
    "POST /api/v1/sync": 200,
    "POST /api/v1/users": 201,
    "POST /api/v1/webhooks": 201,
}
"""What needs nothing that is not there yet."""


@pytest.fixture(scope="session")
def document(application: tuple[Litestar, Sessions]) -> dict[str, Any]:
    return application[0].openapi_schema.to_schema()


@pytest.fixture(scope="session")
def examples(document: dict[str, Any]) -> dict[tuple[str, str], list[dict[str, Any]]]:
    """The examples of each JSON body, by method and path."""
    return {
        (method.upper(), path): _schema(document, kind["schema"]).get("examples", [])
        for path, item in document["paths"].items()
        for method, operation in item.items()
        for media_type, kind in operation.get("requestBody", {}).get("content", {}).items()
        if media_type == "application/json"
    }


def test_each_json_body_has_an_example(examples: dict[tuple[str, str], list[dict[str, Any]]]) -> None:
    assert len(examples) > 100
    assert [body for body, shown in examples.items() if not shown] == []


def test_each_example_is_what_its_description_says(document: dict[str, Any]) -> None:
    wrong = []
    for name, schema in document["components"]["schemas"].items():
        if shown := schema.get("examples"):
            reference = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
            validator = jsonschema_rs.Draft202012Validator(reference, validate_formats=True)
            wrong += [f"{name}: {error.message}" for example in shown for error in validator.iter_errors(example)]
    assert wrong == []


async def test_each_example_is_understood_by_its_route(
    application: tuple[Litestar, Sessions],
    client: AsyncClient,
    sign_in: SignIn,
    branch: Branch,
    examples: dict[tuple[str, str], list[dict[str, Any]]],
) -> None:
    people = {role: (await sign_in(role, branch_id=branch.id)).headers for role in Role}
    doors = [door for door in doors_of(application[0]) if (door.method, door.documented) in examples]
    statuses = {}
    for door in doors:
        for example in examples[door.method, door.documented]:
            answer = await client.request(door.method, _address(door), json=example, headers=people[door.role])
            statuses[str(door)] = answer.status_code
            problem = answer.json() if answer.is_error else {"code": "", "errors": []}
            assert problem["code"] not in MISUNDERSTOOD, (str(door), problem)
            assert answer.status_code < 500, (str(door), problem)
    assert {name: statuses[name] for name in WORK} == WORK


def _schema(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    name = schema.get("$ref", "").rpartition("/")[2]
    found: dict[str, Any] = document["components"]["schemas"][name] if name else schema
    return found


def _address(door: Door) -> str:
    """The path, with ids of nothing."""
    return door.address({"number": 1, "value": "borrower_id_card", "action": "submit", "stage": "MANAGER_REVIEW"})
