"""The paths that say what is still free."""

from typing import Annotated
from uuid import UUID

from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import FromQuery, QueryParameter

from lc_workflow.identity.availability.queries import Registry
from lc_workflow.identity.availability.schemas import Availability
from lc_workflow.identity.users.access import CREATE, IMPORT, MANAGE, READ
from lc_workflow.kernel.principal import Principal
from lc_workflow.platform.http.provide import Provider, provide
from lc_workflow.platform.ratelimit import limit
from lc_workflow.platform.security.guards import requires

OPENS_ACCOUNTS = (requires(CREATE, IMPORT, MANAGE), limit("60/minute", name="availability"))
"""Whoever opens accounts learns by it what is taken; nobody else may try names out."""

Asked = Annotated[str, QueryParameter(min_length=1, max_length=254)]


def somebody_known(
    exclude_user_id: FromQuery[UUID | None] = None,
    exclude_id: Annotated[UUID | None, QueryParameter(description="The same, as the web app calls it.")] = None,
) -> UUID | None:
    """Read whose own value is no obstacle: the account that is being changed."""
    return exclude_user_id or exclude_id


class AvailabilityController(Controller):
    """What is still free."""

    path = "/api/v1/validation"
    tags = ("Users",)
    dependencies = {"registry": provide(Registry), "but": Provider(somebody_known)}

    @get("/check-email", guards=OPENS_ACCOUNTS)
    async def check_email(
        self, email: Asked, registry: NamedDependency[Registry], but: NamedDependency[UUID | None]
    ) -> Availability:
        """Say whether an account can have this e-mail address."""
        return await registry.unique("email", email, except_for=but)

    @get("/check-username", guards=OPENS_ACCOUNTS)
    async def check_username(
        self, username: Asked, registry: NamedDependency[Registry], but: NamedDependency[UUID | None]
    ) -> Availability:
        """Say whether an account can have this user name."""
        return await registry.unique("username", username, except_for=but)

    @get("/check-employee-id", guards=OPENS_ACCOUNTS)
    async def check_employee_id(
        self, employee_id: Asked, registry: NamedDependency[Registry], but: NamedDependency[UUID | None]
    ) -> Availability:
        """Say whether an account can have this employee id."""
        return await registry.unique("employee_id", employee_id, except_for=but)

    @get("/check-phone", guards=[requires(READ), limit("60/minute", name="availability")])
    async def check_phone(
        self,
        phone: Asked,
        registry: NamedDependency[Registry],
        principal: NamedDependency[Principal],
        but: NamedDependency[UUID | None],
    ) -> Availability:
        """Say whether a telephone number is one, and whether a colleague one may see has it."""
        return await registry.phone(phone, except_for=but, principal=principal)
