"""Signing in and out as requests and answers."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from lc_workflow.identity.users.schemas import Password, PersonName, UserAnswer, Username
from lc_workflow.platform.http.shapes import Email


class Credentials(Struct, frozen=True):
    """A user name or an e-mail address, and the password."""

    username: Annotated[str, Meta(min_length=1, max_length=254)]
    password: Password


class SignInAnswer(Struct, frozen=True):
    """The tokens of a session; `expires_in` is the access token's life in seconds."""

    access_token: str
    refresh_token: str
    expires_in: int
    user: UserAnswer
    token_type: Literal["bearer"] = "bearer"  # noqa: S105 - the scheme, not a token


class RefreshRequest(Struct, frozen=True):
    """A refresh token to exchange."""

    refresh_token: Annotated[str, Meta(min_length=1, max_length=200)]


class SetupStanding(Struct, frozen=True):
    """Whether the installation still waits for its first administrator."""

    setup_required: bool
    message: str


class FirstAdmin(Struct, frozen=True):
    """The first administrator."""

    username: Username
    email: Email
    first_name: PersonName
    last_name: PersonName
    password: Password


class PasswordChange(Struct, frozen=True):
    """The old password, to be sure who asks, and the new one."""

    old_password: Password
    new_password: Password


class Said(Struct, frozen=True):
    """A sentence that confirms what was done."""

    message: str
