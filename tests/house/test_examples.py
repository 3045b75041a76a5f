"""Whoever copies an example out of the documentation is understood."""

from dataclasses import dataclass
from typing import Any

import jsonschema_rs
import pytest
from httpx import AsyncClient
from litestar import Litestar

from lc_workflow.identity.rules.roles import Role
from lc_workflow.organization.branches.models import Branch
from lc_workflow.samples import photo
from tests.conftest import Sessions, SignIn
from tests.house.doors import doors_of

MISUNDERSTOOD = {"InvalidInput", "MalformedBody", "MalformedRequest", "UnsupportedMediaType"}

WORK = {
    "POST /api/v1/applications": 201,
    "POST /api/v1/branches": 201,
    "POST /api/v1/checklists": 201,
    "POST /api/v1/customers": 201,
    "POST /api/v1/employees": 201,
    "POST /api/v1/files/upload": 201,
    "POST /api/v1/products": 201,
    "POST /api/v1/quotes": 200,
    "POST /api/v1/selfies/upload": 201,
    "POST /api/v1/sync": 200,
    "POST /api/v1/users": 201,
    "POST /api/v1/users/import/csv": 200,
    "POST /api/v1/users/{user_id:uuid}/profile-photo": 200,
    "POST /api/v1/webhooks": 201,
}
"""What needs nothing that is not there yet, or an application, or oneself."""

KNOWN = {"number": 1, "value": "borrower_id_card", "action": "submit", "stage": "MANAGER_REVIEW"}
"""The variable parts of paths that are no ids; those are ids of nothing."""


@dataclass(frozen=True)
class Body:
    """What a route takes: JSON, or a form."""

    media_type: str
    schema: dict[str, Any]

    @property
    def examples(self) -> list[dict[str, Any]]:
        shown: list[dict[str, Any]] = self.schema.get("examples", [])
        return shown

    def sent(self, example: dict[str, Any]) -> dict[str, Any]:
        """How a client is told to send it; of a picture the example gives only the name."""
        if self.media_type == "application/json":
            return {"json": example}
        fields = {name: str(value).lower() if value is True else value for name, value in example.items()}
        if self.media_type != "multipart/form-data":
            return {"data": fields}
        name = fields.pop("file")
        assert self.schema["properties"]["file"]["format"] == "binary"
        content = (name, photo(name)) if name.endswith(".jpg") else ("list.csv", name.encode())
        return {"files": {"file": content}, "data": fields}


@pytest.fixture(scope="session")
def document(application: tuple[Litestar, Sessions]) -> dict[str, Any]:
    return application[0].openapi_schema.to_schema()


@pytest.fixture(scope="session")
def bodies(document: dict[str, Any]) -> dict[tuple[str, str], Body]:
    """What each body is, by method and path."""
    return {
        (method.upper(), path): Body(media_type, _schema(document, kind["schema"]))
        for path, item in document["paths"].items()
        for method, operation in item.items()
        for media_type, kind in operation.get("requestBody", {}).get("content", {}).items()
    }


def test_each_body_has_an_example(bodies: dict[tuple[str, str], Body]) -> None:
    assert len(bodies) > 100
    assert [door for door, body in bodies.items() if not body.examples] == []


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
    bodies: dict[tuple[str, str], Body],
) -> None:
    people = {role: await sign_in(role, branch_id=branch.id) for role in Role}
    doors = [door for door in doors_of(application[0]) if (door.method, door.documented) in bodies]
    known = {"user_id": people[Role.ADMIN].user.id} | KNOWN
    statuses = {}
    for door in sorted(doors, key=lambda door: door.form):
        body = bodies[door.method, door.documented]
        for example in body.examples:
            address = door.address(known if door.form else KNOWN)
            sent = body.sent(example | {name: known[name] for name in example.keys() & known.keys() if door.form})
            answer = await client.request(door.method, address, headers=people[door.role].headers, **sent)
            if str(door) == "POST /api/v1/applications":
                known["application_id"] = answer.json()["id"]
            statuses[str(door)] = answer.status_code
            problem = answer.json() if answer.is_error else {"code": "", "errors": []}
            assert problem["code"] not in MISUNDERSTOOD, (str(door), problem)
            assert answer.status_code < 500, (str(door), problem)
    assert {name: statuses[name] for name in WORK} == WORK


def _schema(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    name = schema.get("$ref", "").rpartition("/")[2]
    found: dict[str, Any] = document["components"]["schemas"][name] if name else schema
    return found
