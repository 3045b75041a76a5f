"""The paths of tablets that were without a network."""

from functools import partial

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from lc_workflow.kernel.principal import Principal
from lc_workflow.lending.applications.access import READ, reads_numbers
from lc_workflow.lending.applications.service import ApplicationService
from lc_workflow.lending.fieldwork.access import SEND
from lc_workflow.lending.fieldwork.queries import ChangeQueries
from lc_workflow.lending.fieldwork.schemas import Batch, Change, Changes, Results
from lc_workflow.lending.fieldwork.service import FieldworkService
from lc_workflow.platform.clock import Clock
from lc_workflow.platform.http.long_lists import Cursor
from lc_workflow.platform.http.problems import problem_of
from lc_workflow.platform.http.provide import DbSession, provide
from lc_workflow.platform.http.requests import CheckedRequest
from lc_workflow.platform.security.guards import requires
from lc_workflow.platform.security.reads import Reader


class SyncController(Controller):
    """What is done without a network, and what changed meanwhile."""

    path = "/api/v1/sync"
    tags = ("Field work",)
    dependencies = {"changed": provide(ChangeQueries)}

    @post(guards=[requires(*SEND)], status_code=200)
    async def send(
        self,
        data: JSONBody[Batch],
        db_session: DbSession,
        applications: NamedDependency[ApplicationService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
        request: CheckedRequest,
    ) -> Results:
        """Carry out what was done without a network, and tell what became of each operation.

        Up to 100 operations are carried out in the order they come, each in a transaction of its own, as the same
        request alone would be: same body, same rights, same refusals. The answer is 200 whatever became of them; each
        result carries its own status and, where it was refused, its problem. Only what cannot be read is refused whole,
        with a 422 that names the operation in `errors` where it is JSON at all (an id that is none, half an emoji):
        nothing of that request is done. Set the operation aside, and send the others again.

        When the answer gets lost, send the same operations again. An operation that was done is not done twice: its
        result comes again with `replayed: true`, for 30 days; with `version: null` for an application whose result was
        lost. The same key with another operation is a 422, one that is being worked on this moment a 409. A key whose
        operation was refused is free again.

        An operation made on a version that is not the present one is a 412, whose problem carries the present
        `version`. Operations of one request build on each other: several changes made on one version follow each other.
        Once one is refused, later ones on the same application are a 424; nothing is remembered of these, so they can
        be sent again.
        """
        fieldwork = FieldworkService(
            db_session,
            applications=applications,
            principal=principal,
            clock=clock,
            problem_of=partial(problem_of, request),
        )
        return Results(await fieldwork.carry_out(data.operations, request_id=str(request.scope["state"]["request_id"])))

    @get("/changes", guards=[requires(READ)])
    async def changes(
        self,
        changed: NamedDependency[ChangeQueries],
        principal: NamedDependency[Principal],
        reader: NamedDependency[Reader],
        since: Cursor = None,
    ) -> Changes:
        """List which of the applications one may see changed since the cursor, at most 200 a page.

        Without `since` it begins with everything; with the `next` of the last answer it goes on from there. Each
        application comes once, as it is now: its card with its version, its newest comments, one's own open tasks on
        it. Those that were thrown away come as `{"id": …, "gone": true}`. A change appears as soon as every change that
        was begun before it is done, so that none is missed.

        Where one may see other things than before (another branch, another role), the list begins anew with
        `reset: true`; forget then what does not come again. A cursor that is none of ours is a 422.
        """
        told = await changed.since(since, principal=principal)
        cards = [change.card for change in told.changes if change.card]
        shown = {card.id: card for card in await reader.show(cards, "application", allowed=reads_numbers(reader))}
        listed = [
            Change(change.id, shown[change.id], change.comments, change.tasks)
            if change.card
            else Change(change.id, gone=True)
            for change in told.changes
        ]
        return Changes(listed, told.next, told.more, told.reset)
