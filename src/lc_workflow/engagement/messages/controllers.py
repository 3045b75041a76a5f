"""The paths of messages."""

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Controller, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter

from lc_workflow.engagement.messages.access import SEND
from lc_workflow.engagement.messages.schemas import (
    Message,
    Sent,
    ToBranch,
    ToDepartment,
    ToPattern,
    ToPeople,
    ToPerson,
)
from lc_workflow.engagement.messages.service import MessageService
from lc_workflow.kernel.principal import Principal
from lc_workflow.platform.clock import Clock
from lc_workflow.platform.config import Settings
from lc_workflow.platform.http.provide import DbSession, Provider
from lc_workflow.platform.security.guards import requires


def open_messages(db_session: DbSession, settings: NamedDependency[Settings]) -> MessageService:
    """Provide the messages."""
    return MessageService(db_session, mails=settings.mail is not None)


class MessageController(Controller):
    """Writing to colleagues; a manager reaches their branch, an administrator everybody."""

    path = "/api/v1"
    tags = ("Notifications",)
    dependencies = {"messages": Provider(open_messages)}
    guards = (requires(SEND),)

    @post("/users/notifications/send", status_code=200)
    async def send(
        self,
        data: JSONBody[ToPeople],
        messages: NamedDependency[MessageService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> Sent:
        """Write to certain people: to all of them or to none."""
        return await messages.to_people(data, data.user_ids, principal=principal, at=clock())

    @post("/users/notifications/send-to-branch", status_code=200)
    async def send_to_branch(
        self,
        data: JSONBody[ToBranch],
        messages: NamedDependency[MessageService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> Sent:
        """Write to everybody in a branch."""
        return await messages.to_branch(data, data.branch_id, principal=principal, at=clock())

    @post("/users/notifications/send-to-department", status_code=200)
    async def send_to_department(
        self,
        data: JSONBody[ToDepartment],
        messages: NamedDependency[MessageService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> Sent:
        """Write to those of a department whom one may write to."""
        return await messages.to_department(data, data.department_id, principal=principal, at=clock())

    @post("/users/notifications/send-to-all", status_code=200)
    async def send_to_all(
        self,
        data: JSONBody[Message],
        messages: NamedDependency[MessageService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> Sent:
        """Write to everybody one may write to."""
        return await messages.to_all(data, principal=principal, at=clock())

    @post("/notifications/broadcast", status_code=200)
    async def broadcast(
        self,
        data: JSONBody[ToPattern],
        messages: NamedDependency[MessageService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> Sent:
        """Write to those who listen to a pattern of the live socket; who is offline finds it in their list."""
        sent = await messages.to_pattern(data, data.pattern, principal=principal, at=clock())
        return msgspec.structs.replace(sent, pattern=data.pattern)

    @post("/notifications/send-realtime", status_code=200)
    async def send_live(
        self,
        data: JSONBody[ToPerson],
        messages: NamedDependency[MessageService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> Sent:
        """Write to one person; when they are offline, they find it in their list."""
        return await messages.to_people(data, [data.user_id], principal=principal, at=clock())

    @post("/users/notifications/onboarding-reminders", status_code=200)
    async def remind_of_onboarding(
        self,
        messages: NamedDependency[MessageService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
        days_threshold: Annotated[
            int, QueryParameter(ge=0, le=365, description="How many days an account must be old.")
        ] = 7,
    ) -> Sent:
        """Remind those who have not finished settling in."""
        return await messages.remind_of_onboarding(days=days_threshold, principal=principal, at=clock())

    @post("/users/notifications/test", status_code=200)
    async def try_out(
        self,
        messages: NamedDependency[MessageService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> Sent:
        """Send oneself a notification, to see that it arrives."""
        return await messages.try_out(principal=principal, at=clock())

    @post("/users/{user_id:uuid}/notifications/welcome", status_code=200)
    async def welcome(
        self,
        user_id: FromPath[UUID],
        messages: NamedDependency[MessageService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> Sent:
        """Welcome somebody to the house."""
        return await messages.welcome(user_id, principal=principal, at=clock())
