"""Background work on sessions."""

from datetime import timedelta

import structlog
from sqlalchemy import delete, exists

from lc_workflow.identity.users.models import RefreshToken, Session
from lc_workflow.platform.jobs import Job, Workplace

log = structlog.get_logger()


async def forget_old_sessions(place: Workplace) -> None:
    """Remove refresh tokens a day after they expired, and sessions that nothing can renew any more."""
    now = place.clock()
    lifetime = timedelta(days=place.settings.refresh_token_days, hours=24)
    async with place.sessions() as session:
        tokens = await session.scalars(
            delete(RefreshToken).where(RefreshToken.expires_at < now - timedelta(days=1)).returning(RefreshToken.id)
        )
        sessions = await session.scalars(
            delete(Session)
            .where(Session.created_at < now - lifetime, ~exists().where(RefreshToken.session_id == Session.id))
            .returning(Session.id)
        )
        # The log would hide a field named after tokens.
        removed = {"renewals": len(tokens.all()), "sessions": len(sessions.all())}
        await session.commit()
    log.info("old sessions are forgotten", **removed)


FORGET_OLD_SESSIONS = Job(name="forget_old_sessions", work=forget_old_sessions, every="30 19 * * *")
"""At half past two in the night of Phnom Penh."""
