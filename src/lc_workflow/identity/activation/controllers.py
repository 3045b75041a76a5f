"""The paths of activation."""

from uuid import UUID

from litestar import Controller, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from lc_workflow.identity.activation.schemas import Activated, FirstPassword, Invitation
from lc_workflow.identity.activation.service import ActivationService
from lc_workflow.identity.users.access import MANAGE
from lc_workflow.kernel.principal import Principal
from lc_workflow.platform.clock import Clock
from lc_workflow.platform.config import Settings
from lc_workflow.platform.http.provide import DbSession, Provider
from lc_workflow.platform.http.requests import CheckedRequest
from lc_workflow.platform.ratelimit import Rate, address, admit
from lc_workflow.platform.security.guards import PUBLIC, requires
from lc_workflow.platform.security.passwords import Passwords
from lc_workflow.platform.security.vault import Vault

ACTIVATIONS = Rate.parse("10/minute")
"""How often codes are tried from one address."""


def open_activations(
    db_session: DbSession,
    passwords: NamedDependency[Passwords],
    settings: NamedDependency[Settings],
    vault: NamedDependency[Vault],
) -> ActivationService:
    """Provide the activation service with the password policy of this installation."""
    return ActivationService(
        db_session, passwords=passwords, policy=settings.passwords, post=vault if settings.mail else None
    )


SERVICE = {"activations": Provider(open_activations)}


class ActivationController(Controller):
    """Setting a password with a code."""

    path = "/api/v1/auth"
    tags = ("Sign-in",)
    dependencies = SERVICE

    @post("/activate", opt={PUBLIC: True}, status_code=200)
    async def activate(
        self,
        data: JSONBody[FirstPassword],
        activations: NamedDependency[ActivationService],
        clock: NamedDependency[Clock],
        request: CheckedRequest,
    ) -> Activated:
        """Set one's password with an activation code; a pending account becomes active."""
        await admit(request.scope, f"activate:{address(request.scope)}", ACTIVATIONS)
        await activations.activate(data, at=clock())
        return Activated("The password is set; sign in with it.")


class InvitationController(Controller):
    """Giving activation codes out."""

    path = "/api/v1/users/{user_id:uuid}/activation"
    tags = ("Users",)
    dependencies = SERVICE

    @post(guards=[requires(MANAGE)])
    async def invite(
        self,
        user_id: FromPath[UUID],
        activations: NamedDependency[ActivationService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> Invitation:
        """Make a code with which somebody sets their own password; it is mailed to them, or else shown this once."""
        return await activations.invite(user_id, principal=principal, at=clock())
