"""Signs each case of schemathesis in, again whenever the last session was ended by what was sent."""

import os

import httpx
import schemathesis

ADDRESS, NAME, PASSWORD = (os.environ[f"FUZZ_{name}"] for name in ("ADDRESS", "NAME", "PASSWORD"))
_held: dict[str, str] = {}


@schemathesis.auth(refresh_interval=None)
class Session:
    """The session of one account."""

    def get(self, _: schemathesis.Case, __: object) -> str:
        if "token" not in _held:
            sent = {"username": NAME, "password": PASSWORD}
            answer = httpx.post(f"{ADDRESS}/api/v1/auth/login", data=sent)
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
        if httpx.get(f"{ADDRESS}/api/v1/auth/me", headers=headers).status_code == httpx.codes.UNAUTHORIZED:
            _held.clear()
