"""Recording refused decisions and payments, after the refused request is rolled back."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

import structlog
from litestar.types import Scope
from sqlalchemy import cast, func, insert, literal, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession
from structlog.contextvars import get_contextvars

from lc_workflow.identity.protection.models import RefusedDecision
from lc_workflow.kernel.principal import Principal
from lc_workflow.platform.clock import Clock
from lc_workflow.platform.journal.origin import ADDRESS, SESSION
from lc_workflow.platform.security.blocklist import OpenSession
from lc_workflow.platform.security.guards import ABOUT, ALARMING, About

MOST_REFUSALS: Final = 20
REFUSALS_FOR: Final = timedelta(hours=1)
"""How many refusals of one person are recorded in which time: more add nothing, and would fill the table."""

_log = structlog.stdlib.get_logger()


def noting_refusals(open_session: OpenSession, clock: Clock) -> Callable[[Exception, Scope], Awaitable[None]]:
    """Record the refusals that a route calls alarming, once Litestar has caught them."""

    async def note(error: Exception, scope: Scope) -> None:
        if "route_handler" not in scope:
            return
        kinds, person = scope["route_handler"].opt.get(ALARMING, ()), scope.get("user")
        if not isinstance(error, kinds) or not isinstance(person, Principal):
            return
        session = open_session(scope["litestar_app"].state, scope)
        try:
            await session.rollback()
            about = await _application(session, scope)
            await note_refusal(session, type(error).__name__, person_id=person.id, application_id=about, at=clock())
        except (SQLAlchemyError, OSError) as broken:
            _log.warning("a refused decision could not be written down", cause=type(broken).__name__)

    return note


async def _application(session: AsyncSession, scope: Scope) -> UUID | None:
    """The application the request was about: its path names it, or something that belongs to it."""
    named: dict[str, Any] = scope["path_params"]  # with UUIDs, as the paths say
    find: About | None = scope["route_handler"].opt.get(ABOUT)
    return await find(session, named) if find else named.get("application_id")


async def note_refusal(
    session: AsyncSession, code: str, *, person_id: UUID, application_id: UUID | None, at: datetime
) -> None:
    """Record that somebody was refused a decision, and commit; the refused change was rolled back before."""
    recent = (
        select(func.count())
        .select_from(RefusedDecision)
        .where(RefusedDecision.person_id == person_id, RefusedDecision.at > at - REFUSALS_FOR)
        .scalar_subquery()
    )
    columns = RefusedDecision.__table__.c
    values = {
        "id": uuid4(),
        "person_id": person_id,
        "application_id": application_id,
        "code": code,
        "at": at,
        "session_id": SESSION.get(),
        "address": ADDRESS.get(),
        "request_id": get_contextvars().get("request_id"),
    }
    row = select(*(cast(literal(value, columns[name].type), columns[name].type) for name, value in values.items()))
    await session.execute(insert(RefusedDecision).from_select(list(values), row.where(recent < MOST_REFUSALS)))
    await session.commit()
