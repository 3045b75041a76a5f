"""The paths of scores and scorecards."""

from uuid import UUID

import msgspec
from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from lc_workflow.kernel.principal import Principal
from lc_workflow.lending.scoring.access import PUBLISH, READ, READ_CARDS, SCORE
from lc_workflow.lending.scoring.models import ApplicationScore
from lc_workflow.lending.scoring.schemas import NewScorecard, ScoreAnswer, ScorecardAnswer, ScoreRequest
from lc_workflow.lending.scoring.service import ScoringService
from lc_workflow.platform.clock import Clock
from lc_workflow.platform.http.paging import WINDOW, Page, Window
from lc_workflow.platform.http.provide import provide
from lc_workflow.platform.http.shapes import shaped
from lc_workflow.platform.security.guards import requires


class ScoringController(Controller):
    """Scores of applications, and the scorecards behind them."""

    path = "/api/v1"
    tags = ("Scoring",)
    dependencies = {"scoring": provide(ScoringService), **WINDOW}

    @post("/applications/{application_id:uuid}/score", guards=[requires(*SCORE)])
    async def score(
        self,
        application_id: FromPath[UUID],
        data: JSONBody[ScoreRequest],
        scoring: NamedDependency[ScoringService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> ScoreAnswer:
        """Score an application, with one's own recommendation."""
        return _shown(await scoring.score(application_id, data, principal=principal, at=clock()))

    @get("/applications/{application_id:uuid}/score", guards=[requires(READ)])
    async def latest(
        self,
        application_id: FromPath[UUID],
        scoring: NamedDependency[ScoringService],
        principal: NamedDependency[Principal],
    ) -> ScoreAnswer:
        """Show the latest score of an application."""
        row, is_current = await scoring.latest(application_id, principal=principal)
        return msgspec.structs.replace(_shown(row), is_current=is_current)

    @get("/scorecards", guards=[requires(READ_CARDS)])
    async def cards(
        self, scoring: NamedDependency[ScoringService], window: NamedDependency[Window]
    ) -> Page[ScorecardAnswer]:
        """List the versions of scorecards, the one in use first."""
        rows, total = await scoring.cards(window)
        return Page.of([shaped(row, ScorecardAnswer) for row in rows], total=total, window=window)

    @post("/scorecards", guards=[requires(PUBLISH)])
    async def publish(
        self,
        data: JSONBody[NewScorecard],
        scoring: NamedDependency[ScoringService],
        principal: NamedDependency[Principal],
        clock: NamedDependency[Clock],
    ) -> ScorecardAnswer:
        """Publish a scorecard, to score loans with from now on."""
        return shaped(await scoring.publish(data, principal=principal, at=clock()), ScorecardAnswer)


def _shown(row: ApplicationScore) -> ScoreAnswer:
    return msgspec.convert(row.document, ScoreAnswer)
