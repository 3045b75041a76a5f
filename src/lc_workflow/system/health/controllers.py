"""Health: for the web app, the hosting provider and orchestrators."""

from importlib.metadata import version
from typing import Final

from litestar import Controller, Response
from litestar.di import NamedDependency
from litestar.handlers import get
from litestar.openapi.datastructures import ResponseSpec

from lc_workflow.platform.clock import Clock
from lc_workflow.platform.http.answers import Answer
from lc_workflow.platform.stopping import Departure
from lc_workflow.system.health.schemas import Health, HealthStatus, Part, Word
from lc_workflow.system.health.service import Pulse, judged

VERSION: Final = version("lc-workflow")
RETRY_SECONDS: Final = 5
OPEN: Final = {"public": True, "unlimited": True}


class HealthController(Controller):
    """Whether the installation works; nobody has to sign in to ask."""

    path = "/api/v1/health"
    tags = ("Health",)
    opt = OPEN

    @get(
        "/",
        summary="Health of the installation and its parts",
        responses={503: ResponseSpec(Health, description="The database does not answer.")},
    )
    async def health(self, pulse: NamedDependency[Pulse], clock: NamedDependency[Clock]) -> Response[Health]:
        """Ask the database, Redis, the storage and the virus scanner; 503 only when the database is gone."""
        parts = await pulse.parts()
        status = judged(parts)
        return Answer(
            Health(status=status, timestamp=clock(), version=VERSION, **parts),
            status_code=503 if status is HealthStatus.UNHEALTHY else 200,
        )

    @get("/live", summary="Is the process alive?")
    async def live(self) -> Word:
        """Answer, and ask nobody."""
        return Word("alive")

    @get("/ready", summary="May requests come here?", responses={503: ResponseSpec(Word, description="Not now.")})
    async def ready(self, pulse: NamedDependency[Pulse], departure: NamedDependency[Departure]) -> Response[Word]:
        """Say whether the database answers, at this release's revision, and the process stays.

        Where not, requests are better sent elsewhere.
        """
        if departure.asked or (await pulse.parts())["database"] is not Part.HEALTHY:
            return Answer(Word("not ready"), status_code=503, headers={"Retry-After": str(RETRY_SECONDS)})
        return Answer(Word("ready"), status_code=200)
