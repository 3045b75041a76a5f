"""A little of what `make fuzz` does at length: what the description allows and forbids, sent by an officer."""

import json
import re
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from httpx import AsyncClient, Response
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

from bench.fuzz_counting import counted
from bench.fuzz_reading import fits_as_body, is_refused_for_its_meaning
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


@pytest.mark.parametrize(
    ("sent", "is_none"),
    [
        ({"flat_allowed": 1, "rate_ceiling": "18", "source": ""}, True),
        ({"flat_allowed": 2}, False),
        ({"rate_ceiling": "-18"}, False),
        ({"rate_ceiling": "eighteen", "source": ""}, False),
        ({"flat_allowed": "true", "name": ""}, False),
        ({"prohibited_collateral": [""]}, False),
    ],
)
def test_a_failure_is_dropped_only_if_all_of_the_case_can_be_read(
    application: tuple[Litestar, Sessions], sent: dict[str, Any], *, is_none: bool
) -> None:
    path = "/api/v1/jurisdiction-profiles"
    document = application[0].openapi_schema.to_schema()
    schema = schemathesis.openapi.from_dict(document | {"paths": {path: document["paths"][path]}})
    body = {"name": "Cambodia", "code": "KH-2027", "valid_from": "2027-01-01"} | sent
    assert fits_as_body(schema[path]["POST"].Case(body=body, media_type="application/json")) is is_none


def test_what_is_refused_for_its_form_is_described_with_it(application: tuple[Litestar, Sessions]) -> None:
    document = application[0].openapi_schema.to_schema()
    bodies = document["components"]["schemas"]
    (asked,) = document["paths"]["/api/v1/employees/next-code"]["get"]["parameters"]
    for described, fitting, refused in (
        (bodies["NewCustomer"]["properties"]["place_code"], "120101", "1020101"),
        (bodies["NewApplication"]["properties"]["place_code"], "12", "1"),
        (bodies["ToPattern"]["properties"]["pattern"], "role:teller", "everybody"),
        (bodies["CodesWanted"]["properties"]["pattern"], "12??", "EMP-???"),
        (asked["schema"], "12??", "EMP"),
    ):
        assert re.search(described["pattern"], fitting)
        assert not re.search(described["pattern"], refused)


def test_cases_are_counted_by_their_answers_and_those_without_a_token_apart(tmp_path: Path) -> None:
    told = {
        code: {"$base64": b64encode(json.dumps({"code": code}).encode()).decode()}
        for code in ("TokenMissing", "PasswordWrong")
    }
    answers: list[Any] = [{"status_code": 204}, {"status_code": 422}, {"status_code": 503}, None]
    answers += [{"status_code": 401, "content": content} for content in told.values()]
    scenario = {
        "phase": "coverage",
        "recorder": {"interactions": {str(n): {"response": each} for n, each in enumerate(answers)}},
    }
    report = tmp_path / "viewer.ndjson"
    report.write_text(json.dumps({"PhaseStarted": {}}) + "\n" + json.dumps({"ScenarioFinished": scenario}) + "\n")
    sent = counted(report, failures=1)
    assert sent.classes == {"2xx": 1, "4xx": 1, "5xx": 1, "unanswered": 1}
    assert (sent.signed, sent.unsigned, sent.refused, sent.failures) == (4, 1, {"PasswordWrong": 1}, 1)


@pytest.mark.parametrize(
    ("told", "is_none"),
    [
        ({"code": "NoSuchBranch", "errors": [{"msg": "There is no such branch."}]}, True),
        ({"code": "InvalidInput", "errors": [{"msg": "must have at most two decimals"}]}, True),
        ({"code": "InvalidInput", "errors": [{"msg": "must be an id"}]}, False),
        ({"code": "InvalidInput", "errors": [{"msg": "must be an id"}, {"msg": "is nested too deeply"}]}, False),
        ({"code": "MalformedBody", "detail": "The body is not UTF-8 text.", "errors": []}, False),
    ],
)
def test_a_refusal_of_what_the_description_allows_is_dropped_only_if_it_cannot_say_why(
    told: dict[str, Any], *, is_none: bool
) -> None:
    refused: Any = Response(422, json=told)
    assert is_refused_for_its_meaning(refused) is is_none


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
