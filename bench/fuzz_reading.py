"""How the house reads what its description forbids, and refuses what it allows: the only failures that are dropped."""

import json
import re
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any, TypeAlias
from urllib.parse import parse_qs, urlsplit

import jsonschema_rs
from schemathesis import Case, Response
from schemathesis.core import NOT_SET
from schemathesis.core.failures import AcceptedNegativeData, Failure
from schemathesis.core.parameters import ParameterLocation
from schemathesis.openapi.checks import RejectedPositiveData

Json: TypeAlias = Any
AnyCase: TypeAlias = Case[Any]

NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d)?")
OF_THE_FORM = {"InvalidInput", "MalformedBody", "MalformedRequest"}
"""The refusals that are about the form of what was sent; every other one is about what it means."""

UNSPEAKABLE = re.compile(
    r"must not contain a NUL character|is too large or too precise a number|is nested too deeply"
    r"|The address holds characters that cannot be read; it must be UTF-8 without NUL\."
    r"|must take at most \d+ bytes as JSON|must have at most \w+ decimals"
    r"|must be at most 999 where the fee is in percent|is needed with the other"
)
"""What no description can say: of members it does not name, of a whole, of a binary number, of one field by another."""


def is_meant(failure: Failure, case: AnyCase, response: Response) -> bool:
    """Say whether the answer that a check takes for a failure is meant so; only failures of two checks can be."""
    if isinstance(failure, AcceptedNegativeData):
        return is_allowed_as_read(case, response)
    return isinstance(failure, RejectedPositiveData) and is_refused_for_its_meaning(response)


def is_refused_for_its_meaning(response: Response) -> bool:
    """Say whether a description could not have said why this was refused.

    It cannot know that an id is nobody's or a step not the next one.
    """
    if response.status_code != HTTPStatus.UNPROCESSABLE_ENTITY:
        return False
    told = json.loads(response.content)
    sentences = [error["msg"] for error in told["errors"]] or [told["detail"]]
    return told["code"] not in OF_THE_FORM or all(map(UNSPEAKABLE.fullmatch, sentences))


def is_allowed_as_read(case: AnyCase, response: Response) -> bool:
    """Say whether a case that breaks the description fits it once it is read as this house reads.

    What is empty counts as absent, because the web app sends `""` for what a person left empty. `1` and `"true"` are
    taken for a yes, and `"12"` for a number, because forms and spreadsheets have no other way to say them.
    """
    meta = case.meta
    if meta is None or any(
        meta.is_negative_at(place)
        for place in (ParameterLocation.PATH, ParameterLocation.HEADER, ParameterLocation.COOKIE)
    ):
        return False
    return _fits_in_query(case, response) and fits_as_body(case)


def fits_as_body(case: AnyCase) -> bool:
    """Say whether the body, read so, is one that the description allows."""
    described = case.operation.get_body_for_media_type(case.media_type)
    if described is None:
        return case.body is NOT_SET
    if case.body is NOT_SET or case.body is None:
        return not described.is_required
    validator = described.get_validator()
    sent: Json = case.body
    body = _as_json(sent)
    for name, told in described.validation_schema.get("properties", {}).items():
        if isinstance(body, dict) and told.get("format") == "binary" and name in sent:
            body[name] = "a file, which schemathesis puts in where it has nothing"
    for place in [place for error in validator.iter_errors(body) for place in _places(error)]:
        body = _read_again(body, place, validator)
    return bool(validator.is_valid(body))


def _fits_in_query(case: AnyCase, response: Response) -> bool:
    """Of what is given more than once, a list takes all and everything else the last."""
    sent = parse_qs(urlsplit(response.request.url or "").query)
    for parameter in case.operation.query:
        texts = sent.get(parameter.name, [])
        if not texts and parameter.is_required:
            return False
        of_one = [reading for text in texts[-1:] for reading in (text, *_readings(text))]
        of_all = [texts, [next(_readings(text), None) for text in texts]]
        if texts and not any(map(parameter.get_validator().is_valid, [*of_one, *of_all])):
            return False
    return True


def _as_json(value: Json) -> Json:
    """What is not empty, with files as text, as which a description counts them."""
    if isinstance(value, Mapping):
        return {name: _as_json(item) for name, item in value.items() if item != ""}
    if isinstance(value, list):
        return [_as_json(item) for item in value]
    return value if isinstance(value, str | int | float | None) else ""


def _places(error: jsonschema_rs.ValidationError) -> Iterator[list[str | int]]:
    """Where the body errs; of a value that is none of several kinds, first what is wrong inside it."""
    for arm in getattr(error.kind, "context", ()):
        for inner in arm:
            yield from _places(inner)
    yield error.instance_path


def _read_again(body: Json, place: list[str | int], validator: jsonschema_rs.Validator) -> Json:
    """Replace one value by what is read from it, if the description asks for that at this place."""
    for reading in _readings(_at(body, place)):
        replaced = _with(body, place, reading)
        if place not in [wrong for error in validator.iter_errors(replaced) for wrong in _places(error)]:
            return replaced
    return body


def _readings(value: Json) -> Iterator[Json]:
    """What forms and spreadsheets can mean by a text or a number."""
    written = str(value).strip().lower()
    if isinstance(value, str) and NUMBER.fullmatch(written):
        yield float(written) if set(written) & set(".e") else int(written)
    if isinstance(value, str | int | float) and written in {"0", "1", "true", "false"}:
        yield written in {"1", "true"}


def _at(value: Json, place: list[str | int]) -> Json:
    for step in place:
        value = value[step]
    return value


def _with(value: Json, place: list[str | int], item: Json) -> Json:
    if not place:
        return item
    copied: Json = dict(value) if isinstance(value, Mapping) else list(value)
    copied[place[0]] = _with(value[place[0]], place[1:], item)
    return copied
