"""The paths of comments."""

from uuid import UUID

from litestar import Controller, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from lc_workflow.kernel.principal import Principal
from lc_workflow.lending.comments.access import READ, WRITE
from lc_workflow.lending.comments.schemas import CommentAnswer, NewComment
from lc_workflow.lending.comments.service import CommentService
from lc_workflow.platform.clock import Clock
from lc_workflow.platform.http.paging import WINDOW, Page, Window
from lc_workflow.platform.http.provide import provide
from lc_workflow.platform.security.guards import requires


class CommentController(Controller):
    """What people say to each other about an application."""

    path = "/api/v1/applications/{application_id:uuid}/comments"
    tags = ("Applications",)
    dependencies = {"comments": provide(CommentService)}

    @get(guards=[requires(READ)], dependencies=WINDOW)
    async def list_comments(
        self,
        application_id: FromPath[UUID],
        comments: NamedDependency[CommentService],
        principal: NamedDependency[Principal],
        window: NamedDependency[Window],
    ) -> Page[CommentAnswer]:
        """List the comments on an application, oldest first."""
        said, total = await comments.page(application_id, window, principal=principal)
        return Page.of(said, total=total, window=window)

    @post(guards=[requires(*WRITE)])
    async def add(
        self,
        application_id: FromPath[UUID],
        data: JSONBody[NewComment],
        comments: NamedDependency[CommentService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> CommentAnswer:
        """Comment on an application."""
        return await comments.add(application_id, data.text, principal=principal, at=clock())

    @delete("/{comment_id:uuid}", guards=[requires(*WRITE)])
    async def take_back(
        self,
        application_id: FromPath[UUID],
        comment_id: FromPath[UUID],
        comments: NamedDependency[CommentService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> None:
        """Take back a comment of one's own."""
        await comments.take_back(application_id, comment_id, principal=principal, at=clock())
