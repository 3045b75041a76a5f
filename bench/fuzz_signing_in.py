"""Signs each case of schemathesis in, and knows how this house reads what its description forbids."""

import os
import re
from collections.abc import Iterator

import httpx
import schemathesis
from schemathesis.core.failures import Failure

ADDRESS, NAME, PASSWORD = (os.environ[f"FUZZ_{name}"] for name in ("ADDRESS", "NAME", "PASSWORD"))
PATIENCE = 60.0
"""Seconds; the machine may be busy with other things."""

WRONG_TYPE = re.compile(r"(?P<name>\w+)(?: -> Object with invalid additional property)?: Incorrect type")
_held: dict[str, str] = {}


@schemathesis.auth(refresh_interval=None)
class Session:
    """The session of one account."""

    def get(self, _: schemathesis.Case, __: object) -> str:
        if "token" not in _held:
            sent = {"username": NAME, "password": PASSWORD}
            answer = httpx.post(f"{ADDRESS}/api/v1/auth/login", data=sent, timeout=PATIENCE)
            answer.raise_for_status()
            _held["token"] = answer.json()["access_token"]
        return _held["token"]

    def set(self, case: schemathesis.Case, token: str, _: object) -> None:
        case.headers = case.headers or {}
        case.headers["Authorization"] = f"Bearer {token}"


@schemathesis.hook
def after_call(_: object, __: schemathesis.Case, response: schemathesis.Response) -> None:
    """A session that was ended is one to replace; most refusals are of cases that carry none."""
    if response.status_code == httpx.codes.UNAUTHORIZED and "token" in _held:
        headers = {"Authorization": f"Bearer {_held['token']}"}
        me = httpx.get(f"{ADDRESS}/api/v1/auth/me", headers=headers, timeout=PATIENCE)
        if me.status_code == httpx.codes.UNAUTHORIZED:
            _held.clear()


@schemathesis.hook
def filter_failure(_: object, failure: Failure, case: schemathesis.Case, __: schemathesis.Response) -> bool:
    """Say whether something is a failure. Everything is sent and looked at; three things are none.

    What is empty counts as absent, because the web app sends `""` for what a person left empty. `1` and `"true"` are
    taken for a yes, and `"12"` for a number, because forms and spreadsheets have no other way to say them. And where a
    path is that of another operation (`/settings/theme` for the setting called theme), OpenAPI itself takes that one.
    """
    if _is_elsewhere(case):
        return False
    if type(failure).__name__ != "AcceptedNegativeData":
        return True
    is_absent = case.body is None or _has_empty(case.query) or _has_empty(case.body)
    return not (is_absent or _is_read_leniently(failure.message, case.body))


def _is_elsewhere(case: schemathesis.Case) -> bool:
    paths = case.operation.schema.raw_schema["paths"]
    return case.formatted_path != case.path and case.formatted_path in paths


def _has_empty(value: object) -> bool:
    if isinstance(value, list):
        return any(_has_empty(item) for item in value)
    return isinstance(value, dict) and any(item == "" or _has_empty(item) for item in value.values())


def _is_read_leniently(message: str, body: object) -> bool:
    """Say whether the field of another type holds such a yes or such a number."""
    found = WRONG_TYPE.search(message)
    return found is not None and any(
        isinstance(given, str) or (isinstance(given, int) and given in {0, 1}) for given in _named(found["name"], body)
    )


def _named(name: str, value: object) -> Iterator[object]:
    """Everything of that name, however deep."""
    if isinstance(value, dict):
        if isinstance(found := value.get(name), dict):
            yield from found.values()
        elif name in value:
            yield found
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _named(name, item)
