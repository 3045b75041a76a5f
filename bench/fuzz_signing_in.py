"""Signs each case of schemathesis in, and leaves out what is none of an operation's."""

import os

import httpx
import schemathesis
from schemathesis.core.failures import Failure

from bench.fuzz_reading import is_meant

ADDRESS, NAME, PASSWORD = (os.environ[f"FUZZ_{name}"] for name in ("ADDRESS", "NAME", "PASSWORD"))
PATIENCE = 60.0
"""Seconds; the machine may be busy with other things."""
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
def filter_case(_: object, case: schemathesis.Case) -> bool:
    """Leave out `/settings/theme` as a setting's address: OpenAPI itself takes it for the fixed one."""
    return case.formatted_path == case.path or case.formatted_path not in case.operation.schema.raw_schema["paths"]


@schemathesis.hook
def filter_failure(_: object, failure: Failure, case: schemathesis.Case, response: schemathesis.Response) -> bool:
    """Say whether something is a failure; the reasons for which it is none stand in `fuzz_reading.py`."""
    return not is_meant(failure, case, response)
