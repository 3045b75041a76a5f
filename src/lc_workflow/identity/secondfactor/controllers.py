"""The paths of the second factor."""

from uuid import UUID

from litestar import Controller, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from lc_workflow.identity.secondfactor.schemas import (
    Challenge,
    CodeGiven,
    Enrolment,
    PasswordAgain,
    RecoveryCodes,
    Removal,
    SecondFactorStanding,
)
from lc_workflow.identity.secondfactor.service import SecondFactorService
from lc_workflow.identity.users.access import MANAGE
from lc_workflow.kernel.principal import Principal
from lc_workflow.platform.clock import Clock
from lc_workflow.platform.http.provide import DbSession, Provider
from lc_workflow.platform.http.requests import CheckedRequest
from lc_workflow.platform.ratelimit import Rate, address, admit, limit
from lc_workflow.platform.security.guards import PUBLIC, requires, signed_in
from lc_workflow.platform.security.passwords import Passwords
from lc_workflow.platform.security.vault import Vault

ENROLMENTS = Rate.parse("10/minute")


def open_factors(
    db_session: DbSession, vault: NamedDependency[Vault], passwords: NamedDependency[Passwords]
) -> SecondFactorService:
    """Provide the second factors with the keys of the installation."""
    return SecondFactorService(db_session, vault=vault, passwords=passwords)


FACTORS = {"factors": Provider(open_factors)}
GUESSES = (signed_in, limit("10/minute", name="second-factor"))


class SecondFactorController(Controller):
    """One's own second factor."""

    path = "/api/v1/auth/second-factor"
    tags = ("Sign-in",)
    dependencies = FACTORS

    @get(guards=[signed_in])
    async def show(
        self,
        factors: NamedDependency[SecondFactorService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> SecondFactorStanding:
        """Say whether one has a second factor, and whether one must."""
        return await factors.standing(principal=principal, at=clock())

    @post("/enrol", opt={PUBLIC: True}, status_code=200)
    async def enrol_at_sign_in(
        self,
        data: JSONBody[Challenge],
        request: CheckedRequest,
        factors: NamedDependency[SecondFactorService],
        clock: NamedDependency[Clock],
    ) -> Enrolment:
        """Set a second factor up on the way in, when one's role requires it; the challenge says who asks."""
        await admit(request.scope, f"enrol:{address(request.scope)}", ENROLMENTS)
        return await factors.enrol_at_sign_in(data.challenge, at=clock())

    @post(guards=GUESSES, status_code=200)
    async def begin(
        self,
        data: JSONBody[PasswordAgain],
        factors: NamedDependency[SecondFactorService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> Enrolment:
        """Set a second factor up; it counts once a code confirms it."""
        return await factors.begin(data.password, principal=principal, at=clock())

    @post("/confirm", guards=GUESSES, status_code=200)
    async def confirm(
        self,
        data: JSONBody[CodeGiven],
        factors: NamedDependency[SecondFactorService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> RecoveryCodes:
        """Confirm a second factor with a code of it; return the recovery codes, this once."""
        return RecoveryCodes(await factors.confirm(data.code, principal=principal, at=clock()))

    @post("/recovery-codes", guards=GUESSES, status_code=200)
    async def renew_codes(
        self,
        data: JSONBody[CodeGiven],
        factors: NamedDependency[SecondFactorService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> RecoveryCodes:
        """Make new recovery codes; the old ones stop working."""
        return RecoveryCodes(await factors.renew_codes(data.code, principal=principal, at=clock()))

    @post("/remove", guards=GUESSES, status_code=204)
    async def remove(
        self,
        data: JSONBody[Removal],
        factors: NamedDependency[SecondFactorService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> None:
        """Give one's second factor up."""
        await factors.remove(data.password, data.code, principal=principal, at=clock())


class FactorResetController(Controller):
    """Taking second factors away from people who have lost their telephone."""

    path = "/api/v1/users/{user_id:uuid}/second-factor"
    tags = ("Users",)
    dependencies = FACTORS

    @delete(guards=[requires(MANAGE)])
    async def reset(
        self,
        user_id: FromPath[UUID],
        factors: NamedDependency[SecondFactorService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> None:
        """Take somebody's second factor away, and end their sessions."""
        await factors.reset(user_id, principal=principal, at=clock())
