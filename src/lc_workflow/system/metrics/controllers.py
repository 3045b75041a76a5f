"""The path that Prometheus reads."""

import asyncio
from hmac import compare_digest

from litestar import Controller, Request, Response, get
from litestar.di import NamedDependency

from lc_workflow.kernel.errors import Missing
from lc_workflow.platform.clock import Clock
from lc_workflow.platform.config import Settings
from lc_workflow.platform.http.provide import DbSession
from lc_workflow.platform.security.tokens import TokenInvalid
from lc_workflow.platform.watching.metrics import MEDIA_TYPE, exposition, note_parts
from lc_workflow.system.health.service import Pulse, answering
from lc_workflow.system.metrics.queries import take_stock


class NoMetrics(Missing):
    """This installation gives out no figures."""


class MetricsController(Controller):
    """Figures for whoever watches the installation."""

    path = "/metrics"
    tags = ("Health",)
    opt = {"public": True, "unlimited": True}

    @get("/", media_type=MEDIA_TYPE, include_in_schema=False)
    async def metrics(
        self,
        request: Request,  # type: ignore[type-arg]
        settings: NamedDependency[Settings],
        db_session: DbSession,
        pulse: NamedDependency[Pulse],
        clock: NamedDependency[Clock],
    ) -> Response[bytes]:
        """Give the figures to whoever brings METRICS_TOKEN as a bearer token; without that variable there are none.

        While the database does not answer, its figures are those of the last time; the others tell of that trouble.
        """
        if settings.metrics_token is None:
            raise NoMetrics("This installation gives out no figures; METRICS_TOKEN is not set.")
        sent, known = request.headers.get("authorization", ""), f"Bearer {settings.metrics_token}"
        if not compare_digest(sent.encode(), known.encode()):
            raise TokenInvalid("Bring METRICS_TOKEN as a bearer token.")
        parts, _ = await asyncio.gather(pulse.parts(), take_stock(db_session, at=clock()))
        note_parts(answering(parts))
        return Response(exposition(), media_type=MEDIA_TYPE)
