"""A little of what `make fuzz` does at length: what the description allows and forbids, sent by an officer."""

from collections.abc import Iterator
from typing import Any

import schemathesis
from httpx import AsyncClient
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.strategies import SearchStrategy
from litestar import Litestar
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from lc_workflow.identity.rules.roles import Role
from lc_workflow.organization.branches.models import Branch
from tests.conftest import Sessions, SignIn

CHECKS: Any = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
AT_APPLICATION = "/api/v1/applications/{application_id}"
PATHS = [
    AT_APPLICATION,
    f"{AT_APPLICATION}/submit",
    f"{AT_APPLICATION}/workflow/transition",
    f"{AT_APPLICATION}/comments",
    f"{AT_APPLICATION}/financials",
    "/api/v1/quotes",
]
SENT = {"method", "url", "params", "json", "content", "headers"}
"""What of a case httpx takes as it is."""


async def test_the_loan_path_answers_as_its_description_says(
    application: tuple[Litestar, Sessions], client: AsyncClient, sign_in: SignIn, branch: Branch
) -> None:
    officer = await sign_in(Role.OFFICER, branch_id=branch.id)
    cases = list(_cases(application[0].openapi_schema.to_schema()))
    assert len(cases) > 30
    for case in cases:
        sent = case.as_transport_kwargs(base_url="http://test")
        sent["headers"] = dict(sent["headers"] or {}) | officer.headers
        sent["content"] = sent.pop("data", None)
        answer = await client.request(**{name: value for name, value in sent.items() if name in SENT})
        case.validate_response(answer, checks=CHECKS)


def _cases(document: dict[str, Any]) -> Iterator[Any]:
    """The same requests each time: two of what is allowed and two of what is not."""
    schema = schemathesis.openapi.from_dict(document | {"paths": {path: document["paths"][path] for path in PATHS}})
    for found in schema.get_all_operations():
        assert isinstance(found, Ok), found
        for mode in GenerationMode:
            yield from _drawn(found.ok().as_strategy(generation_mode=mode))


def _drawn(strategy: SearchStrategy[Any]) -> list[Any]:
    drawn: list[Any] = []

    @settings(max_examples=2, derandomize=True, phases=[Phase.generate], suppress_health_check=[*HealthCheck])
    @given(strategy)
    def draw(case: Any) -> None:
        drawn.append(case)

    draw()
    return drawn
