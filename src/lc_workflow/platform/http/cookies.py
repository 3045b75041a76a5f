"""The cookies of browser clients that ask for them: two that scripts cannot read, and one that pages send along."""

from typing import Final, Literal, cast

from litestar.datastructures import Cookie

from lc_workflow.platform.config import Settings
from lc_workflow.platform.security.guards import CSRF_COOKIE, REFRESH_COOKIE, SESSION_COOKIE

API: Final = "/api/v1"
RENEWAL: Final = f"{API}/auth"
"""The refresh token is sent only to where sessions are renewed and ended."""


def session_cookies(
    settings: Settings, *, access: str, refresh: str, csrf: str, access_seconds: int, refresh_seconds: int
) -> list[Cookie]:
    """Write the cookies of a session, in place of any before them."""
    return [
        _cookie(settings, SESSION_COOKIE, access, path=API, max_age=access_seconds),
        _cookie(settings, REFRESH_COOKIE, refresh, path=RENEWAL, max_age=refresh_seconds),
        _cookie(settings, CSRF_COOKIE, csrf, path="/", max_age=refresh_seconds, readable=True),
    ]


def no_cookies(settings: Settings) -> list[Cookie]:
    """Delete the cookies of a session."""
    return [
        _cookie(settings, SESSION_COOKIE, "", path=API, max_age=0),
        _cookie(settings, REFRESH_COOKIE, "", path=RENEWAL, max_age=0),
        _cookie(settings, CSRF_COOKIE, "", path="/", max_age=0, readable=True),
    ]


def _cookie(settings: Settings, name: str, value: str, *, path: str, max_age: int, readable: bool = False) -> Cookie:
    return Cookie(
        name,
        path=path,
        value=value,
        max_age=max_age,
        secure=settings.cookie_secure,
        httponly=settings.cookie_http_only and not readable,
        samesite=cast("Literal['lax', 'strict', 'none']", settings.cookie_same_site),
    )
