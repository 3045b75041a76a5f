"""Showing where people are signed in, and ending it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, func, select

from lc_workflow.identity.devices.schemas import DeviceSession
from lc_workflow.identity.events import SessionsEnded
from lc_workflow.identity.users.access import MANAGE, in_reach
from lc_workflow.identity.users.models import RefreshToken, Session, User
from lc_workflow.identity.users.service import check_rank_over, end_sessions
from lc_workflow.kernel.errors import Missing
from lc_workflow.kernel.principal import Principal
from lc_workflow.platform.service import Service


class DeviceService(Service[User]):
    """The sessions of people, one for each sign-in."""

    noun = "user"

    async def mine(self, *, principal: Principal, at: datetime) -> list[DeviceSession]:
        """List where the person is signed in, the latest used first."""
        return await self._going_on(principal.id, principal=principal, at=at)

    async def of(self, user_id: UUID, *, principal: Principal, at: datetime) -> list[DeviceSession]:
        """List where somebody is signed in.

        Raises:
            Missing: There is no such account within the person's reach.
        """
        user = await self.find(in_reach(principal, MANAGE), id=user_id)
        return await self._going_on(user.id, principal=principal, at=at)

    async def end_mine(self, session_id: UUID, *, principal: Principal, at: datetime) -> None:
        """End one of one's own sessions; its tokens stop working at once, in every process.

        Raises:
            Missing: There is none that still goes on.
        """
        async with self.transaction():
            await self._end(principal.id, Session.id == session_id, principal=principal, at=at)

    async def end_my_others(self, *, principal: Principal, at: datetime) -> int:
        """End all of one's own sessions but this one; return how many there were."""
        async with self.transaction():
            others = Session.id != principal.session_id
            return await self._end(principal.id, others, principal=principal, at=at, some=False)

    async def end_of(self, user_id: UUID, session_id: UUID | None, *, principal: Principal, at: datetime) -> int:
        """End one session of somebody, or all of them; return how many.

        Raises:
            Missing: There is no such account within the person's reach, or no such session.
            RoleAboveOwn: The account stands above the person's own.
        """
        async with self.transaction():
            user = await self.find(in_reach(principal, MANAGE), id=user_id, lock=True)
            await check_rank_over(self.session, user, principal=principal, at=at)
            which = [Session.id == session_id] if session_id is not None else []
            return await self._end(user.id, *which, principal=principal, at=at, some=session_id is not None)

    async def _end(
        self, user_id: UUID, *which: ColumnElement[bool], principal: Principal, at: datetime, some: bool = True
    ) -> int:
        ended = await end_sessions(self.session, Session.user_id == user_id, *which, at=at)
        if some and not ended:
            raise Missing("There is no such session, or it has ended already.")
        if ended:
            self.announce(SessionsEnded(actor_id=principal.id, at=at, user_id=user_id, session_ids=tuple(ended)))
        return len(ended)

    async def _going_on(self, user_id: UUID, *, principal: Principal, at: datetime) -> list[DeviceSession]:
        """Match sessions with a usable refresh token."""
        used, until = func.max(RefreshToken.created_at), func.max(RefreshToken.expires_at)
        rows = await self.session.execute(
            select(Session, used, until)
            .join(RefreshToken, RefreshToken.session_id == Session.id)
            .where(Session.user_id == user_id, Session.ended_at.is_(None))
            .group_by(Session.id)
            .having(until > at)
            .order_by(used.desc(), Session.id)
        )
        return [
            DeviceSession(
                id=row.id,
                created_at=row.created_at,
                last_used_at=last,
                expires_at=end,
                address=row.address,
                device=row.device,
                is_current=row.id == principal.session_id,
            )
            for row, last, end in rows
        ]
