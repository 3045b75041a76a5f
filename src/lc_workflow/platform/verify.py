"""Checks a deployment from outside, as its first visitor."""

import json
import re
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.message import Message
from importlib.metadata import version
from typing import Any, Final
from urllib.error import HTTPError
from urllib.parse import urljoin, urlsplit
from urllib.request import Request, urlopen

PATIENCE: Final = 20
"""Seconds that the deployment may take for an answer; a sleeping container needs some."""
STRANGER: Final = "https://stranger.example"
LOGIN: Final = "/api/v1/auth/login"
SECURITY_HEADERS: Final = ("X-Content-Type-Options", "X-Frame-Options", "Referrer-Policy", "Content-Security-Policy")
RATE_HEADERS: Final = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")


class Wrong(Exception):
    """The deployment does not answer as it should; the sentence says how."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One check and what it found."""

    name: str
    passed: bool
    words: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: Message
    body: bytes

    def json(self) -> dict[str, Any]:
        """Read the body as an object."""
        try:
            found = json.loads(self.body)
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise Wrong(f"answered {self.status} with something other than a JSON object")
        return found


@dataclass(frozen=True, slots=True)
class Deployment:
    """A deployment at `url`; `origin` is one of the web app's origins, when it is known."""

    url: str
    origin: str | None = None
    refused_login: list[Answer] = field(default_factory=list)
    """The answer to a sign-in that must fail; asked once, because sign-ins are few per minute."""

    def ask(self, path: str, *, method: str = "GET", json_body: object = None, **headers: str) -> Answer:
        """Send one request; any status is an answer.

        Raises:
            Wrong: Nobody answers.
        """
        if json_body is not None:
            headers["Content-Type"] = "application/json"
        request = Request(  # noqa: S310 - the address is the operator's own
            urljoin(self.url, path),
            method=method,
            headers={name.replace("_", "-"): value for name, value in headers.items()},
            data=None if json_body is None else json.dumps(json_body).encode(),
        )
        try:
            with urlopen(request, timeout=PATIENCE) as answer:  # noqa: S310 - as above
                return Answer(answer.status, answer.headers, answer.read())
        except HTTPError as refusal:
            with refusal:
                return Answer(refusal.code, refusal.headers, refusal.read())
        except OSError as silence:
            raise Wrong(f"nobody answers at {urlsplit(self.url).netloc}: {silence}") from silence

    def refuse_login(self) -> Answer:
        """Sign in as nobody."""
        if not self.refused_login:
            nobody = {"username": f"nobody-{secrets.token_hex(4)}", "password": secrets.token_hex(8)}
            self.refused_login.append(self.ask(LOGIN, method="POST", json_body=nobody))
        return self.refused_login[0]


def verify(deployment: Deployment) -> Iterator[Finding]:
    """Make every check, one after the other."""
    for name, check in CHECKS.items():
        try:
            yield Finding(name, passed=True, words=check(deployment))
        except Wrong as wrong:
            yield Finding(name, passed=False, words=str(wrong))


def _health(deployment: Deployment) -> str:
    answer = deployment.ask("/api/v1/health")
    health = answer.json()
    parts = ", ".join(
        f"{part} {health.get(part)}" for part in ("database", "redis", "storage", "scanner") if part in health
    )
    if (answer.status, health.get("status")) != (200, "healthy"):
        raise Wrong(f"{answer.status} {health.get('status')}: {parts}")
    return parts


def _version(deployment: Deployment) -> str:
    served, here = deployment.ask("/api/v1/health").json().get("version"), version("lc-workflow")
    if served != here:
        raise Wrong(f"it serves {served}, this checkout is {here}")
    return here


def _documentation(deployment: Deployment) -> str:
    page = deployment.ask("/schema")
    if page.status != 200:  # noqa: PLR2004 - OK
        raise Wrong(f"/schema answers {page.status}")
    here = urlsplit(deployment.url).netloc
    parts = re.findall(r"""<(?:script|link)\b[^>]*?\b(?:src|href)=["']([^"']+)""", page.body.decode())
    parts = [urljoin(f"{deployment.url}/schema", part) for part in parts if not part.startswith("data:")]
    for part in parts:
        if urlsplit(part).netloc != here:
            raise Wrong(f"/schema needs {urlsplit(part).netloc}, so it does not work without the internet")
        if (status := deployment.ask(part).status) != 200:  # noqa: PLR2004 - OK
            raise Wrong(f"/schema needs {urlsplit(part).path}, which answers {status}")
    paths = deployment.ask("/schema/openapi.json").json().get("paths", {})
    if not paths:
        raise Wrong("/schema/openapi.json describes nothing")
    return f"{len(paths)} paths, {len(parts)} files of its own, nothing from elsewhere"


def _cors(deployment: Deployment) -> str:
    stranger = _preflight(deployment, STRANGER)
    if stranger in {"*", STRANGER}:
        raise Wrong("any origin may call")
    if deployment.origin is None:
        return "strangers are refused; give ORIGIN=https://… to check the web app's own"
    if (allowed := _preflight(deployment, deployment.origin)) != deployment.origin:
        raise Wrong(f"{deployment.origin} may not call (it got {allowed or 'nothing'}); set CORS_ORIGINS")
    return f"{deployment.origin} may call, strangers may not"


def _preflight(deployment: Deployment, origin: str) -> str | None:
    answer = deployment.ask(
        LOGIN,
        method="OPTIONS",
        Origin=origin,
        Access_Control_Request_Method="POST",
        Access_Control_Request_Headers="content-type",
    )
    return answer.headers.get("Access-Control-Allow-Origin")


def _sign_in(deployment: Deployment) -> str:
    answer = deployment.refuse_login()
    kind = answer.headers.get_content_type()
    if (answer.status, kind) != (401, "application/problem+json"):
        raise Wrong(f"a wrong password is answered with {answer.status} {kind}")
    return f"a wrong password is refused: {answer.json().get('detail')}"


def _without_a_token(deployment: Deployment) -> str:
    """Nobody has signed in: there is no list, and there are no figures (404 where the installation gives none)."""
    for path, refusals in (("/api/v1/applications", {401}), ("/metrics", {401, 404})):
        if (status := deployment.ask(path).status) not in refusals:
            raise Wrong(f"{path} answers {status}")
    return "applications and figures are refused"


def _security_headers(deployment: Deployment) -> str:
    wanted = list(SECURITY_HEADERS)
    if urlsplit(deployment.url).scheme == "https":
        wanted.append("Strict-Transport-Security")
    return _present(deployment.ask("/api/v1/health"), wanted)


def _rate_limit_headers(deployment: Deployment) -> str:
    return _present(deployment.refuse_login(), RATE_HEADERS)


def _request_id(deployment: Deployment) -> str:
    mine = secrets.token_hex(8)
    if (echoed := deployment.ask("/api/v1/health", X_Request_ID=mine).headers.get("X-Request-ID")) != mine:
        raise Wrong(f"X-Request-ID {mine} came back as {echoed}")
    return "comes back as it was sent"


def _present(answer: Answer, names: tuple[str, ...] | list[str]) -> str:
    if missing := [name for name in names if name not in answer.headers]:
        raise Wrong(f"missing: {', '.join(missing)}")
    return ", ".join(f"{name} {answer.headers[name]}" for name in names)


CHECKS: Final[dict[str, Callable[[Deployment], str]]] = {
    "health": _health,
    "version": _version,
    "documentation": _documentation,
    "CORS": _cors,
    "sign-in": _sign_in,
    "without a token": _without_a_token,
    "security headers": _security_headers,
    "rate-limit headers": _rate_limit_headers,
    "request id": _request_id,
}
