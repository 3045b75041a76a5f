"""Saying something about an application, and taking it back."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from lc_workflow.identity.users.models import User
from lc_workflow.kernel.errors import Forbidden, Missing
from lc_workflow.kernel.principal import Principal
from lc_workflow.lending.applications.access import permissions_for, visible_to
from lc_workflow.lending.applications.models import CustomerApplication
from lc_workflow.lending.applications.service import NotYourApplication
from lc_workflow.lending.comments.access import WRITE
from lc_workflow.lending.comments.models import Comment
from lc_workflow.lending.comments.schemas import CommentAnswer
from lc_workflow.lending.events import CommentAdded, CommentRemoved
from lc_workflow.platform.http.paging import Window, read_page
from lc_workflow.platform.service import Service


class NotYourComment(Forbidden):
    """People take back only what they said themselves."""


class CommentService(Service[Comment]):
    """What is said about the applications a person may see."""

    noun = "comment"

    async def page(
        self, application_id: UUID, window: Window, *, principal: Principal
    ) -> tuple[list[CommentAnswer], int]:
        """List what was said about an application, oldest first, each with the name of who said it.

        Raises:
            Missing: There is no such application, or the person may not see it.
        """
        await self._application(application_id, principal)
        listed = (
            select(Comment, User.first_name, User.last_name)
            .join(User, User.id == Comment.author_id)
            .where(Comment.application_id == application_id)
            .order_by(Comment.created_at, Comment.id)
        )
        rows, total = await read_page(self.session, listed, window)
        return [_shown(comment, f"{first} {last}") for comment, first, last in rows], total

    async def add(self, application_id: UUID, text: str, *, principal: Principal, at: datetime) -> CommentAnswer:
        """Say something about an application, wherever it stands.

        Raises:
            Missing: There is no such application, or the person may not see it.
            NotYourApplication: The person may look at it, and not work on it.
        """
        async with self.transaction():
            # Locked, so that it is not thrown away meanwhile; others may still refer to it.
            application = await self._application(application_id, principal, lock=True)
            if not permissions_for(principal, application) & set(WRITE):
                raise NotYourApplication("You may look at this application, and others work on it.")
            comment = await self.create(
                Comment(application_id=application_id, author_id=principal.id, text=text.strip(), created_at=at)
            )
            self.announce(
                CommentAdded(actor_id=principal.id, at=at, application_id=application_id, comment_id=comment.id)
            )
            author = await self.session.get_one(User, principal.id)
        return _shown(comment, f"{author.first_name} {author.last_name}")

    async def take_back(self, application_id: UUID, comment_id: UUID, *, principal: Principal, at: datetime) -> None:
        """Take back what one has said oneself; that it was said stays on record.

        Raises:
            Missing: There is no such application or comment, or the person may not see it.
            NotYourComment: Somebody else said it.
        """
        async with self.transaction():
            await self._application(application_id, principal)
            comment = await self.get_one_or_none(id=comment_id, application_id=application_id, with_for_update=True)
            if comment is None:
                raise Missing("There is no such comment.")
            if comment.author_id != principal.id:
                raise NotYourComment("Somebody else said this; only they take it back.")
            await self.session.delete(comment)
            self.announce(
                CommentRemoved(actor_id=principal.id, at=at, application_id=application_id, comment_id=comment_id)
            )

    async def _application(
        self, application_id: UUID, principal: Principal, *, lock: bool = False
    ) -> CustomerApplication:
        seen = select(CustomerApplication).where(CustomerApplication.id == application_id, visible_to(principal))
        application = await self.session.scalar(seen.with_for_update(read=True, key_share=True) if lock else seen)
        if application is None:
            raise Missing.unseen("application")
        return application


def _shown(comment: Comment, author_name: str) -> CommentAnswer:
    return CommentAnswer(
        comment.id, comment.application_id, comment.author_id, author_name, comment.text, comment.created_at
    )
