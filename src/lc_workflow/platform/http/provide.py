"""How a handler gets its service: opened on the request's session, closed with it."""

from typing import TypeAlias, TypeVar

from litestar.di import NamedDependency, Provide
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.platform.service import Service

ServiceT = TypeVar("ServiceT", bound=Service)  # type: ignore[type-arg]

DbSession: TypeAlias = NamedDependency[AsyncSession]
"""The request's session, for providers of services that need more than that."""


def provide(service: type[ServiceT]) -> Provide:
    """Provide a service that needs nothing but the session.

    The library's own provider is a generator, and only one generator a request is safe (stack.md §5).
    """

    def open_service(db_session: DbSession) -> ServiceT:
        return service(db_session)

    return Provide(open_service, sync_to_thread=False)
