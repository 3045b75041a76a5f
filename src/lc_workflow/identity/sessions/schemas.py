"""Signing in and out as requests and answers."""

from typing import Annotated, ClassVar, Literal, TypeAlias

from msgspec import UNSET, Meta, Struct, UnsetType

from lc_workflow.identity.secondfactor.schemas import Passing
from lc_workflow.identity.users.schemas import Password, PersonName, UserAnswer, Username
from lc_workflow.platform.http.shapes import Email

Transport: TypeAlias = Literal["token", "cookie"]
"""How a session travels: as tokens in the answer, or as cookies that scripts cannot read."""


class Credentials(Struct, frozen=True):
    """A user name or an e-mail address, and the password; `session` says how the session is to travel."""

    username: Annotated[str, Meta(min_length=1, max_length=254)]
    password: Password
    session: Transport = "token"


class SecondFactorPassing(Passing, frozen=True):
    """A sign-in that waits, the code that completes it, and how the session is to travel."""

    EXAMPLE: ClassVar[dict[str, object]] = {
        "challenge": "the challenge of the sign-in",
        "code": "492817",
        "session": "token",
    }

    session: Transport = "token"


class SignInAnswer(Struct, frozen=True):
    """The tokens of a session; `expires_in` is the access token's life in seconds.

    `recovery_codes` are there once: when a second factor was set up on the way in.
    """

    access_token: str
    refresh_token: str
    expires_in: int
    user: UserAnswer
    recovery_codes: tuple[str, ...] | UnsetType = UNSET
    token_type: Literal["bearer"] = "bearer"  # noqa: S105 - the scheme, not a token


class CookieAnswer(Struct, frozen=True, kw_only=True):
    """A session that travels in cookies; pages send `csrf_token` along in `X-CSRF-Token` with whatever changes."""

    csrf_token: str
    expires_in: int
    user: UserAnswer
    recovery_codes: tuple[str, ...] | UnsetType = UNSET
    token_type: Literal["cookie"] = "cookie"  # noqa: S105 - the scheme, not a token


class RefreshRequest(Struct, frozen=True):
    """A refresh token to exchange; without one, that of the cookie is meant."""

    EXAMPLE: ClassVar[dict[str, object]] = {"refresh_token": "the refresh token of the sign-in"}

    refresh_token: Annotated[str, Meta(min_length=1, max_length=200)] | None = None


class SetupStanding(Struct, frozen=True):
    """Whether the installation still waits for its first administrator."""

    setup_required: bool
    message: str


class FirstAdmin(Struct, frozen=True):
    """The first administrator."""

    EXAMPLE: ClassVar[dict[str, object]] = {
        "username": "sophea",
        "email": "sophea@branch.example",
        "first_name": "Sophea",
        "last_name": "Meas",
        "password": "Lotus-Pond-2026",
    }

    username: Username
    email: Email
    first_name: PersonName
    last_name: PersonName
    password: Password


class PasswordChange(Struct, frozen=True):
    """The old password, to be sure who asks, and the new one."""

    EXAMPLE: ClassVar[dict[str, object]] = {"old_password": "Lotus-Pond-2026", "new_password": "Rice-Field-2027"}

    old_password: Password
    new_password: Password


class Said(Struct, frozen=True):
    """A sentence that confirms what was done."""

    message: str
