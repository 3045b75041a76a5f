"""Scoring applications, and publishing the scorecards they are scored with."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from uuid import UUID, uuid4

import msgspec
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from lc_workflow.kernel.errors import Busy, FieldError, Forbidden, Invalid, Missing
from lc_workflow.kernel.names import plain
from lc_workflow.kernel.principal import Principal
from lc_workflow.lending.applications.access import permissions_for
from lc_workflow.lending.applications.models import CustomerApplication
from lc_workflow.lending.assessment.service import AssessmentService
from lc_workflow.lending.events import ApplicationScored, ScorecardPublished
from lc_workflow.lending.rules.affordability import in_figures
from lc_workflow.lending.rules.editing import check_open
from lc_workflow.lending.rules.scoring import Recommendation, Score, check_scorecard, score
from lc_workflow.lending.scoring.access import SCORE, visible_to
from lc_workflow.lending.scoring.models import ApplicationScore, ScorecardVersion
from lc_workflow.lending.scoring.schemas import NewScorecard, ScoreAnswer, ScoreRequest
from lc_workflow.platform.http.paging import Window, read_page
from lc_workflow.platform.service import Service

DTI = "dti_pct"
"""The attribute taken from affordability."""


class DisagreementNeedsReason(Invalid):
    """Whoever decides against the system's recommendation says why (lending.md §4)."""

    def __init__(self, system: Recommendation) -> None:
        super().__init__(
            f"The scorecard recommends {system}; say why you decide otherwise.",
            errors=(FieldError("reason", "is needed to decide otherwise than the scorecard"),),
        )


class PublishedMeanwhile(Busy):
    """Somebody else published this scorecard at the same moment."""

    def __init__(self) -> None:
        super().__init__("Somebody else published this scorecard just now; look at theirs, then try again.")


class NotYourScore(Forbidden):
    """Scoring is for those who work on the application."""


class ScoringService(Service[CustomerApplication]):
    """The scores of applications."""

    noun = "application"

    def __init__(self, session: AsyncSession) -> None:
        super().__init__(session)
        self._assessment = AssessmentService(session)

    async def cards(self, window: Window) -> tuple[Sequence[ScorecardVersion], int]:
        """List the versions of scorecards, the one in use first, with how many there are in all."""
        listed = select(ScorecardVersion).order_by(ScorecardVersion.number.desc())
        rows, total = await read_page(self.session, listed, window)
        return [card for (card,) in rows], total

    async def publish(self, wish: NewScorecard, *, principal: Principal, at: datetime) -> ScorecardVersion:
        """Score loans with this card from now on; earlier scores keep their version.

        Raises:
            ScorecardIncomplete: Its bands or grades leave something open.
        """
        async with self.transaction():
            newest = await self.session.scalar(
                select(func.max(ScorecardVersion.version)).where(ScorecardVersion.code == wish.code)
            )
            card = wish.card((newest or 0) + 1)
            check_scorecard(card)
            row = ScorecardVersion(
                code=card.code,
                version=card.version,
                document=msgspec.to_builtins(card),
                published_by=principal.id,
                published_at=at,
            )
            self.session.add(row)
            await self.session.flush()
            self.announce(
                ScorecardPublished(
                    actor_id=principal.id, at=at, scorecard_id=row.id, code=card.code, version=card.version
                )
            )
        return row

    async def score(
        self, application_id: UUID, wish: ScoreRequest, *, principal: Principal, at: datetime
    ) -> ApplicationScore:
        """Score an application, and record the result and the person's own recommendation.

        Raises:
            Missing: There is no such application, or the person may not see it.
            NotYourScore: The person does not work on it.
            AssessmentOver: It has come to its end.
            DisagreementNeedsReason: The person recommends otherwise and does not say why.
        """
        async with self.transaction():
            application = await self.find(visible_to(principal), id=application_id, lock=True)
            if permissions_for(principal, application).isdisjoint(SCORE):
                raise NotYourScore("Scoring an application is for those who work on it.")
            check_open(application.workflow_status)
            version = (await self.session.scalars(_LATEST_CARD)).one()
            values, shown = await self._values(wish, application)
            found = score(version.card, values)
            if wish.decision not in {None, found.recommendation} and not plain(wish.reason or ""):
                raise DisagreementNeedsReason(found.recommendation)
            row = ApplicationScore(
                id=uuid4(),
                application_id=application_id,
                scorecard_id=version.id,
                system_decision=found.recommendation,
                decision=wish.decision,
                reason=wish.reason,
                material_changes=application.material_changes,
                scored_by=principal.id,
                scored_at=at,
            )
            row.document = msgspec.to_builtins(_answer(row, version, shown, found))
            self.session.add(row)
            await self.session.flush()
            self.announce(
                ApplicationScored(
                    actor_id=principal.id,
                    at=at,
                    application_id=application_id,
                    total=found.total,
                    system_decision=found.recommendation.value,
                    decision=wish.decision.value if wish.decision else None,
                    reason=row.reason,
                )
            )
        return row

    async def _values(
        self, wish: ScoreRequest, application: CustomerApplication
    ) -> tuple[dict[str, Fraction | None], dict[str, Decimal | None]]:
        """What is known of the loan, exactly and as it is shown; the debt ratio is that of the last assessment."""
        shown = dict(wish.values)
        values = {name: None if value is None else Fraction(value) for name, value in shown.items()}
        affordability = await self._assessment.latest_of(application.id)
        if affordability is not None:
            of_this_loan = affordability.material_changes == application.material_changes
            dti = Fraction(affordability.dti) * 100 if affordability.dti and of_this_loan else None
            values[DTI], shown[DTI] = dti, None if dti is None else in_figures(dti)
        return values, shown

    async def latest(self, application_id: UUID, *, principal: Principal) -> tuple[ApplicationScore, bool]:
        """Show the latest score of an application, and whether it is of the application as it is now.

        Raises:
            Missing: There is no such application, the person may not see it, or nobody has scored it.
        """
        application = await self.find(visible_to(principal), id=application_id)
        found: ApplicationScore | None = await self.session.scalar(
            select(ApplicationScore)
            .where(ApplicationScore.application_id == application_id)
            .order_by(ApplicationScore.number.desc())
            .limit(1)
        )
        if found is None:
            raise Missing("Nobody has scored this application yet.")
        return found, found.material_changes == application.material_changes


def _answer(
    row: ApplicationScore, version: ScorecardVersion, shown: Mapping[str, Decimal | None], found: Score
) -> ScoreAnswer:
    return ScoreAnswer(
        id=row.id,
        application_id=row.application_id,
        scorecard=version.code,
        scorecard_version=version.version,
        values={name: shown.get(name) for name in version.card.attributes},
        points=found.points,
        total=found.total,
        grade=found.grade,
        risk=found.risk,
        missing=list(found.missing),
        system_decision=row.system_decision,
        reasons=list(found.reasons),
        decision=row.decision,
        reason=row.reason,
        scored_by=row.scored_by,
        scored_at=row.scored_at,
    )


def disagreement(
    recommended: Recommendation | None, decision: Recommendation, *, reason: str | None
) -> list[DisagreementNeedsReason]:
    """What speaks against a decision that the last score does not recommend: that no reason is given."""
    if recommended in {None, decision} or plain(reason or ""):
        return []
    return [DisagreementNeedsReason(recommended or decision)]


_LATEST_CARD = select(ScorecardVersion).order_by(ScorecardVersion.number.desc()).limit(1)
