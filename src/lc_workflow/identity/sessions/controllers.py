"""The paths of signing in and out."""

from dataclasses import dataclass
from datetime import timedelta

from litestar import Controller, get, patch, post
from litestar.di import NamedDependency, Provide
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import OpenAPIMediaType, OpenAPIType, RequestBody, Schema
from litestar.params import JSONBody, SkipValidation

from lc_workflow.identity.roles.schemas import Rights
from lc_workflow.identity.sessions.principals import rights_of
from lc_workflow.identity.sessions.schemas import (
    Credentials,
    FirstAdmin,
    PasswordChange,
    RefreshRequest,
    Said,
    SetupStanding,
    SignInAnswer,
)
from lc_workflow.identity.sessions.service import Entry, SessionService
from lc_workflow.identity.users.schemas import UserAnswer
from lc_workflow.kernel.principal import Principal
from lc_workflow.platform.clock import Clock
from lc_workflow.platform.config import Settings
from lc_workflow.platform.http.openapi import WithOurRefusals
from lc_workflow.platform.http.problems import MEDIA_TYPE, Problem
from lc_workflow.platform.http.provide import DbSession
from lc_workflow.platform.http.requests import CheckedRequest
from lc_workflow.platform.ratelimit import Limiter, Rate, address, admit
from lc_workflow.platform.security.guards import PUBLIC, signed_in
from lc_workflow.platform.security.passwords import Passwords
from lc_workflow.platform.security.tokens import Tokens

SIGN_INS = Rate.parse("5/minute")
"""How often one name is tried from one address."""

REFRESHES = Rate.parse("30/minute")
SETUPS = Rate.parse("5/minute")


def open_sessions(
    db_session: DbSession,
    tokens: NamedDependency[Tokens],
    passwords: NamedDependency[Passwords],
    settings: NamedDependency[Settings],
) -> SessionService:
    """Provide the session service with the keys and the policy of this installation."""
    return SessionService(
        db_session,
        tokens=tokens,
        passwords=passwords,
        policy=settings.passwords,
        refresh_lifetime=timedelta(days=settings.refresh_token_days),
    )


@dataclass
class SigningIn(WithOurRefusals):
    """The operation of signing in, which takes a form as well as JSON."""

    def __post_init__(self) -> None:
        """Say what the handler reads by itself."""
        super().__post_init__()
        text = Schema(type=OpenAPIType.STRING)
        form = OpenAPIMediaType(
            Schema(
                type=OpenAPIType.OBJECT,
                properties={"username": text, "password": text},
                required=["username", "password"],
                examples=[{"username": "officer", "password": "the password"}],
            )
        )
        self.request_body = RequestBody({"application/x-www-form-urlencoded": form, "application/json": form})


SESSIONS = {"sessions": Provide(open_sessions, sync_to_thread=False)}


class AuthController(Controller):
    """Signing in and out."""

    path = "/api/v1/auth"
    tags = ("Sign-in",)
    dependencies = SESSIONS

    @get("/setup-required", opt={PUBLIC: True})
    async def setup_required(self, sessions: NamedDependency[SessionService]) -> SetupStanding:
        """Say whether the installation waits for its first administrator."""
        if await sessions.setup_required():
            return SetupStanding(setup_required=True, message="Create the first administrator.")
        return SetupStanding(setup_required=False, message="The installation is set up.")

    @post("/setup-first-admin", opt={PUBLIC: True})
    async def set_up_first_admin(
        self,
        data: JSONBody[FirstAdmin],
        sessions: NamedDependency[SessionService],
        clock: NamedDependency[Clock],
        limiter: NamedDependency[SkipValidation[Limiter]],
        base_url: NamedDependency[str],
        request: CheckedRequest,
    ) -> UserAnswer:
        """Create the first administrator, while there is no account."""
        await admit(limiter, f"setup:{address(request.scope)}", SETUPS)
        user = await sessions.set_up_first_admin(data, at=clock())
        return UserAnswer.of(user, base_url=base_url)

    @post(
        "/login",
        opt={PUBLIC: True},
        status_code=200,
        operation_class=SigningIn,
        responses={
            status: ResponseSpec(Problem, description=why, media_type=MEDIA_TYPE)
            for status, why in (
                (401, "The name or the password is wrong."),
                (403, "The password is right and the account is not active."),
                (423, "Five wrong passwords in a row locked the account; `Retry-After` says for how long."),
            )
        },
    )
    async def sign_in(
        self,
        request: CheckedRequest,
        sessions: NamedDependency[SessionService],
        clock: NamedDependency[Clock],
        limiter: NamedDependency[SkipValidation[Limiter]],
        base_url: NamedDependency[str],
    ) -> SignInAnswer:
        """Sign in with a user name or e-mail address and a password, as a form or as JSON."""
        credentials = await request.body_as(Credentials)
        place = address(request.scope)
        await admit(limiter, f"sign-in:{place}:{credentials.username.strip().lower()}", SIGN_INS)
        entry = await sessions.sign_in(credentials, address=place, device=request.headers.get("user-agent"), at=clock())
        return _sign_in_answer(entry, sessions, base_url)

    @post("/refresh", opt={PUBLIC: True}, status_code=200)
    async def refresh(
        self,
        data: JSONBody[RefreshRequest],
        request: CheckedRequest,
        sessions: NamedDependency[SessionService],
        clock: NamedDependency[Clock],
        limiter: NamedDependency[SkipValidation[Limiter]],
        base_url: NamedDependency[str],
    ) -> SignInAnswer:
        """Exchange a refresh token for new tokens; a used one ends its session."""
        await admit(limiter, f"refresh:{address(request.scope)}", REFRESHES)
        return _sign_in_answer(await sessions.refresh(data.refresh_token, at=clock()), sessions, base_url)

    @post("/logout", guards=[signed_in], status_code=200)
    async def sign_out(
        self,
        sessions: NamedDependency[SessionService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> Said:
        """End this session; its tokens stop working at once."""
        await sessions.sign_out(principal, at=clock())
        return Said("You are signed out.")

    @get("/me", guards=[signed_in])
    async def me(
        self,
        sessions: NamedDependency[SessionService],
        principal: NamedDependency[Principal],
        base_url: NamedDependency[str],
    ) -> UserAnswer:
        """Show the signed-in person."""
        return UserAnswer.of(await sessions.me(principal), base_url=base_url)

    @get("/me/permissions", guards=[signed_in])
    async def my_rights(
        self,
        sessions: NamedDependency[SessionService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> Rights:
        """List what the signed-in person may do; the web app builds its menu from it."""
        return await rights_of(sessions.session, principal.id, at=clock())


class PasswordController(Controller):
    """Changing one's own password."""

    path = "/api/v1/users/me"
    tags = ("Sign-in",)
    dependencies = SESSIONS

    @patch("/change-password", guards=[signed_in])
    async def change_password(
        self,
        data: JSONBody[PasswordChange],
        sessions: NamedDependency[SessionService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
        limiter: NamedDependency[SkipValidation[Limiter]],
    ) -> Said:
        """Set a new password; other sessions of the person end."""
        await admit(limiter, f"change-password:{principal.id}", SIGN_INS)
        await sessions.change_password(data, principal=principal, at=clock())
        return Said("The password is changed; other sessions were ended.")


def _sign_in_answer(entry: Entry, sessions: SessionService, base_url: str) -> SignInAnswer:
    return SignInAnswer(
        access_token=entry.access_token,
        refresh_token=entry.refresh_token,
        expires_in=sessions.access_seconds,
        user=UserAnswer.of(entry.user, base_url=base_url),
    )
