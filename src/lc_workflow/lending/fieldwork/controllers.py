"""The paths of tablets that were without a network."""

from functools import partial

from litestar import Controller, post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from lc_workflow.kernel.principal import Principal
from lc_workflow.lending.applications.service import ApplicationService
from lc_workflow.lending.fieldwork.access import SEND
from lc_workflow.lending.fieldwork.schemas import Batch, Results
from lc_workflow.lending.fieldwork.service import FieldworkService
from lc_workflow.platform.clock import Clock
from lc_workflow.platform.http.problems import problem_of
from lc_workflow.platform.http.provide import DbSession
from lc_workflow.platform.http.requests import CheckedRequest
from lc_workflow.platform.security.guards import requires


class SyncController(Controller):
    """What is done without a network, and what changed meanwhile."""

    path = "/api/v1/sync"
    tags = ("Field work",)

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
        result carries its own status and, where it was refused, its problem.

        When the answer gets lost, send the same operations again. An operation that was done is not done twice: its
        result comes again with `replayed: true`, for 24 hours. The same key with another operation is a 422, one that
        is being worked on this moment a 409. A key whose operation was refused is free again.

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
