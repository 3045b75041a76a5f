"""How a handler gets its service: opened on the request's session, closed with it."""

from collections.abc import Callable
from typing import Any, TypeAlias, TypeVar

from litestar.di import NamedDependency, Provide
from sqlalchemy.ext.asyncio import AsyncSession

T = TypeVar("T")

DbSession: TypeAlias = NamedDependency[AsyncSession]
"""The request's session, for providers of services that need more than that."""


class Provider(Provide):
    """Provides what a plain function returns.

    Litestar compares every provider of every handler with all the others, 270,000 times at a start, by everything they
    are made of; ours are equal only to themselves.
    """

    def __init__(self, gives: Callable[..., Any]) -> None:
        """Take the function; its parameters are provided to it."""
        super().__init__(gives, sync_to_thread=False)

    __eq__ = object.__eq__
    __hash__ = object.__hash__


def provide(kind: Callable[[AsyncSession], T]) -> Provider:
    """Provide a service, or a reader of rows, that needs nothing but the session.

    The library's own provider is a generator, and only one generator per request is safe (stack.md §5).
    """

    def opened(db_session: DbSession) -> T:
        return kind(db_session)

    return Provider(opened)
