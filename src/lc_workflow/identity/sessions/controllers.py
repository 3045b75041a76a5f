"""The paths of signing in and out."""

from dataclasses import dataclass
from datetime import timedelta
from typing import TypeAlias, cast

from litestar import Controller, Response, get, patch, post
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import OpenAPIMediaType, OpenAPIType, Parameter, RequestBody, Schema
from litestar.params import JSONBody, SkipValidation
from msgspec import UNSET

from lc_workflow.identity.roles.schemas import Rights
from lc_workflow.identity.secondfactor.schemas import SecondStep
from lc_workflow.identity.secondfactor.service import CHALLENGE_LIFETIME
from lc_workflow.identity.sessions.principals import rights_of
from lc_workflow.identity.sessions.schemas import (
    CookieAnswer,
    Credentials,
    FirstAdmin,
    PasswordChange,
    RefreshRequest,
    Said,
    SecondFactorPassing,
    SetupStanding,
    SignInAnswer,
)
from lc_workflow.identity.sessions.service import (
    AdministratorService,
    Entry,
    RefreshTokenNeeded,
    SessionService,
    Waiting,
)
from lc_workflow.identity.users.queries import shown
from lc_workflow.identity.users.schemas import UserAnswer
from lc_workflow.kernel.errors import FieldError
from lc_workflow.kernel.principal import Principal
from lc_workflow.platform.clock import Clock
from lc_workflow.platform.config import Settings
from lc_workflow.platform.http.answers import Answer
from lc_workflow.platform.http.cookies import no_cookies, session_cookies
from lc_workflow.platform.http.fields import IS_NEEDED
from lc_workflow.platform.http.operations import WithOurRefusals
from lc_workflow.platform.http.problems import MEDIA_TYPE, Problem
from lc_workflow.platform.http.provide import DbSession, Provider
from lc_workflow.platform.http.requests import CheckedRequest
from lc_workflow.platform.ratelimit import Limiter, Rate, address, admit
from lc_workflow.platform.security.guards import (
    PUBLIC,
    REFRESH_COOKIE,
    SESSION_COOKIE,
    check_csrf,
    check_page,
    cookie,
    signed_in,
)
from lc_workflow.platform.security.passwords import Passwords
from lc_workflow.platform.security.tokens import Tokens
from lc_workflow.platform.security.vault import Vault

SIGN_INS = Rate.parse("5/minute")
"""How often one name is tried from one address."""

REQUEST_ID = "A name for this request, of at most 64 letters and digits; the answer and our log carry it."

REFRESHES = Rate.parse("30/minute")
SECOND_STEPS = Rate.parse("10/minute")
SETUPS = Rate.parse("5/minute")


def open_sessions(
    db_session: DbSession,
    tokens: NamedDependency[Tokens],
    passwords: NamedDependency[Passwords],
    settings: NamedDependency[Settings],
    vault: NamedDependency[Vault],
) -> SessionService:
    """Provide the session service with the keys and the policy of this installation."""
    return SessionService(
        db_session,
        tokens=tokens,
        passwords=passwords,
        policy=settings.passwords,
        refresh_lifetime=timedelta(days=settings.refresh_token_days),
        vault=vault,
    )


def open_administrators(
    db_session: DbSession, passwords: NamedDependency[Passwords], settings: NamedDependency[Settings]
) -> AdministratorService:
    """Provide the service of the administrators whom nobody else can let in."""
    return AdministratorService(db_session, passwords=passwords, policy=settings.passwords)


@dataclass
class SigningIn(WithOurRefusals):
    """The operation of signing in, which takes a form as well as JSON."""

    def __post_init__(self) -> None:
        """Say what the handler reads by itself."""
        username = Schema(type=OpenAPIType.STRING, min_length=1, max_length=254)
        password = Schema(type=OpenAPIType.STRING, min_length=1, max_length=200)
        form = OpenAPIMediaType(
            Schema(
                type=OpenAPIType.OBJECT,
                properties={"username": username, "password": password, "session": Schema(enum=["token", "cookie"])},
                required=["username", "password"],
                examples=[{"username": "dara.sok", "password": "the password"}],
            )
        )
        self.request_body = RequestBody(
            {"application/x-www-form-urlencoded": form, "application/json": form}, required=True
        )
        # A client may name its request on every address. It is written down where two kinds of body are, because the
        # generator of Python clients forgets an import where such an operation has nothing else that may be absent.
        named = Parameter("X-Request-ID", "header", Schema(type=OpenAPIType.STRING), description=REQUEST_ID)
        self.parameters = [*(self.parameters or ()), named]
        super().__post_init__()


Opened: TypeAlias = SignInAnswer | CookieAnswer


class Carrier:
    """Hands sessions over: as tokens in the answer, or as cookies."""

    def __init__(self, settings: Settings, tokens: Tokens, base_url: str) -> None:
        self._settings = settings
        self._tokens = tokens
        self._base_url = base_url

    def hand_over(self, entry: Entry, *, by_cookie: bool) -> Response[Opened]:
        """Answer with a session that was opened or renewed."""
        user = UserAnswer.of(entry.user, base_url=self._base_url)
        seconds = int(self._tokens.lifetime.total_seconds())
        if not by_cookie:
            return Answer(
                SignInAnswer(
                    access_token=entry.access_token,
                    refresh_token=entry.refresh_token,
                    expires_in=seconds,
                    user=user,
                    recovery_codes=entry.recovery_codes or UNSET,
                )
            )
        csrf = self._tokens.csrf_of(entry.session_id)
        return Answer(
            CookieAnswer(csrf_token=csrf, expires_in=seconds, user=user, recovery_codes=entry.recovery_codes or UNSET),
            cookies=session_cookies(
                self._settings,
                access=entry.access_token,
                refresh=entry.refresh_token,
                csrf=csrf,
                access_seconds=seconds,
                refresh_seconds=self._settings.refresh_token_days * 86_400,
            ),
        )


def open_carrier(
    settings: NamedDependency[Settings], tokens: NamedDependency[Tokens], base_url: NamedDependency[str]
) -> Carrier:
    """Provide what hands sessions over."""
    return Carrier(settings, tokens, base_url)


SESSIONS = {
    "sessions": Provider(open_sessions),
    "carrier": Provider(open_carrier),
    "administrators": Provider(open_administrators),
}


class AuthController(Controller):
    """Signing in and out."""

    path = "/api/v1/auth"
    tags = ("Sign-in",)
    dependencies = SESSIONS

    @get("/setup-required", opt={PUBLIC: True})
    async def setup_required(self, administrators: NamedDependency[AdministratorService]) -> SetupStanding:
        """Say whether the installation waits for its first administrator."""
        if await administrators.setup_required():
            return SetupStanding(setup_required=True, message="Create the first administrator.")
        return SetupStanding(setup_required=False, message="The installation is set up.")

    @post("/setup-first-admin", opt={PUBLIC: True})
    async def set_up_first_admin(
        self,
        data: JSONBody[FirstAdmin],
        administrators: NamedDependency[AdministratorService],
        clock: NamedDependency[Clock],
        base_url: NamedDependency[str],
        request: CheckedRequest,
    ) -> UserAnswer:
        """Create the first administrator, while there is no account."""
        await admit(request.scope, f"setup:{address(request.scope)}", SETUPS)
        user = await administrators.set_up_first_admin(data, at=clock())
        return UserAnswer.of(user, base_url=base_url)

    @post(
        "/login",
        opt={PUBLIC: True},
        status_code=200,
        operation_class=SigningIn,
        responses={
            202: ResponseSpec(SecondStep, description="The password was right; a code of the second factor is needed."),
        }
        | {
            status: ResponseSpec(Problem, description=why, media_type=MEDIA_TYPE)
            for status, why in (
                (401, "The name or the password is wrong."),
                (403, "The account is not active, or a page of another site asks for cookies."),
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
        carrier: NamedDependency[Carrier],
        settings: NamedDependency[Settings],
    ) -> Response[Opened | SecondStep]:
        """Sign in with a user name or e-mail address and a password, as a form or as JSON.

        Whoever has a second factor, or holds a role that requires one, is answered 202 with a challenge instead.
        """
        credentials = await request.body_as(Credentials)
        if by_cookie := credentials.session == "cookie":
            check_page(request, settings.cors_origins)
        place = address(request.scope)
        await admit(request.scope, f"sign-in:{place}:{credentials.username.strip().lower()}", SIGN_INS)
        device = request.headers.get("user-agent")
        outcome = await sessions.sign_in(credentials, address=place, device=device, strangers=limiter, at=clock())
        if isinstance(outcome, Waiting):
            seconds = int(CHALLENGE_LIFETIME.total_seconds())
            waiting = SecondStep(
                challenge=outcome.challenge, expires_in=seconds, enrolment_required=outcome.enrolment_required
            )
            return Answer[Opened | SecondStep](waiting, status_code=202)
        return cast("Response[Opened | SecondStep]", carrier.hand_over(outcome, by_cookie=by_cookie))

    @post("/login/second-factor", opt={PUBLIC: True}, status_code=200)
    async def pass_second_factor(
        self,
        data: JSONBody[SecondFactorPassing],
        request: CheckedRequest,
        sessions: NamedDependency[SessionService],
        clock: NamedDependency[Clock],
        carrier: NamedDependency[Carrier],
    ) -> Response[Opened]:
        """Complete a sign-in with a code of the second factor."""
        place = address(request.scope)
        await admit(request.scope, f"second-factor:{place}", SECOND_STEPS)
        device = request.headers.get("user-agent")
        entry = await sessions.pass_second_factor(data.challenge, data.code, address=place, device=device, at=clock())
        return carrier.hand_over(entry, by_cookie=data.session == "cookie")

    @post("/refresh", opt={PUBLIC: True}, status_code=200)
    async def refresh(
        self,
        request: CheckedRequest,
        sessions: NamedDependency[SessionService],
        clock: NamedDependency[Clock],
        carrier: NamedDependency[Carrier],
        tokens: NamedDependency[Tokens],
        data: JSONBody[RefreshRequest | None] = None,
    ) -> Response[Opened]:
        """Exchange a refresh token, sent or in its cookie, for new tokens; a used one ends its session."""
        await admit(request.scope, f"refresh:{address(request.scope)}", REFRESHES)
        if data is not None and data.refresh_token is not None:
            return carrier.hand_over(await sessions.refresh(data.refresh_token, at=clock()), by_cookie=False)
        if (token := cookie(request.scope, REFRESH_COOKIE)) is None:
            missing = FieldError("refresh_token", IS_NEEDED)
            raise RefreshTokenNeeded("Send the refresh token of the session, or its cookie.", errors=(missing,))
        if (session_id := await sessions.session_of(token)) is not None:
            check_csrf(request.scope, tokens, session_id)
        return carrier.hand_over(await sessions.refresh(token, at=clock()), by_cookie=True)

    @post("/logout", guards=[signed_in], status_code=200)
    async def sign_out(
        self,
        request: CheckedRequest,
        sessions: NamedDependency[SessionService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
        settings: NamedDependency[Settings],
    ) -> Response[Said]:
        """End this session; its tokens and cookies stop working at once."""
        await sessions.sign_out(principal, at=clock())
        gone = no_cookies(settings) if cookie(request.scope, SESSION_COOKIE) else []
        return Answer(Said("You are signed out."), cookies=gone)

    @get("/me", guards=[signed_in])
    async def me(
        self,
        db_session: DbSession,
        principal: NamedDependency[Principal],
        base_url: NamedDependency[str],
    ) -> UserAnswer:
        """Show the signed-in person."""
        return await shown(db_session, principal.id, base_url=base_url)

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
        request: CheckedRequest,
    ) -> Said:
        """Set a new password; other sessions of the person end."""
        await admit(request.scope, f"change-password:{principal.id}", SIGN_INS)
        await sessions.change_password(data, principal=principal, at=clock())
        return Said("The password is changed; other sessions were ended.")
