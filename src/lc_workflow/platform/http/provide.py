"""How a handler gets its service: opened on the request's session, closed with it."""

from collections.abc import Callable
from typing import TypeAlias, TypeVar

from litestar.di import NamedDependency, Provide
from sqlalchemy.ext.asyncio import AsyncSession

T = TypeVar("T")

DbSession: TypeAlias = NamedDependency[AsyncSession]
"""The request's session, for providers of services that need more than that."""


def provide(kind: Callable[[AsyncSession], T]) -> Provide:
    """Provide a service, or what reads for it, that needs nothing but the session.

    The library's own provider is a generator, and only one generator a request is safe (stack.md §5).
    """

    def opened(db_session: DbSession) -> T:
        return kind(db_session)

    return Provide(opened, sync_to_thread=False)
