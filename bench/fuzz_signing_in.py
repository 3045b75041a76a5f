"""Signs each case of schemathesis in, and leaves out what is none of an operation's."""

import os
from itertools import count
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import schemathesis
from psycopg.sql import SQL, Identifier
from schemathesis.core.failures import Failure
from schemathesis.generation.meta import TestPhase

from bench.fuzz_reading import is_meant
from lc_workflow.platform.idempotency.keys import LONGEST_KEY

ADDRESS, DATABASE, NAME, PASSWORD = (os.environ[f"FUZZ_{name}"] for name in ("ADDRESS", "DATABASE", "NAME", "PASSWORD"))
PATIENCE = 60.0
"""Seconds; the machine may be busy with other things."""
SHARE, SHARES = map(int, os.environ["FUZZ_SHARE"].split("/"))
"""Which of how many parts of the coverage phase is sent, so that the roles can divide it among themselves."""

_held: dict[str, str] = {}
_covered = count()


@schemathesis.auth(refresh_interval=None)
class Session:
    """The session of one account."""

    def get(self, _: schemathesis.Case[Any], __: object) -> str:
        if "token" not in _held:
            _put_back_account()
            sent = {"username": NAME, "password": PASSWORD}
            answer = httpx.post(f"{ADDRESS}/api/v1/auth/login", data=sent, timeout=PATIENCE)
            answer.raise_for_status()
            _held["token"] = answer.json()["access_token"]
        return _held["token"]

    def set(self, case: schemathesis.Case[Any], token: str, _: object) -> None:
        case.headers["Authorization"] = f"Bearer {token}"
        key = case.headers.get("Idempotency-Key")
        if isinstance(key, str) and 0 < len(key) <= LONGEST_KEY - len(uuid4().hex):
            # One that comes again with something else is refused, and what lies behind would not be tried.
            case.headers["Idempotency-Key"] = key + uuid4().hex


@schemathesis.hook
def after_call(_: object, __: schemathesis.Case[Any], response: schemathesis.Response) -> None:
    """A session that was ended is one to replace; most refusals are of cases that carry none."""
    if response.status_code == httpx.codes.UNAUTHORIZED and "token" in _held:
        headers = {"Authorization": f"Bearer {_held['token']}"}
        me = httpx.get(f"{ADDRESS}/api/v1/auth/me", headers=headers, timeout=PATIENCE)
        if me.status_code == httpx.codes.UNAUTHORIZED:
            _held.clear()


@schemathesis.hook
def filter_case(_: object, case: schemathesis.Case[Any]) -> bool:
    """Leave out another's share, and `/settings/theme` as a setting's address: OpenAPI takes it for the fixed one."""
    if case.meta and case.meta.phase.name is TestPhase.COVERAGE and next(_covered) % SHARES != SHARE:
        return False
    return case.formatted_path == case.path or case.formatted_path not in case.operation.schema.raw_schema["paths"]


@schemathesis.hook
def filter_failure(_: object, failure: Failure, case: schemathesis.Case[Any], response: schemathesis.Response) -> bool:
    """Say whether something is a failure; the reasons for which it is none stand in `fuzz_reading.py`."""
    return not is_meant(failure, case, response)


def _put_back_account() -> None:
    """Undo what somebody did to their own account, or all that follows would be refused with 401."""
    with psycopg.connect(DATABASE) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS accounts_before AS SELECT * FROM users")
        written = connection.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_name = 'users' AND is_generated = 'NEVER'"
        )
        columns = SQL(", ").join(Identifier(name) for (name,) in written)
        connection.execute(
            SQL(
                "UPDATE users SET ({columns}) = (SELECT {columns} FROM accounts_before WHERE username = %(name)s)"
                " WHERE id = (SELECT id FROM accounts_before WHERE username = %(name)s)"
            ).format(columns=columns),
            {"name": NAME},
        )
        connection.execute(
            "DELETE FROM second_factors WHERE user_id = (SELECT id FROM accounts_before WHERE username = %s)", [NAME]
        )
